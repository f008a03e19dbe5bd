"""One order's messages, as fulfilment hears them."""

import uuid
from typing import Any

from fulfilment.domain.saga import MessageContext
from fulfilment.domain.steps import command_id
from shared.messaging.bus import reply_to
from shared.messaging.envelope import Envelope

ORDER = "7b1b2cb1-9a43-5f4e-8f0a-1d1f3a0f3f11"
NINE = "2026-12-01T09:00:00.000Z"
TEN = "2026-12-01T10:00:00.000Z"
ELEVEN = "2026-12-01T11:00:00.000Z"
CONTEXT = MessageContext(
    correlation_id="0b0f9a52-7a0c-4c44-8a56-3e0a1b2c3d4e",
    causation_id=str(uuid.uuid5(uuid.UUID(ORDER), "1")),
    traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
)


def message(type: str, data: dict[str, Any], occurred_at: str = NINE) -> Envelope:
    """A message about the order."""
    return Envelope(
        event_id=CONTEXT.causation_id,
        type=type,
        schema_version=1,
        aggregate_type="order",
        aggregate_id=ORDER,
        version=1 if type == "OrderPlaced" else None,
        occurred_at=occurred_at,
        correlation_id=CONTEXT.correlation_id,
        causation_id=None,
        traceparent=CONTEXT.traceparent,
        data=data,
    )


PLACED = message("OrderPlaced", {"total": 2580, "currency": "EUR"})


def reply(
    step: str,
    outcome: str,
    reason: str | None = None,
    data: dict[str, Any] | None = None,
    at: str = ELEVEN,
) -> Envelope:
    """The owner's answer to a step's command, as it comes over the bus."""
    command = message("AnyCommand", {"order_id": ORDER})
    sent = Envelope(**{**_fields(command), "event_id": command_id(ORDER, step)})
    return Envelope(**{**_fields(reply_to(sent, outcome, reason, data)), "occurred_at": at})


def _fields(envelope: Envelope) -> dict[str, Any]:
    return {name: getattr(envelope, name) for name in envelope.__struct_fields__}
