"""Spans of messages: of one that is worked on, or of a batch that is passed on or applied.

An envelope's ``traceparent`` says in which span its message was made, and whoever only passes it on
leaves it as it is: store, log, archive and bus have the same. A consumer's own messages are made in
the consumer's span. What is sent again by an operator, and what comes after more than a day, does
not make an old trace longer: it begins a new one that links to it. So does a rebuild.
"""

import time
import uuid
from collections.abc import Iterable, Iterator, Mapping
from types import TracebackType
from typing import Any, Self

import msgspec

from shared.messaging.envelope import Envelope
from shared.messaging.retries import REDRIVEN
from shared.runtime.tracing import spans, work
from shared.runtime.tracing.context import TraceContext, is_old, parse
from shared.runtime.tracing.spans import Attributes, Span

MOST_LINKS = 32
"""Of a repetition: as many as a span is sent with."""
EVENT_LOG, BUS = "aws_kinesis", "aws_eventbridge"
QUEUE, TOPIC, STREAM, MACHINE = "aws_sqs", "aws_sns", "aws_dynamodb_streams", "aws_stepfunctions"


def processing(message: Envelope, system: str, destination: str, *, again: bool = False) -> Span:
    """The span in which a consumer works on a message.

    It links to the message's own context, and is a part of its trace unless ``again``: then the
    message is one that an operator sends once more.
    """
    return going_on(
        message.traceparent,
        f"process {message.type}",
        spans.CONSUMER,
        message.correlation_id,
        _attributes(message, "process", system, destination),
        again=again,
    )


def going_on(
    traceparent: str,
    name: str,
    kind: int,
    correlation_id: str,
    attributes: Attributes,
    *,
    again: bool = False,
) -> Span:
    """A span of what goes on in the trace that ``traceparent`` names, as ``processing`` does."""
    made_in = parse(traceparent)
    if made_in is None:
        return spans.root(name, kind, correlation_id, attributes=attributes)
    return _linked(made_in, name, kind, correlation_id, attributes, again=again)


def _linked(
    made_in: TraceContext,
    name: str,
    kind: int,
    correlation_id: str,
    attributes: Attributes,
    *,
    again: bool = False,
) -> Span:
    more: dict[str, Any] = {"links": (made_in,), "attributes": attributes}
    if again or (made_in.sampled and is_old(made_in)):
        return spans.root(name, kind, correlation_id, **more)
    return spans.inside(made_in, name, kind, correlation_id, **more)


def made_in(span: Span, message: Envelope) -> Envelope:
    """The message as whoever works on it gets it: what it leads to belongs to this span."""
    traceparent = span.context.traceparent
    if traceparent == message.traceparent:
        return message
    return msgspec.structs.replace(message, traceparent=traceparent)


def of_record(record: Mapping[str, Any]) -> tuple[str, bool]:
    """Of an SQS record: the name of its queue, and whether an operator has sent it again."""
    queue = str(record.get("eventSourceARN", "")).rpartition(":")[2]
    return queue, REDRIVEN in (record.get("messageAttributes") or {})


class BatchSpans:
    """One span for each sampled message of a batch, all of them as long as the batch takes.

    ``operation`` is such as ``send`` or ``process``, ``kind`` the spans' kind. A message that has
    lost its trace begins one, as at a queue: so the hop that dropped it is seen. Meanwhile log
    lines name the journeys of the messages that have been added.
    """

    def __init__(self, operation: str, kind: int, system: str, destination: str) -> None:
        self._operation = operation
        self._kind = kind
        self._where = (system, destination)
        self._messages: list[Envelope] = []
        self._began = 0

    def add(self, message: Envelope) -> None:
        """One more message of the batch."""
        self._messages.append(message)

    def through(self, messages: Iterable[Envelope]) -> Iterator[Envelope]:
        """The messages, each of which is added when its turn comes."""
        for message in messages:
            self._messages.append(message)
            yield message

    def __enter__(self) -> Self:
        self._before = work.enter(work.ForMany(self._messages))
        self._began = time.time_ns()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        work.enter(self._before)
        ended = time.time_ns()
        for message in self._messages:
            if message.traceparent[-3:] == "-00":  # not sampled, as most are
                continue
            span = self._span(message)
            if span.context.sampled:
                span.started, span.ended = self._began, ended
                span.error = kind.__name__ if kind else None
                spans.keep(span)

    def _span(self, message: Envelope) -> Span:
        return going_on(
            message.traceparent,
            f"{self._operation} {message.type}",
            self._kind,
            message.correlation_id,
            _attributes(message, self._operation, *self._where),
        )


class Repetition:
    """One span for work that is done again, such as a rebuild's on all events there are.

    It is a trace of its own: it links to those of the first messages that were sampled, and makes
    none of them longer. ``what`` is such as ``rebuild order-view``.
    """

    def __init__(self, what: str) -> None:
        self._span = spans.root(what, spans.INTERNAL, str(uuid.uuid4()))
        self._links: dict[str, TraceContext] = {}

    def add(self, message: Envelope) -> None:
        """One more message that is worked on again."""
        if len(self._links) == MOST_LINKS or message.traceparent[-3:] == "-00":
            return
        made_in = parse(message.traceparent)
        if made_in is not None and made_in.sampled:
            self._links.setdefault(made_in.trace_id, made_in)

    def __enter__(self) -> Self:
        self._span.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._span.links = tuple(self._links.values())
        self._span.__exit__(kind, error, trace)


def _attributes(message: Envelope, operation: str, system: str, destination: str) -> Attributes:
    return {
        "messaging.system": system,
        "messaging.operation.name": operation,
        "messaging.operation.type": operation,
        "messaging.destination.name": destination,
        "messaging.message.id": message.event_id,
        "messaging.message.conversation_id": message.correlation_id,
        "app.message.type": message.type,
    }
