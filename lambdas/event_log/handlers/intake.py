"""From the bus to the log: integration events, each once, keyed by the order that it is about."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from event_log.adapters.seen_events import SeenEvents
from event_log.environment import IngestionEnvironment
from orders_language.messages import partition_key
from shared.messaging.bus_messages import from_bus, sources
from shared.messaging.dead_letters import DeadLetters
from shared.messaging.envelope import Envelope
from shared.messaging.kinesis_log import KinesisLog
from shared.messaging.log_records import Unreadable, read_envelope
from shared.messaging.queue_consumer import Unusable
from shared.messaging.traced import EVENT_LOG, BatchSpans
from shared.runtime import aws, log
from shared.runtime.environment import load
from shared.runtime.patterns import is_uuid
from shared.runtime.tracing.invocations import invocation
from shared.runtime.tracing.spans import PRODUCER


@invocation
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Put a batch of integration events on the log; the answer names those that must come again.

    An event is noted as seen only once it is on the log: a crash in between puts it there twice,
    which its readers must bear anyway, and never loses it. Each event is judged before the calls
    that take or refuse all of them, and one that can never be taken in is parked alone. An error
    makes the whole batch come again.

    Reconciliation asks with ``{republish: [event, ...]}`` for integration events that the log
    should have and has not, each as its JSON text; it is answered with ``{republished}``.
    """
    if "republish" in event:
        return {"republished": _republish(event["republish"])}
    with BatchSpans("send", PRODUCER, EVENT_LOG, "event-log") as spans:
        batch = _Batch(spans)
        for record in event["Records"]:
            batch.read(record)
        batch.put()
    return {"batchItemFailures": [{"itemIdentifier": it} for it in batch.failed]}


class _Batch:
    """The integration events of a batch by id, with the SQS records that brought them."""

    def __init__(self, spans: BatchSpans) -> None:
        self._spans = spans
        self.failed: list[str] = []
        self._events: dict[str, Envelope] = {}
        self._records: dict[str, Mapping[str, Any]] = {}

    def read(self, record: Mapping[str, Any]) -> None:
        """Take an integration event into the batch, or park what is none."""
        try:
            event = _judged(_heard()(record["body"]))
        except (Unusable, Unreadable) as unusable:
            self._park(record, str(unusable))
            return
        self._spans.add(event)
        self._events[event.event_id] = event
        self._records[event.event_id] = record

    def put(self) -> None:
        """Put on the log what has not been seen there."""
        for event_id in _seen().among(self._events) if self._events else ():
            del self._events[event_id]
        _log().publish(list(self._events.values()), self._refuse)
        _seen().remember(self._events)
        log.metric("FactsTakenIn", len(self._events))

    def _refuse(self, event: Envelope, reason: str) -> None:
        del self._events[event.event_id]
        self._park(self._records[event.event_id], reason)

    def _park(self, record: Mapping[str, Any], reason: str) -> None:
        try:
            _dead_letters().park(record["body"], reason, "intake")
        except (BotoCoreError, ClientError) as failure:
            log.error("integration event not parked", reason=reason, error=type(failure).__name__)
            self.failed.append(record["messageId"])


def _republish(texts: Sequence[str]) -> int:
    events = []
    for text in texts:
        try:
            events.append(_judged(read_envelope(text.encode())))
        except (Unreadable, UnicodeEncodeError) as unusable:
            log.error("integration event not republished", reason=str(unusable))
            log.metric("EventsNotPublished", 1)
    with BatchSpans("send", PRODUCER, EVENT_LOG, "event-log") as spans:
        return _log().publish(spans.through(events))


def _judged(event: Envelope) -> Envelope:
    if event.version is not None:
        raise Unreadable("it has a version: only orders' relay may put events on the log")
    if not is_uuid(event.event_id):
        raise Unreadable("its event_id is not a UUID")
    order_id = event.data.get("order_id")
    if order_id is not None and not (isinstance(order_id, str) and is_uuid(order_id)):
        raise Unreadable("its order_id is not a UUID")
    return event


@cache
def _heard() -> Callable[[str], Envelope]:
    return from_bus(sources(load(IngestionEnvironment).message_sources))


@cache
def _log() -> KinesisLog:
    return KinesisLog(
        aws.client("kinesis"), load(IngestionEnvironment).event_stream_arn, partition_key
    )


@cache
def _seen() -> SeenEvents:
    return SeenEvents(aws.client("dynamodb"), load(IngestionEnvironment).seen_table)


@cache
def _dead_letters() -> DeadLetters:
    return DeadLetters(aws.client("sqs"), load(IngestionEnvironment).dead_letters_url)
