"""What shipping announces: one message that the bus never takes holds nobody back."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from shared.messaging.envelope import Envelope, encode
from shared.runtime import aws
from shared.runtime.environment import forget
from shared.runtime.payloads import MAX_EVENT_BYTES
from shipping.handlers import announce_tracking
from tests.support.fakes.fake_bus import FakeEventBridge
from tests.support.fakes.fake_queue import FakeQueue

BRIDGE_REFUSALS = ("InvalidArgument", "MalformedDetail", "ValidationException")


def tracked(number: int, **changes: Any) -> Envelope:
    order_id = f"00000000-0000-4000-8000-{number:012}"
    message = Envelope(
        event_id=f"00000000-0000-4000-9000-{number:012}",
        type="ShipmentTracked",
        schema_version=1,
        aggregate_type="order",
        aggregate_id=order_id,
        version=None,
        occurred_at="2026-12-01T09:00:00.000Z",
        correlation_id=order_id,
        causation_id=None,
        traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        data={"order_id": order_id, "status": "delivered"},
    )
    return msgspec.structs.replace(message, **changes)


class Announcer:
    """The announcer of tracking, with the bus and the dead letters."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.bus, self.parked = FakeEventBridge(), FakeQueue()
        monkeypatch.setattr(aws, "client", {"events": self.bus, "sqs": self.parked}.__getitem__)
        monkeypatch.setenv("BUS_NAME", "bus")
        monkeypatch.setenv("DEAD_LETTERS_URL", "dead-letters")
        forget()

    def announce(self, *integration_events: str) -> None:
        records = [
            {
                "eventName": "INSERT",
                "dynamodb": {
                    "Keys": {"id": {"N": str(at)}},
                    "NewImage": {"fact": {"S": integration_event}},
                },
            }
            for at, integration_event in enumerate(integration_events)
        ]
        announce_tracking.handler({"Records": records}, None)


@pytest.fixture
def announcer(monkeypatch: pytest.MonkeyPatch) -> Announcer:
    return Announcer(monkeypatch)


GOOD = [tracked(number) for number in range(12)]


def text(message: Envelope) -> str:
    return encode(message).decode()


@pytest.mark.parametrize(
    "bad",
    [
        text(tracked(99, data={"text": "x" * MAX_EVENT_BYTES})),
        text(tracked(99, type="")),
        text(tracked(99, type="x" * 129)),
        "{",
        "[" * 100_000,
    ],
    ids=["too large", "no type", "a long type", "no JSON", "deep"],
)
def test_an_integration_event_that_the_bus_never_takes_is_parked_alone(
    announcer: Announcer, bad: str
) -> None:
    announcer.announce(*map(text, GOOD[:5]), bad, *map(text, GOOD[5:]))
    assert announcer.bus.messages == GOOD
    assert len(announcer.parked.reasons()) == 1


@pytest.mark.parametrize("code", BRIDGE_REFUSALS)
def test_an_integration_event_that_the_bus_alone_refuses_is_parked_alone(
    announcer: Announcer, code: str
) -> None:
    announcer.bus.refuses_types = {"ShipmentMystery": code}
    announcer.announce(text(GOOD[0]), text(tracked(99, type="ShipmentMystery")), text(GOOD[1]))
    assert announcer.bus.messages == GOOD[:2]
    assert announcer.parked.reasons() == [f"cannot be sent: refused by the bus: {code}"]
