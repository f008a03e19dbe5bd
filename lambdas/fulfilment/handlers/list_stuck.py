"""For operators: which sagas wait for them, and what is to be settled of each."""

from typing import Annotated, Any

import msgspec

from fulfilment import commands
from fulfilment.domain.saga import StuckSaga
from fulfilment.environment import TokenEnvironment
from fulfilment.handlers.storage import sagas
from shared.runtime.environment import load
from shared.runtime.patterns import Uuid
from shared.runtime.plain_text import plain
from shared.runtime.tracing.invocations import invocation

LONGEST_REASON = 300


class After(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The last saga of the answer before."""

    order_id: Uuid
    since: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]


class ListStuck(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The request; ``after`` goes on where an answer ended."""

    after: After | None = None


@invocation
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """``{stuck: [{order_id, since, unsettled: [{step, reason}, ...]}, ...], next}``.

    Longest first. ``next`` is what to go on after, null once there are no more.

    Raises:
        msgspec.ValidationError: the request does not have the form above.
    """
    after = msgspec.convert(event, ListStuck).after
    listed, more = commands.list_stuck(
        sagas(load(TokenEnvironment)), StuckSaga(after.order_id, after.since) if after else None
    )
    return {
        "stuck": [
            {
                "order_id": saga.order_id,
                "since": saga.since,
                "unsettled": [
                    {"step": it.step, "reason": plain(it.reason, LONGEST_REASON)} for it in left
                ],
            }
            for saga, left in listed
        ],
        "next": {"order_id": more.order_id, "since": more.since} if more else None,
    }
