"""The envelope that every event, fact, command and reply travels in."""

from typing import Annotated, Any

import msgspec

MAX_EVENT_BYTES = 256 * 1024 - 1024
"""The largest serialized envelope: the smallest hop is one EventBridge entry (256 KB, of which
source, detail type and time take a little; EventBridge quotas, "PutEvents entry size")."""

_TIME = "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}[.][0-9]{3}Z"
Time = Annotated[str, msgspec.Meta(pattern=f"^{_TIME}$(?!\\n)")]
"""RFC 3339, UTC, milliseconds, as ``shared.clock`` writes it: such texts sort as times do."""


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """One message.

    ``version`` counts an order's events from 1 and is null on facts, commands and replies.
    ``causation_id`` is the ``event_id`` of what caused this one; ``correlation_id`` spans the whole
    journey of an order; ``occurred_at`` is RFC 3339 in UTC; ``traceparent`` is W3C Trace Context.
    """

    event_id: str
    type: str
    schema_version: int
    aggregate_type: str
    aggregate_id: str
    version: int | None
    occurred_at: Time
    correlation_id: str
    causation_id: str | None
    traceparent: str
    data: dict[str, Any]


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Envelope)


def encode(envelope: Envelope) -> bytes:
    """The envelope as one line of JSON, without a newline."""
    return _encoder.encode(envelope)


def decode(message: bytes | str) -> Envelope:
    """Parse one envelope.

    Raises:
        msgspec.DecodeError: it is not JSON, or (as ValidationError) not an envelope.
    """
    try:
        return _decoder.decode(message)
    except (UnicodeError, RecursionError) as unreadable:
        raise msgspec.DecodeError(f"not readable: {type(unreadable).__name__}") from unreadable
