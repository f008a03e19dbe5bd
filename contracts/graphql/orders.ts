// Written by `make generate` from orders.graphql: what is answered, field by field.

export interface Query {
  me: Customer | null;
}

export interface Subscription {
  orderChanged: OrderChange | null;
}

export interface Customer {
  id: string;
  order: Order | null;
  orders: OrderPage | null;
}

export interface Order {
  id: string;
  version: number;
  status: OrderStatus;
  currency: string;
  total: number;
  shipTo: Destination;
  placedAt: string;
  updatedAt: string;
  reason: string | null;
  gift: Gift | null;
  lines: Array<OrderLine> | null;
  history: Array<OrderEvent> | null;
}

export interface OrderSummary {
  id: string;
  version: number;
  status: OrderStatus;
  currency: string;
  total: number;
  placedAt: string;
  updatedAt: string;
  reason: string | null;
  gift: Gift | null;
}

export interface OrderPage {
  orders: Array<OrderSummary>;
  nextPageToken: string | null;
}

export interface OrderChange {
  id: string;
  version: number;
  type: string;
  occurredAt: string;
}

export type OrderStatus = "PLACED" | "CONFIRMED" | "REJECTED" | "CANCELLED";

export interface Destination {
  addressId: string;
  country: string;
  postcodeArea: string;
}

export interface Gift {
  wrapping: string;
  noteCode: string | null;
}

export interface OrderLine {
  sku: string;
  quantity: number;
  unitPrice: number;
}

export interface OrderEvent {
  version: number;
  type: string;
  occurredAt: string;
  reason: string | null;
}
