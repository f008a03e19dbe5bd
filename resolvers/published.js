// Mutation.publishOrderChange: what the bus says of an order, handed on to who has subscribed.

export function request(ctx) {
  publisherOf(ctx);
  return {
    payload: {
      id: ctx.args.id,
      version: ctx.args.version,
      type: ctx.args.type,
      occurredAt: ctx.args.occurredAt,
    },
  };
}

export function response(ctx) {
  publisherOf(ctx);
  endIfItFailed(ctx);
  return ctx.result;
}
