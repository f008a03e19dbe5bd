"""Shipping's ports kept in memory: they decide races as the tables do, one write after another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from shipping.domain.carriers import Parcel
from shipping.domain.errors import CarrierRefused
from shipping.domain.quote_aggregation import Quote, QuoteAggregation
from shipping.domain.shipment import Shipment, Status
from shipping.ports import CarrierUnavailable, Reception


class InMemoryQuoteAggregations:
    """Implements ``shipping.ports.QuoteAggregations``."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], QuoteAggregation] = {}

    def open(self, aggregation: QuoteAggregation) -> QuoteAggregation:
        return self.kept.setdefault((aggregation.order_id, aggregation.request_id), aggregation)

    def load(self, order_id: str, request_id: str) -> QuoteAggregation | None:
        return self.kept.get((order_id, request_id))

    def of_order(self, order_id: str) -> Sequence[QuoteAggregation]:
        return [it for (order, _), it in self.kept.items() if order == order_id]

    def mark_requested(self, aggregation: QuoteAggregation, deadline: str) -> None:
        key = (aggregation.order_id, aggregation.request_id)
        if not self.kept[key].is_closed:
            self.kept[key] = replace(self.kept[key], requested=True, deadline=deadline)

    def record(
        self, order_id: str, request_id: str, quote: Quote
    ) -> tuple[Reception, QuoteAggregation | None]:
        known = self.kept.get((order_id, request_id))
        if known is None:
            return Reception.UNKNOWN, None
        if quote.carrier in known.quotes:
            return Reception.DUPLICATE, known
        fits = quote.carrier in known.expected and quote.currency == known.currency
        if known.is_closed or not fits:
            return Reception.LATE, known
        recorded = replace(known, quotes={**known.quotes, quote.carrier: quote})
        self.kept[order_id, request_id] = recorded
        return Reception.RECORDED, recorded

    def close(self, closed: QuoteAggregation) -> bool:
        key = (closed.order_id, closed.request_id)
        known = self.kept[key]
        if known.is_closed or len(known.quotes) != len(closed.quotes):
            return False
        self.kept[key] = replace(closed, requested=known.requested, deadline=known.deadline)
        return True


class InMemoryShipments:
    """Implements ``shipping.ports.Shipments``."""

    def __init__(self) -> None:
        self.kept: dict[str, Shipment] = {}

    def load(self, order_id: str) -> Shipment | None:
        return self.kept.get(order_id)

    def add(self, shipment: Shipment) -> Shipment:
        return self.kept.setdefault(shipment.order_id, shipment)

    def replace(self, shipment: Shipment, expected: Status) -> bool:
        if self.kept[shipment.order_id].status is not expected:
            return False
        self.kept[shipment.order_id] = shipment
        return True

    def tracked_as(self, carrier: str, tracking_number: str) -> Shipment | None:
        for it in self.kept.values():
            if (it.carrier, it.tracking_number) == (carrier, tracking_number):
                return it
        return None


class FakeCarrier:
    """A carrier's API that remembers bookings, and loses as many answers as it is told to."""

    def __init__(self, *, refuses: bool = False, lost_answers: int = 0) -> None:
        self.booked: set[str] = set()
        self.cancelled: set[str] = set()
        self._refuses = refuses
        self._lost_answers = lost_answers

    def book(self, carrier: str, shipment_id: str, quote_id: str, parcel: Parcel) -> str:
        if self._refuses or shipment_id in self.cancelled:
            raise CarrierRefused(carrier)
        self.booked.add(shipment_id)
        self._lose_answer(carrier)
        return "T-" + shipment_id[:8]

    def cancel(self, carrier: str, shipment_id: str) -> None:
        self.booked.discard(shipment_id)
        self.cancelled.add(shipment_id)
        self._lose_answer(carrier)

    def _lose_answer(self, carrier: str) -> None:
        if self._lost_answers:
            self._lost_answers -= 1
            raise CarrierUnavailable(carrier)


class Asked:
    """Implements ``QuoteRequests`` and ``Deadlines``; dies at the step that it is told to."""

    def __init__(self, dies_at: str | None = None) -> None:
        self.published: list[str] = []
        self.deadlines: list[str] = []
        self._dies_at = dies_at

    def publish(self, aggregation: QuoteAggregation) -> None:
        self._step("publish")
        self.published.append(aggregation.request_id)

    def set(self, aggregation: QuoteAggregation) -> str:
        self._step("set")
        self.deadlines.append(aggregation.request_id)
        return "2026-12-01T00:00:10.000Z"

    def _step(self, name: str) -> None:
        if self._dies_at == name:
            self._dies_at = None
            raise ConnectionError(name)
