"""A service's worker on its queue, in memory, that holds all that it sends to the schemas."""

from __future__ import annotations

import uuid
from typing import Any

from shared.messaging.bus import Bus
from shared.messaging.dead_letters import DeadLetters
from shared.messaging.envelope import Envelope, encode
from shared.messaging.queue_worker import CommandType, QueueWorker
from shared.messaging.retries import Retries
from tests.support.contracts.event_schemas import (
    closed,
    envelope,
    example,
    newest,
    violations,
    violations_of,
)
from tests.support.fakes.fake_bus import FakeEventBridge
from tests.support.fakes.fake_queue import FakeQueue


class QueueDriver:
    """``commands`` are those that the service takes."""

    def __init__(self, commands: dict[str, CommandType[Any]]) -> None:
        self.bus = FakeEventBridge()
        self.refusals: set[str] = set()
        dead_letters = DeadLetters(FakeQueue(), "dead-letters")
        retries = Retries(FakeQueue(), "url", 3)
        self._worker = QueueWorker(commands, Bus(self.bus, "bus", "any"), dead_letters, retries)

    @property
    def integration_events(self) -> set[str]:
        """The types of the integration events so far."""
        return {message.type for message in self.bus.messages} - {"CommandReplied"}

    def take(self, kind: str, order_id: str, **data: Any) -> None:
        """Carry out one command and hold what comes of it to its schema."""
        before = len(self.bus.messages)
        event_id = str(uuid.uuid4())
        command = {
            **example(kind),
            "aggregate_id": order_id,
            "event_id": event_id,
            "data": {"order_id": order_id, **data},
        }
        assert violations(command) == []
        record = {
            "messageId": "m-1",
            "body": encode(envelope(command)).decode(),
            "attributes": {"ApproximateReceiveCount": "1"},
        }
        assert self._worker.handle({"Records": [record]}) == {"batchItemFailures": []}
        reply = assert_published(kind, self.bus.messages[before:])
        self.refusals |= {reply.data["reason"]} - {None}


def assert_published(kind: str, messages: list[Envelope]) -> Envelope:
    """Events match their schemas, and the last message is an answer that the command names."""
    for message in messages:
        assert violations(message, closed=True) == []
    reply = messages[-1]
    if reply.data["outcome"] == "refused":
        assert reply.data["reason"] in newest(kind)["x-refusals"]
    else:
        done = closed(newest(kind)["$defs"]["done"])
        assert violations_of(done, reply.data["data"]) == []
    return reply


def refusals_of(*kinds: str) -> set[str]:
    """All that the schemas of these commands say they may be refused for."""
    return {reason for kind in kinds for reason in newest(kind)["x-refusals"]}
