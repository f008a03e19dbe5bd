"""The envelope that every event, command and reply travels in."""

import re
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Annotated, Any

import msgspec

from shared.runtime import clock
from shared.runtime.patterns import UUID
from shared.runtime.payloads import MAX_EVENT_BYTES
from shared.runtime.strict_json import refuse_duplicate_names

LARGEST_NUMBER = 2**53 - 1
"""What every reader of JSON understands as a whole number (RFC 7493, section 2.2). DynamoDB keeps
38 digits, so that sums of such numbers can be kept too."""
LARGEST_VERSION = 10**9
MAX_NAME = 64
"""Characters of a name, a type's too: half of what EventBridge takes as a detail type (API
reference, PutEventsRequestEntry)."""
MAX_DEPTH = 12
"""How deep lists and objects may be nested in ``data``."""
USUAL_DEPTH = 5
"""How deep they are in every message of ours. Each level doubles what msgspec prepares for a
decoder: twelve take a tenth of a second, which no cold start pays unless a message needs it."""

_TIME = "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}[.][0-9]{3}Z"
Time = Annotated[str, msgspec.Meta(pattern=f"^{_TIME}$(?!\\n)")]
"""RFC 3339, UTC, milliseconds, as ``runtime.clock`` writes it: such texts sort as times do."""


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """One message.

    ``version`` counts an aggregate's events from 1 and is null on integration events, commands and
    replies, whose ``data`` names the aggregate that they are about: see ``subject_of``.
    ``causation_id`` is the ``event_id`` of what caused this one; ``correlation_id`` spans all
    that one request has led to; ``occurred_at`` is RFC 3339 in UTC;
    ``traceparent`` is W3C Trace Context.
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


def _json_value(depth: int) -> Any:
    """The type of a JSON value with bounded numbers that is at most so deep."""
    number = Annotated[int, msgspec.Meta(ge=-LARGEST_NUMBER, le=LARGEST_NUMBER)]
    value: Any = bool | number | float | str | None
    scalar = value
    for _ in range(depth):
        value = scalar | list[value] | dict[str, value]
    return value


_Name = Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_NAME)]


class _Bounded(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What an envelope's fields may hold where it comes in."""

    event_id: str
    type: _Name
    schema_version: Annotated[int, msgspec.Meta(ge=1, le=10_000)]
    aggregate_type: _Name
    aggregate_id: str
    version: Annotated[int, msgspec.Meta(ge=1, le=LARGEST_VERSION)] | None
    occurred_at: str
    correlation_id: _Name
    causation_id: _Name | None
    traceparent: _Name
    data: dict[str, _json_value(USUAL_DEPTH)]  # type: ignore[valid-type]


def subject_of(message: Envelope) -> tuple[str, Any]:
    """The name under which a message's ``data`` has the id of what it is about, and that id.

    It is ``order_id`` for messages about an order. Of a malformed message the id may be anything.
    """
    name = f"{message.aggregate_type}_id"
    return name, message.data.get(name)


def caused_by(cause: Envelope, type: str, event_id: str, data: Mapping[str, Any]) -> Envelope:
    """A reply or an integration event that a command has led to, about the same aggregate."""
    return Envelope(
        event_id=event_id,
        type=type,
        schema_version=1,
        aggregate_type=cause.aggregate_type,
        aggregate_id=cause.aggregate_id,
        version=None,
        occurred_at=clock.now(),
        correlation_id=cause.correlation_id,
        causation_id=cause.event_id,
        traceparent=cause.traceparent,
        data=dict(data),
    )


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(_Bounded)


@cache
def _deep_decoder() -> "msgspec.json.Decoder[_Bounded]":
    class Deep(_Bounded, frozen=True, kw_only=True, gc=False):
        data: dict[str, _json_value(MAX_DEPTH)]  # type: ignore[valid-type]

    return msgspec.json.Decoder(Deep)


def _decoded(message: bytes | str) -> _Bounded:
    try:
        return _decoder.decode(message)
    except msgspec.ValidationError:
        return _deep_decoder().decode(message)


_PATTERNS = {
    "event_id": UUID,
    "aggregate_id": UUID,
    "occurred_at": f"(?=20){_TIME}",  # a clock that shows another century is wrong
}
_all_patterns = re.compile(" ".join(_PATTERNS.values()))


def encode(envelope: Envelope) -> bytes:
    """The envelope as one line of JSON, without a newline."""
    return _encoder.encode(envelope)


def decode(message: bytes | str) -> Envelope:
    """Parse one envelope that somebody else wrote.

    What passes can be kept, used as a key and printed: ids are UUIDs, names are ASCII without
    control characters, numbers have bounds, ``occurred_at`` is a time of this century, and no
    object has a name twice. ``data`` may still break the schema of its type.

    Raises:
        msgspec.DecodeError: it is not JSON, or (as ValidationError) not such an envelope.
    """
    if len(message) > MAX_EVENT_BYTES:
        raise msgspec.ValidationError(f"larger than {MAX_EVENT_BYTES} bytes")
    try:
        found = _decoded(message)
    except (UnicodeError, RecursionError) as unreadable:
        raise msgspec.DecodeError(f"not readable: {type(unreadable).__name__}") from unreadable
    _check_texts(found)
    envelope = Envelope(
        event_id=found.event_id,
        type=found.type,
        schema_version=found.schema_version,
        aggregate_type=found.aggregate_type,
        aggregate_id=found.aggregate_id,
        version=found.version,
        occurred_at=found.occurred_at,
        correlation_id=found.correlation_id,
        causation_id=found.causation_id,
        traceparent=found.traceparent,
        data=found.data,
    )
    raw = message.encode() if isinstance(message, str) else message
    # What reads as we would write it has no name twice: no need for the slower look.
    if encode(envelope) != raw.rstrip(b"\n"):
        refuse_duplicate_names(message)
    return envelope


def _check_texts(found: _Bounded) -> None:
    if not _all_patterns.fullmatch(f"{found.event_id} {found.aggregate_id} {found.occurred_at}"):
        for field, pattern in _PATTERNS.items():
            if not re.fullmatch(pattern, getattr(found, field)):
                raise msgspec.ValidationError(f"{field} has no valid form")
    names = (
        f"{found.aggregate_type}{found.correlation_id}{found.causation_id or ''}{found.traceparent}"
    )
    if not (names.isascii() and names.isprintable()):
        raise msgspec.ValidationError("a name or an id has other than visible ASCII characters")
    if not (found.type.isascii() and found.type.isidentifier()):
        raise msgspec.ValidationError("type has other than ASCII letters, digits and _")
    try:
        datetime.fromisoformat(found.occurred_at)
    except ValueError as impossible:
        raise msgspec.ValidationError("occurred_at is not a time of any day") from impossible
