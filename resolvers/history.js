// Order.history: what happened to an order, by the function of order views.

export function request(ctx) {
  ownerOf(ctx);
  return asked(ctx, 'history', { order_id: ctx.source.id });
}

export function response(ctx) {
  return answered(ctx);
}
