// Order.lines: what was ordered, by the function of order views.

export function request(ctx) {
  ownerOf(ctx);
  return asked(ctx, 'lines', { order_id: ctx.source.id });
}

export function response(ctx) {
  return answered(ctx);
}
