// What all resolvers share. Each of them is deployed with this before it, since AppSync loads no
// other files.
import { util, runtime, extensions } from '@aws-appsync/utils';

const SCOPE = 'orders/read';
const UUID = '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$';

/** The subject of an access token with the scope; for any other caller the field ends here. */
function callerOf(ctx) {
  const identity = ctx.identity;
  const claims = identity ? identity.claims : null;
  if (!claims || !identity.sub || claims.token_use !== 'access') {
    util.unauthorized();
  }
  if (!`${claims.scope}`.split(' ').includes(SCOPE)) {
    util.unauthorized();
  }
  return identity.sub;
}

/** For the rule of this API alone, whose role may call the field; what it brings must be orders'. */
function publisherOf(ctx) {
  const identity = ctx.identity;
  if (!identity || identity.claims || !`${identity.userArn}`.includes(':assumed-role/')) {
    util.unauthorized();
  }
  if (!util.matches('^[a-z0-9-]+\\.orders$', `${ctx.args.source}`)) {
    util.unauthorized();
  }
}

/** The same, for a field of something that was read for its owner. */
function ownerOf(ctx) {
  const caller = callerOf(ctx);
  if (!ctx.source || ctx.source.owner !== caller) {
    util.unauthorized();
  }
  return caller;
}

/** An owner's question to the function of order views. */
function asked(ctx, field, more) {
  return {
    operation: 'Invoke',
    payload: {
      field,
      customer_id: ctx.source.owner,
      generation: ctx.source.generation,
      correlation_id: ctx.source.correlationId,
      traceparent: ctx.source.traceparent,
      ...more,
    },
  };
}

/** The function's answer. What it failed with may name what is behind it: callers learn no more
 * than that it failed. */
function answered(ctx) {
  ownerOf(ctx);
  endIfItFailed(ctx);
  if (ctx.result.problem) {
    util.error(ctx.result.problem.detail, ctx.result.problem.type);
  }
  return ctx.result.answer;
}

function endIfItFailed(ctx) {
  if (ctx.error) {
    util.error('This field cannot be read now: try again in a second.', 'Unavailable');
  }
}
