"""For operators that only look: which object of the archive holds an event."""

from typing import Annotated, Any

import msgspec

from event_log.adapters.archived_events import ArchivedEvents, Sought
from event_log.environment import ShownArchiveEnvironment
from shared.messaging.envelope import Time
from shared.runtime import aws, clock
from shared.runtime.environment import load
from shared.runtime.patterns import Uuid
from shared.runtime.tracing.invocations import invocation

MOST = 20


class Event(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An event, and when it happened: its object is looked for around that time."""

    event_id: Uuid
    occurred_at: Time


class ShowArchive(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The request."""

    events: Annotated[list[Event], msgspec.Meta(min_length=1, max_length=MOST)]


@invocation
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """``{found: {event_id: {object, size, delivered_at}}, objects, capped}``.

    ``objects`` is how many were read; with ``capped`` there are more around that time than are.

    Raises:
        msgspec.ValidationError: the request does not have the form above.
    """
    asked = msgspec.convert(event, ShowArchive)
    bucket = load(ShownArchiveEnvironment).archive_bucket
    search = ArchivedEvents(aws.brief_client("s3"), bucket).search(
        [Sought(it.event_id, clock.parse_time(it.occurred_at)) for it in asked.events]
    )
    return {
        "found": {
            event_id: {
                "object": it.key,
                "size": it.size,
                "delivered_at": clock.format_time(it.delivered_at),
            }
            for event_id, it in search.found.items()
        },
        "objects": search.objects,
        "capped": search.is_cut,
    }
