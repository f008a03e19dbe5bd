"""Messages that a queue has from the bus: whole events, whose source says whether they count."""

import re
from collections.abc import Callable, Mapping, Sequence

import msgspec

from shared.messaging.envelope import Envelope, decode
from shared.messaging.queue_consumer import Unusable
from shared.runtime import log
from shared.runtime.product import source_of

Sources = Mapping[str, Sequence[str]]
"""By type of message: the source from which it counts."""
OwnerOf = Callable[[Envelope], str | None]
LONGEST_QUOTE = 64
_SERVICE = re.compile("[a-z][a-z0-9-]{0,63}")
_Sources = msgspec.json.Decoder(dict[str, list[str]])


class NotBelieved(Unusable):
    """Somebody said it whose message it is not."""


class BusEvent(msgspec.Struct, frozen=True, gc=False):
    """An event as EventBridge delivers it, as far as it matters here."""

    source: str
    detail: msgspec.Raw


_event = msgspec.json.Decoder(BusEvent)


def sources(variable: str) -> Sources:
    """From the environment's MESSAGE_SOURCES, which follows from the messages' schemas.

    Raises:
        msgspec.DecodeError: it is no JSON object of lists.
    """
    return _Sources.decode(variable)


def from_bus(sources: Sources, owner_of: OwnerOf | None = None) -> Callable[[str], Envelope]:
    """Reads the body of an SQS message that a rule of the bus put there.

    Whoever may put events may try any source and any type, so what the rule has asked for is asked
    for again. Where several say the same type, ``owner_of`` names the source that one message
    counts from, or None if it cannot tell.

    The reader raises Unusable: it is no event of the bus; NotBelieved: its source is not its
    owner. That is counted, since nobody who is to speak here does so.
    """

    def read(body: str) -> Envelope:
        event, message = _read(body)
        counts = event.source in sources.get(message.type, ())
        if counts and owner_of is not None:
            counts = owner_of(message) in (event.source, None)
        if not counts:
            _tell(event.source, message)
            raise NotBelieved(f"{_quote(event.source)} is not who says {_quote(message.type)} here")
        return message

    return read


def from_anybody(body: str) -> tuple[str, Envelope]:
    """Reads the same for who hears everything: the service that said it, and the message.

    Nobody may put events with another service's source. Whether the type is that service's to say
    is not asked: what is heard so may be shown, and nothing may follow from it.

    Raises:
        Unusable: it is no event of the bus, or of no service of ours.
    """
    event, message = _read(body)
    _, ours, service = event.source.partition(source_of(""))
    if event.source != ours + service or not _SERVICE.fullmatch(service):
        raise Unusable(f"{_quote(event.source)} is no service")
    return service, message


def _read(body: str) -> tuple[BusEvent, Envelope]:
    try:
        event = _event.decode(body)
        return event, decode(bytes(event.detail))
    except (msgspec.DecodeError, UnicodeError, RecursionError) as malformed:
        raise Unusable(f"not a message: {malformed}") from malformed


def _tell(source: str, message: Envelope) -> None:
    log.error(
        "message not believed",
        source=source[:LONGEST_QUOTE],
        type=message.type[:LONGEST_QUOTE],
        event_id=message.event_id[:LONGEST_QUOTE],
    )
    log.metric("MessagesNotBelieved", 1)


def _quote(text: str) -> str:
    return repr(text[:LONGEST_QUOTE])
