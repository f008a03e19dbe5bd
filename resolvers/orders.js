// Customer.orders: a page of the caller's orders, by the function of order views.

export function request(ctx) {
  ownerOf(ctx);
  return asked(ctx, 'orders', {
    limit: ctx.args.limit,
    page_token: ctx.args.pageToken ? ctx.args.pageToken : null,
  });
}

export function response(ctx) {
  return answered(ctx);
}
