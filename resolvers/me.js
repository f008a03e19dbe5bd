// Query.me: the caller, and which generation of the view all fields of this query read. While a
// rebuild is switched to, a query reads the old one or the new one, and not a part of each.

export function request(ctx) {
  callerOf(ctx);
  return {
    operation: 'GetItem',
    key: util.dynamodb.toMapValues({ view_id: 'pointer' }),
    consistentRead: true,
  };
}

export function response(ctx) {
  const caller = callerOf(ctx);
  endIfItFailed(ctx);
  const headers = ctx.request.headers;
  const correlationId = `${headers['x-correlation-id']}`;
  return {
    id: caller,
    owner: caller,
    generation: ctx.result && ctx.result.live ? ctx.result.live : 'g1',
    correlationId: util.matches(UUID, correlationId) ? correlationId : util.autoId(),
    traceparent: headers.traceparent ? headers.traceparent : null,
  };
}
