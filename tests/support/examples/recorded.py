"""Events with their places in histories, and commands that led to them, of any aggregate."""

import uuid

from shared.event_sourcing.recorded import CommandMetadata, EventT, RecordedEvent

NINE = "2026-12-01T09:00:00.000Z"
TEN = "2026-12-01T10:00:00.000Z"
ELEVEN = "2026-12-01T11:00:00.000Z"


def metadata(key: str = "k-1", request_hash: str = "h-1") -> CommandMetadata:
    """Of a command, with ids of its own, as two requests never share them."""
    return CommandMetadata(
        key=key,
        request_hash=request_hash,
        correlation_id=str(uuid.uuid4()),
        causation_id=str(uuid.uuid4()),
        traceparent=f"00-{uuid.uuid4().hex}-{uuid.uuid4().hex[:16]}-01",
    )


def recorded(
    event: EventT,
    version: int,
    aggregate_id: str,
    occurred_at: str = NINE,
    command: CommandMetadata | None = None,
) -> RecordedEvent[EventT]:
    """An event with its place in an aggregate's history."""
    return RecordedEvent(
        aggregate_id=aggregate_id,
        version=version,
        event_id=str(uuid.uuid5(uuid.UUID(aggregate_id), str(version))),
        occurred_at=occurred_at,
        event=event,
        command=command or metadata(key=f"k-{version}"),
    )
