"""Spans of messages: each delivery has one, and what is old or sent again begins a new trace."""

from __future__ import annotations

import json
import time
from typing import Any

import msgspec
import pytest

from shared.messaging.envelope import Envelope, encode
from shared.messaging.queue_consumer import QueueConsumer
from shared.messaging.retries import Retries
from shared.messaging.traced import (
    EVENT_LOG,
    MOST_LINKS,
    BatchSpans,
    Repetition,
)
from shared.runtime import log
from shared.runtime.tracing import invocations, otlp, spans
from shared.runtime.tracing.context import LONGEST_TRACE, TraceContext, begin, parse
from shared.runtime.tracing.spans import CONSUMER, PRODUCER
from tests.support.fakes.fake_queue import FakeQueue, delivered
from tests.support.fakes.kept_spans import KeptSpans

MESSAGE = Envelope(
    event_id="00000000-0000-4000-8000-0000000000e1",
    type="Tested",
    schema_version=1,
    aggregate_type="order",
    aggregate_id="00000000-0000-4000-8000-000000000001",
    version=None,
    occurred_at="2026-12-01T00:00:00.000Z",
    correlation_id="c-1",
    causation_id=None,
    traceparent="",
    data={"email": "jane.doe@example.com"},
)


def made_in(context: TraceContext) -> Envelope:
    return msgspec.structs.replace(MESSAGE, traceparent=context.traceparent)


def begun(seconds_ago: int, sampled: bool = True) -> TraceContext:
    return TraceContext(f"{int(time.time()) - seconds_ago:08x}" + "5" * 24, "6" * 16, sampled)


def consumed(*records: dict[str, Any], error: Exception | None = None) -> list[Envelope]:
    """What a consumer gets of the messages of a batch."""
    got: list[Envelope] = []

    def consume(message: Envelope) -> None:
        got.append(message)
        log.info("consuming")
        if error:
            raise error

    consumer = QueueConsumer(consume, None, Retries(FakeQueue(), "url", 9))  # type: ignore[arg-type]
    consumer.handle({"Records": list(records)})
    invocations.flush()
    return got


def record(message: Envelope, **attributes: str) -> dict[str, Any]:
    found = delivered(encode(message).decode()) | {"eventSourceARN": "arn:aws:sqs:r:1:Tests"}
    found["messageAttributes"] |= {
        name: {"dataType": "String", "stringValue": value} for name, value in attributes.items()
    }
    return found


def test_a_message_is_worked_on_within_its_trace(kept_spans: KeptSpans) -> None:
    context = begin()
    (got,) = consumed(record(made_in(context)))
    (span,) = kept_spans.received
    assert (span.trace_id, span.parent_id) == (context.trace_id, context.span_id)
    assert [it.span_id for it in span.links] == [context.span_id]
    assert got.traceparent == f"00-{span.trace_id}-{span.span_id}-01"
    assert (span.name, span.kind) == ("process Tested", "consumer")
    assert span.attributes == {
        "app.message.type": "Tested",
        "messaging.destination.name": "Tests",
        "messaging.message.conversation_id": "c-1",
        "messaging.message.id": MESSAGE.event_id,
        "messaging.operation.name": "process",
        "messaging.operation.type": "process",
        "messaging.system": "aws_sqs",
    }


def test_each_delivery_has_a_span_and_both_link_to_the_message(kept_spans: KeptSpans) -> None:
    context = begin()
    consumed(record(made_in(context)), record(made_in(context)))
    first, second = kept_spans.received
    assert first.span_id != second.span_id
    assert first.parent_id == second.parent_id == context.span_id
    assert first.links == second.links
    assert first.attributes["messaging.message.id"] == second.attributes["messaging.message.id"]


def test_a_trace_that_is_not_sampled_has_no_spans_and_goes_on(
    kept_spans: KeptSpans, capsys: pytest.CaptureFixture[str]
) -> None:
    context = begun(5, sampled=False)
    (got,) = consumed(record(made_in(context)))
    assert kept_spans.received == []
    assert got.traceparent == context.traceparent
    line = json.loads(capsys.readouterr().out)
    assert (line["trace_id"], line["correlation_id"]) == (context.trace_id, "c-1")


@pytest.mark.parametrize("traceparent", ["", "00-0-0-01", "Jane Doe", "9" * 60])
def test_a_message_that_lost_its_trace_begins_one(traceparent: str, kept_spans: KeptSpans) -> None:
    message = msgspec.structs.replace(MESSAGE, traceparent=traceparent or "-")
    (got,) = consumed(record(message))
    (span,) = kept_spans.received
    assert (span.parent_id, span.links) == ("", [])
    context = parse(got.traceparent)
    assert context is not None
    assert context.trace_id == span.trace_id


@pytest.mark.parametrize("seconds", [LONGEST_TRACE + 60, 365 * 24 * 3600, -LONGEST_TRACE - 60])
def test_a_trace_of_long_ago_is_not_made_longer(seconds: int, kept_spans: KeptSpans) -> None:
    old = begun(seconds)
    (got,) = consumed(record(made_in(old)))
    (span,) = kept_spans.received
    assert span.trace_id != old.trace_id
    assert (span.parent_id, [it.trace_id for it in span.links]) == ("", [old.trace_id])
    assert span.trace_id in got.traceparent


def test_what_an_operator_sends_again_begins_a_trace_that_links(kept_spans: KeptSpans) -> None:
    context = begin()
    consumed(record(made_in(context), redriven="yes"))
    (span,) = kept_spans.received
    assert span.trace_id != context.trace_id
    assert [it.trace_id for it in span.links] == [context.trace_id]


def test_that_it_was_sent_again_by_an_operator_is_not_forgotten_by_a_retry() -> None:
    queue = FakeQueue()
    Retries(queue, "url", 9).send_again(record(MESSAGE, redriven="yes"))
    Retries(queue, "url", 9).send_again(record(MESSAGE))
    first, second = [it["MessageAttributes"].keys() for it in queue.sent]
    assert (first, second) == ({"failures", "redriven"}, {"failures"})


def test_a_failure_is_on_its_span_by_type_alone(kept_spans: KeptSpans) -> None:
    consumed(record(made_in(begin())), error=TimeoutError("jane.doe@example.com"))
    (span,) = kept_spans.received
    assert (span.failed, span.attributes["error.type"]) == (True, "TimeoutError")
    assert "jane" not in repr(kept_spans.received)


def test_a_batch_has_a_span_for_each_sampled_message(kept_spans: KeptSpans) -> None:
    sampled, unsampled, old = begin(), begun(5, sampled=False), begun(2 * LONGEST_TRACE)
    with BatchSpans("send", PRODUCER, EVENT_LOG, "event-log") as batch:
        passed = list(batch.through(map(made_in, (sampled, unsampled, old))))
    invocations.flush()
    assert [it.traceparent for it in passed] == [it.traceparent for it in (sampled, unsampled, old)]
    first, second = kept_spans.received
    assert (first.trace_id, first.parent_id) == (sampled.trace_id, sampled.span_id)
    assert (second.parent_id, second.links[0].trace_id) == ("", old.trace_id)
    assert (first.name, first.kind) == ("send Tested", "producer")


def test_a_batch_that_fails_says_so_on_each_span(kept_spans: KeptSpans) -> None:
    def fail() -> None:
        with BatchSpans("process", CONSUMER, EVENT_LOG, "event-log") as batch:
            batch.add(made_in(begin()))
            raise ConnectionError

    with pytest.raises(ConnectionError):
        fail()
    invocations.flush()
    assert [it.attributes["error.type"] for it in kept_spans.received] == ["ConnectionError"]


def test_a_batchs_lines_name_its_journeys(capsys: pytest.CaptureFixture[str]) -> None:
    def line() -> dict[str, Any]:
        log.metric("Things", 1)
        parsed: dict[str, Any] = json.loads(capsys.readouterr().out)
        return parsed

    one, other = begin(), begin()
    with BatchSpans("send", PRODUCER, EVENT_LOG, "event-log") as batch:
        assert "trace_id" not in line()
        batch.add(made_in(one))
        assert (line()["trace_id"], line()["correlation_id"]) == (one.trace_id, "c-1")
        batch.add(msgspec.structs.replace(made_in(other), correlation_id="c-2"))
        said = line()
        assert said["trace_ids"] == [one.trace_id, other.trace_id]
        assert (said["correlation_ids"], said["journeys"]) == (["c-1", "c-2"], 2)
        for number in range(20):
            batch.add(msgspec.structs.replace(made_in(one), correlation_id=f"more-{number}"))
        said = line()
        assert (len(said["correlation_ids"]), said["journeys"]) == (10, 22)
    spans.take()


@pytest.mark.parametrize("traceparent", ["", "00-0-0-01", "-"])
def test_a_message_of_a_batch_that_lost_its_trace_begins_one(
    traceparent: str, kept_spans: KeptSpans
) -> None:
    message = msgspec.structs.replace(MESSAGE, traceparent=traceparent)
    with BatchSpans("send", PRODUCER, EVENT_LOG, "event-log") as batch:
        (passed,) = batch.through([message])
    invocations.flush()
    (span,) = kept_spans.received
    assert (span.parent_id, span.links) == ("", [])
    assert span.attributes["messaging.message.conversation_id"] == "c-1"
    assert passed.traceparent == traceparent  # whoever passes it on leaves it as it is


def test_work_that_is_repeated_is_a_trace_of_its_own_that_links_to_the_old_ones(
    kept_spans: KeptSpans,
) -> None:
    old, young, unsampled = begun(365 * 24 * 3600), begin(), begun(5, sampled=False)
    with Repetition("rebuild order-view") as again:
        for context in (old, young, unsampled, old):
            again.add(made_in(context))
        again.add(msgspec.structs.replace(MESSAGE, traceparent="-"))
    invocations.flush()
    (span,) = kept_spans.received
    assert span.trace_id not in (old.trace_id, young.trace_id)
    assert (span.name, span.parent_id) == ("rebuild order-view", "")
    assert [it.trace_id for it in span.links] == [old.trace_id, young.trace_id]


def test_a_repetition_of_everything_links_to_as_many_as_a_span_may(kept_spans: KeptSpans) -> None:
    with Repetition("rebuild sales") as again:
        for _ in range(2 * MOST_LINKS):
            again.add(made_in(begin()))
    invocations.flush()
    (span,) = kept_spans.received
    assert len(span.links) == MOST_LINKS == otlp.MOST_LINKS
