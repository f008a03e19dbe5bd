// Customer.order: an order's own attributes, straight from the read model.

export function request(ctx) {
  ownerOf(ctx);
  if (!util.matches(UUID, ctx.args.id)) {
    runtime.earlyReturn(null);
  }
  const key = `${ctx.source.generation}#${ctx.args.id}`;
  return {
    operation: 'GetItem',
    key: util.dynamodb.toMapValues({ view_id: key }),
    consistentRead: true,
  };
}

export function response(ctx) {
  const caller = ownerOf(ctx);
  endIfItFailed(ctx);
  const item = ctx.result;
  const wanted = ctx.args.minVersion ? ctx.args.minVersion : 0;
  // The same answer for somebody else's order as for none: it must not tell that there is one. An
  // item without order_id has stalled before its first event.
  const own = item && item.order_id && item.customer_id === caller;
  if (!own || item.version < wanted) {
    if (wanted > 0) {
      util.error('You have no such order in this version: try again in a second.', 'NotYet');
    }
    return null;
  }
  return {
    id: item.order_id,
    version: item.version,
    status: item.status.toUpperCase(),
    currency: item.currency,
    total: item.total,
    shipTo: {
      addressId: item.ship_to.address_id,
      country: item.ship_to.country,
      postcodeArea: item.ship_to.postcode_area,
    },
    placedAt: item.placed_at,
    updatedAt: item.updated_at,
    reason: item.reason,
    gift: item.gift
      ? { wrapping: item.gift.wrapping, noteCode: item.gift.note_code ? item.gift.note_code : null }
      : null,
    owner: caller,
    generation: ctx.source.generation,
    correlationId: ctx.source.correlationId,
    traceparent: ctx.source.traceparent,
  };
}
