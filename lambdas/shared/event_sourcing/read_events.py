"""Other services' way to an aggregate's events: read_events(order_id, after_version, limit).

``order_id`` stands for the name of the aggregate's id. What calls it is
``shared.read_models.history.AggregateHistory``.
"""

from collections.abc import Callable
from typing import Annotated, Any

import msgspec

from shared.event_sourcing.environment import event_store
from shared.event_sourcing.event_codec import EventCodec
from shared.runtime import log
from shared.runtime.patterns import Uuid
from shared.runtime.payloads import take_within
from shared.runtime.tracing.invocations import invocation

MAX_EVENTS = 500
PAGE = 100
"""Events that are read from the table at once."""


def handler_of(codec: EventCodec[Any]) -> Callable[[dict[str, Any], Any], dict[str, Any]]:
    """The function that answers with one aggregate's events."""
    form = _request_form(codec.id_name)

    @invocation
    def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
        """``{events: [envelope, ...], next_version}``; next_version is null when there are no more.

        MAX_EVENTS come in one answer, or fewer where they are large.

        Raises:
            msgspec.ValidationError: the request does not have its form.
        """
        asked = msgspec.convert(event, form)
        envelopes, more = take_within(
            event_store(codec).following(
                asked.aggregate_id, asked.after_version, min(asked.limit, PAGE)
            ),
            asked.limit,
        )
        log.info(
            "events read",
            **{codec.id_name: asked.aggregate_id},
            events=len(envelopes),
            correlation_id=envelopes[-1].correlation_id if envelopes else None,
        )
        return {
            "events": msgspec.to_builtins(envelopes),
            "next_version": envelopes[-1].version if more else None,
        }

    return handler


def _request_form(id_name: str) -> Any:
    class ReadEvents(
        msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"aggregate_id": id_name}
    ):
        aggregate_id: Uuid
        after_version: Annotated[int, msgspec.Meta(ge=0)] = 0
        limit: Annotated[int, msgspec.Meta(ge=1, le=MAX_EVENTS)] = MAX_EVENTS

    return ReadEvents
