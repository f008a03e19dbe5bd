"""A queue's worker: every command is answered once it has ended, or kept where it can be found."""

import json
import uuid
from typing import Any

import msgspec
import pytest

from shared.messaging.bus import Bus
from shared.messaging.dead_letters import DeadLetters
from shared.messaging.envelope import Envelope, encode
from shared.messaging.queue_worker import (
    CommandType,
    IntegrationEvent,
    Outcome,
    QueueWorker,
    done,
    refused,
)
from shared.messaging.retries import Retries
from shared.runtime.payloads import MAX_EVENT_BYTES
from shared.runtime.tracing import invocations
from shared.runtime.tracing.context import begin
from tests.support.fakes.fake_bus import FakeEventBridge
from tests.support.fakes.fake_queue import FakeQueue, delivered
from tests.support.fakes.kept_spans import KeptSpans

ATTEMPTS = 3
ORDER_ID = "00000000-0000-4000-8000-000000000000"


class PackParcel(msgspec.Struct):
    order_id: str
    parcels: int


class Warehouse:
    """A service that packs; ``trouble`` is raised instead while it is set."""

    def __init__(self) -> None:
        self.bus, self.dead_letters = FakeEventBridge(), FakeQueue()
        self.trouble: Exception | None = None
        self.ends_later = False
        self.queue = FakeQueue()
        self._worker = QueueWorker(
            {"PackParcel": CommandType(PackParcel, self._pack)},
            Bus(self.bus, "bus", "warehouse"),
            DeadLetters(self.dead_letters, "dead-letters"),
            Retries(self.queue, "url", ATTEMPTS),
        )

    def _pack(self, form: PackParcel, _command: Envelope) -> Outcome | None:
        if self.trouble:
            raise self.trouble
        if self.ends_later:
            return None
        if form.parcels > 9:
            return refused("too-many")
        return done(
            {"parcels": form.parcels}, IntegrationEvent("ParcelPacked", {"parcels": form.parcels})
        )

    def handle(self, records: list[dict[str, Any]]) -> dict[str, Any]:
        """Hand records over as they are."""
        return self._worker.handle({"Records": records})

    def receive(self, *bodies: str, failures: int = 0, received: int = 1) -> list[str]:
        """Hand a batch over; returns the bodies of what comes again."""
        records = [
            delivered(body, failures=failures, received=received, at=at)
            for at, body in enumerate(bodies)
        ]
        before = len(self.queue.sent)
        assert self.handle(records) == {"batchItemFailures": []}
        return [message["MessageBody"] for message in self.queue.sent[before:]]


@pytest.fixture
def warehouse() -> Warehouse:
    return Warehouse()


def command(parcels: Any = 1, **changes: Any) -> str:
    message = Envelope(
        event_id=str(uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(parcels))),
        type="PackParcel",
        schema_version=1,
        aggregate_type="order",
        aggregate_id=ORDER_ID,
        version=None,
        occurred_at="2026-12-01T10:00:00.000Z",
        correlation_id="c-1",
        causation_id=None,
        traceparent="00-1",
        data={"order_id": ORDER_ID, "parcels": parcels},
    )
    return encode(msgspec.structs.replace(message, **changes)).decode()


def test_a_command_that_is_done_gives_its_integration_events_and_last_its_reply(
    warehouse: Warehouse, capsys: pytest.CaptureFixture[str]
) -> None:
    assert warehouse.receive(command(2)) == []
    integration_event, reply = warehouse.bus.messages
    assert (integration_event.type, integration_event.data) == (
        "ParcelPacked",
        {"order_id": ORDER_ID, "parcels": 2},
    )
    assert (reply.type, reply.data["outcome"]) == ("CommandReplied", "done")
    assert reply.data["data"] == {"parcels": 2}
    assert '"CommandsCarriedOut":1,"service":"unknown","outcome":"done"' in capsys.readouterr().out
    for message in (integration_event, reply):
        assert message.schema_version == 1
        assert message.causation_id == json.loads(command(2))["event_id"]
        assert message.correlation_id == "c-1"
        assert (message.version, message.aggregate_id) == (None, ORDER_ID)


def test_what_a_command_leads_to_is_made_in_the_workers_span(
    warehouse: Warehouse, kept_spans: KeptSpans
) -> None:
    context = begin()
    warehouse.receive(command(2, traceparent=context.traceparent))
    invocations.flush()
    (span,) = kept_spans.received
    assert (span.trace_id, span.parent_id) == (context.trace_id, context.span_id)
    made_in = {message.traceparent for message in warehouse.bus.messages}
    assert made_in == {f"00-{span.trace_id}-{span.span_id}-01"}


def test_a_repeated_command_is_answered_with_the_same_messages(warehouse: Warehouse) -> None:
    warehouse.receive(command(2), command(2))
    integration_event, reply, fact_again, reply_again = warehouse.bus.messages
    assert (integration_event.event_id, reply.event_id) == (
        fact_again.event_id,
        reply_again.event_id,
    )


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (command(10), "too-many"),
        (command("two"), "invalid-command"),
        (command(type="ShipParcel"), "unknown-command"),
        (command(schema_version=2), "unsupported-version"),
    ],
)
def test_a_command_that_cannot_be_meant_is_refused_at_once(
    body: str, reason: str, warehouse: Warehouse
) -> None:
    assert warehouse.receive(body) == []
    (reply,) = warehouse.bus.messages
    assert (reply.data["outcome"], reply.data["reason"]) == ("refused", reason)
    assert warehouse.dead_letters.sent == []


@pytest.mark.parametrize(
    "body",
    [
        "not JSON",
        "{}",
        "[]",
        "",
        '"\\ud800"',
        "\ud800",
        command(event_id="no uuid"),
        command(1).replace("1}", "[" * 100_000),
    ],
    ids=["text", "empty", "list", "nothing", "half a pair", "half a pair raw", "id", "deep"],
)
def test_what_is_no_command_is_parked_with_its_reason_and_holds_nobody_back(
    body: str, warehouse: Warehouse
) -> None:
    assert warehouse.receive(body, command(1)) == []
    (reason,) = warehouse.dead_letters.reasons()
    assert "not a command" in reason
    assert len(warehouse.bus.messages) == 2


HUGE = "x" * (MAX_EVENT_BYTES - 300)
LONG = "x" * (MAX_EVENT_BYTES - len(command(1)) + len(ORDER_ID))
UNANSWERABLE = {
    "its journey": command(1, correlation_id=HUGE),
    "its trace": command(1, traceparent=HUGE),
    "what it is about": command(1, aggregate_id=HUGE),
    "its type": command(1, type="x\x00\x1b[2J" * 20_000),
    "its order": command(1, data={"order_id": LONG, "parcels": 1}),
}
assert len(UNANSWERABLE["its order"]) == MAX_EVENT_BYTES, "it is a message, and its reply is none"


@pytest.mark.parametrize("what", UNANSWERABLE)
def test_a_command_whose_answer_would_be_too_large_is_kept_and_holds_nobody_back(
    what: str, warehouse: Warehouse
) -> None:
    assert warehouse.receive(command(1), UNANSWERABLE[what], command(2)) == []
    assert len(warehouse.bus.messages) == 4
    (reason,) = warehouse.dead_letters.reasons()
    assert reason.startswith("not a command")


def test_what_is_refused_in_many_words_is_answered_in_few(warehouse: Warehouse) -> None:
    mistake = command(1, data={"x" * 200_000: 1})
    assert warehouse.receive(command(1), mistake, command(2)) == []
    _, _, reply, *_ = warehouse.bus.messages
    assert reply.data["outcome"] == "refused"
    assert len(reply.data["data"]["detail"]) <= 500
    assert len(warehouse.bus.messages) == 5


def test_an_answer_that_the_bus_never_takes_is_a_failure_at_once(warehouse: Warehouse) -> None:
    warehouse.bus.refuses_types = {"ParcelPacked": "MalformedDetail"}
    assert warehouse.receive(command(1)) == []
    *_, reply = warehouse.bus.messages
    assert (reply.data["outcome"], reply.data["reason"]) == ("failed", "gave-up")
    (reason,) = warehouse.dead_letters.reasons()
    assert reason == "its answer cannot be sent: refused by the bus: MalformedDetail"


def test_a_record_that_cannot_even_be_parked_comes_again_alone(warehouse: Warehouse) -> None:
    warehouse.dead_letters.refuses = True
    records = [delivered(it, at=at) for at, it in enumerate((command(1), "no JSON", command(2)))]
    assert warehouse.handle(records) == {"batchItemFailures": [{"itemIdentifier": "m-1"}]}
    assert len(warehouse.bus.messages) == 4


def test_a_failure_that_cannot_be_told_comes_again_alone(warehouse: Warehouse) -> None:
    warehouse.bus.refuses = True
    records = [delivered(command(1), failures=ATTEMPTS), delivered("no JSON", at=1)]
    assert warehouse.handle(records) == {"batchItemFailures": [{"itemIdentifier": "m-0"}]}
    assert len(warehouse.dead_letters.sent) == 1


def test_a_passing_failure_makes_the_message_come_again_and_says_nothing_yet(
    warehouse: Warehouse,
) -> None:
    warehouse.trouble = TimeoutError()
    assert warehouse.receive(command(1), failures=ATTEMPTS - 2) == [command(1)]
    assert warehouse.bus.messages == []
    warehouse.trouble = None
    assert warehouse.receive(command(1), failures=ATTEMPTS - 1) == []
    assert warehouse.bus.messages[-1].data["outcome"] == "done"


def test_after_the_last_attempt_the_command_has_failed_and_is_kept(warehouse: Warehouse) -> None:
    warehouse.trouble = TimeoutError()
    assert warehouse.receive(command(1), failures=ATTEMPTS - 1) == []
    (reply,) = warehouse.bus.messages
    assert (reply.data["outcome"], reply.data["reason"]) == ("failed", "gave-up")
    assert warehouse.dead_letters.sent[0]["MessageBody"] == command(1)
    assert warehouse.dead_letters.reasons() == [f"failed {ATTEMPTS} times, last with TimeoutError"]


def test_a_bus_that_is_down_makes_the_message_come_again(warehouse: Warehouse) -> None:
    warehouse.bus.refuses = True
    assert warehouse.receive(command(1)) == [command(1)]


def test_work_that_ends_later_is_not_answered_yet(warehouse: Warehouse) -> None:
    warehouse.ends_later = True
    assert warehouse.receive(command(1)) == []
    assert warehouse.bus.messages == []


def test_one_failing_message_does_not_hold_back_the_others(warehouse: Warehouse) -> None:
    assert warehouse.receive(command(1), "no JSON", command(2)) == []
    assert len(warehouse.bus.messages) == 4


def test_only_what_failed_comes_again(warehouse: Warehouse) -> None:
    warehouse.trouble = TimeoutError()
    assert warehouse.receive("no JSON", command(1)) == [command(1)]
    assert warehouse.receive(command(1), failures=ATTEMPTS - 1) == []


def test_a_good_message_that_was_throttled_for_long_is_not_given_up(warehouse: Warehouse) -> None:
    warehouse.trouble = TimeoutError()
    assert warehouse.receive(command(1), received=99) == [command(1)]
    assert warehouse.bus.messages == []
    assert warehouse.dead_letters.sent == []


def test_a_queue_that_cannot_be_sent_to_gives_the_message_back(warehouse: Warehouse) -> None:
    warehouse.trouble = TimeoutError()
    warehouse.queue.refuses = True
    with pytest.raises(AssertionError, match="m-0"):
        warehouse.receive(command(1))


def test_a_batch_that_kills_its_worker_leaves_no_message_twice(warehouse: Warehouse) -> None:
    warehouse.trouble = TimeoutError()

    class Killed(BaseException):
        """As a timeout ends a process."""

    class Records(list[Any]):
        def __iter__(self) -> Any:
            yield delivered(command(1))
            raise Killed

    with pytest.raises(Killed):
        warehouse.handle(Records())
    assert warehouse.queue.sent == []
