"""Integration events from the bus: each is judged alone; one that is never accepted is parked."""

from __future__ import annotations

import json
import uuid
from collections.abc import Collection
from typing import Any

import msgspec
import pytest

from contracts.product import PRODUCT
from event_log.handlers import intake
from orders_language.messages import partition_key
from shared.messaging.bus_messages import from_bus
from shared.messaging.dead_letters import DeadLetters
from shared.messaging.envelope import Envelope, encode
from shared.messaging.kinesis_log import KinesisLog, LogUnavailable
from shared.runtime.payloads import MAX_EVENT_BYTES
from tests.support.fakes.fake_kinesis import FakeKinesis
from tests.support.fakes.fake_queue import FakeQueue

OWNER = f"{PRODUCT}.inventory"


class SeenBefore:
    """Remembers integration events; ``ids`` are those that it has."""

    def __init__(self) -> None:
        self.ids: set[str] = set()

    def among(self, event_ids: Collection[str]) -> set[str]:
        return self.ids & set(event_ids)

    def remember(self, event_ids: Collection[str]) -> None:
        self.ids |= set(event_ids)


class Intake:
    """The intake with its log, its memory and its dead letters."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.kinesis, self.seen, self.parked = FakeKinesis(), SeenBefore(), FakeQueue()
        log = KinesisLog(self.kinesis, "arn:stream", partition_key, sleep=lambda _seconds: None)
        for name, thing in {
            "_log": log,
            "_seen": self.seen,
            "_dead_letters": DeadLetters(self.parked, "dead-letters"),
            "_heard": from_bus({"StockReserved": [OWNER]}),
        }.items():
            monkeypatch.setattr(intake, name, lambda thing=thing: thing)

    def take_in(self, *bodies: str) -> list[str]:
        """Which messages come again, by their place."""
        records = [{"messageId": str(at), "body": body} for at, body in enumerate(bodies)]
        failures: list[Any] = intake.handler({"Records": records}, None)["batchItemFailures"]
        return [it["itemIdentifier"] for it in failures]


@pytest.fixture
def taker(monkeypatch: pytest.MonkeyPatch) -> Intake:
    return Intake(monkeypatch)


def integration_event(number: int, **changes: Any) -> Envelope:
    order_id = str(uuid.UUID(int=number, version=4))
    message = Envelope(
        event_id=str(uuid.UUID(int=1000 + number, version=4)),
        type="StockReserved",
        schema_version=1,
        aggregate_type="order",
        aggregate_id=order_id,
        version=None,
        occurred_at="2026-12-01T09:00:00.000Z",
        correlation_id=order_id,
        causation_id=None,
        traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        data={"order_id": order_id},
    )
    return msgspec.structs.replace(message, **changes)


def body(message: Envelope, source: str = OWNER, **detail: Any) -> str:
    """As the bus delivers it, with fields of the detail that no envelope could hold."""
    return json.dumps({"source": source, "detail": {**json.loads(encode(message)), **detail}})


GOOD = [integration_event(number) for number in range(9)]
BAD = {
    "a long order id": body(integration_event(99, data={"order_id": "x" * 257})),
    "an empty order id": body(integration_event(99, data={"order_id": ""})),
    "an order id that is none": body(integration_event(99, data={"order_id": [1]})),
    "a long aggregate id": body(integration_event(99, aggregate_id="x" * 300, data={})),
    "an empty aggregate id": body(integration_event(99, aggregate_id="", data={})),
    "an event id that is none": body(integration_event(99, event_id="x")),
    "a version": body(integration_event(99, version=1)),
    "a version of 41 digits": body(integration_event(99), version=10**40),
    "too many bytes": body(integration_event(99, data={"text": "x" * MAX_EVENT_BYTES})),
    "numbers that grow": body(integration_event(99, data={})).replace(
        '"data": {}', '"data": {"n": [' + ",".join(["1e15"] * 50_000) + "]}"
    ),
    "deep nesting": body(integration_event(99, data={})).replace(
        '"data": {}', '"data": {"a": ' + "[" * 99_999
    ),
    "a control character": body(integration_event(99, type="Stock\x00Reserved")),
    "half a character": body(integration_event(99, data={"text": "?"})).replace("?", "\\ud800"),
    "nothing": "",
    "somebody else's": body(integration_event(99), f"{PRODUCT}.shipping"),
    "an order's event": body(integration_event(99, type="OrderPlaced"), f"{PRODUCT}.orders"),
}


@pytest.mark.parametrize("bad", BAD)
def test_nine_good_integration_events_are_taken_in_beside_one_that_never_can_be(
    taker: Intake, bad: str
) -> None:
    bodies = [body(message) for message in GOOD]
    assert taker.take_in(*bodies[:4], BAD[bad], *bodies[4:]) == []
    assert taker.kinesis.acknowledged == GOOD
    (reason,) = taker.parked.reasons()
    assert reason.isprintable()
    assert taker.take_in(*bodies) == []
    assert taker.kinesis.acknowledged == GOOD, "each once"


def test_what_the_log_alone_refuses_is_parked_with_its_reason(taker: Intake) -> None:
    taker.kinesis.refuses_keys = {GOOD[4].aggregate_id: "InvalidArgumentException"}
    assert taker.take_in(*(body(message) for message in GOOD)) == []
    assert taker.kinesis.acknowledged == [*GOOD[:4], *GOOD[5:]]
    assert taker.parked.reasons() == ["refused by the log: InvalidArgumentException"]
    assert GOOD[4].event_id not in taker.seen.ids


def test_what_cannot_even_be_parked_comes_again_alone(taker: Intake) -> None:
    taker.parked.refuses = True
    assert taker.take_in(body(GOOD[0]), "{", body(GOOD[1])) == ["1"]
    assert taker.kinesis.acknowledged == GOOD[:2]


def test_a_log_that_is_busy_makes_the_batch_come_again_and_parks_nothing(taker: Intake) -> None:
    taker.kinesis.__init__(lambda _call, _position: True)  # type: ignore[misc]
    with pytest.raises(LogUnavailable):
        taker.take_in(body(GOOD[0]))
    assert (taker.seen.ids, taker.parked.sent) == (set(), [])
