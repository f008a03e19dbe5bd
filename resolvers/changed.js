// Subscription.orderChanged: runs once, when somebody subscribes. The function of order views says
// whether the order is the caller's; from then on changes of this one order are sent.

export function request(ctx) {
  const caller = callerOf(ctx);
  return {
    operation: 'Invoke',
    payload: {
      field: 'owned',
      customer_id: caller,
      order_id: ctx.args.id,
      correlation_id: util.autoId(),
      traceparent: null,
    },
  };
}

export function response(ctx) {
  callerOf(ctx);
  endIfItFailed(ctx);
  if (!ctx.result || ctx.result.answer !== true) {
    util.error('You have no such order, or it cannot be seen yet: try again in a second.', 'NotYet');
  }
  extensions.setSubscriptionFilter({
    filterGroup: [{ filters: [{ fieldName: 'id', operator: 'eq', value: ctx.args.id }] }],
  });
  return null;
}
