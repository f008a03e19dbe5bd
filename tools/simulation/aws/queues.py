"""SQS: messages come at least once, in any order, and again when they are visible too early."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tools.simulation.aws.functions import Functions
from tools.simulation.seam import Call, Refusal
from tools.simulation.world import World

GARBAGE = "<not a message>"


@dataclass
class Message:
    """``visible_at`` is when it may be received (again)."""

    id: str
    body: str
    attributes: dict[str, Any]
    sent_at: float
    visible_at: float
    received: int = 0


@dataclass
class Queue:
    """One queue; times in seconds. ``arn`` names it for those that deliver to it."""

    name: str
    arn: str
    visibility: float
    dead_letters: str | None
    most_receives: int
    messages: dict[str, Message] = field(default_factory=dict)
    wake: Callable[[float], None] = lambda _seconds: None


class Queues:
    """The service, for the queues that it is given, by their names."""

    def __init__(self, world: World, queues: Mapping[str, Queue]) -> None:
        self._world = world
        self.queues = queues
        self._sent = 0

    def operations(self) -> dict[str, Call]:
        """By their names in the API."""
        return {"SendMessage": self._send_message}

    def _send_message(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        name = asked["QueueUrl"].rpartition("/")[2]
        if name not in self.queues:
            raise Refusal("AWS.SimpleQueueService.NonExistentQueue", name)
        attributes = {
            key: {"stringValue": it["StringValue"], "dataType": it["DataType"]}
            for key, it in asked.get("MessageAttributes", {}).items()
        }
        delay = float(asked.get("DelaySeconds", 0))
        return {"MessageId": self.send(name, asked["MessageBody"], delay, attributes)}

    def send(
        self, name: str, body: str, delay: float = 0.0, attributes: dict[str, Any] | None = None
    ) -> str:
        """Put a message into a queue; returns its id. ``delay`` in seconds."""
        world, queue = self._world, self.queues[name]
        self._sent += 1
        if world.dice.throw("garbage in a queue"):
            its_id = f"{self._sent:08}-garbage"
            queue.messages[its_id] = Message(its_id, GARBAGE, {}, world.now, world.now)
            queue.wake(0.0)
        copies = 2 if world.dice.throw("message sent twice") else 1
        for copy in range(copies):
            its_id = f"{self._sent:08}-{copy}"
            late = self._late()
            visible_at = world.now + delay + late
            queue.messages[its_id] = Message(its_id, body, attributes or {}, world.now, visible_at)
            queue.wake(visible_at - world.now)
        return f"{self._sent:08}-0"

    def _late(self) -> float:
        """Seconds: longer than a step of a saga waits, sometimes, so that its undo comes first."""
        dice = self._world.dice
        if not dice.throw("message late"):
            return 0.0
        return dice.between(1, 120) if dice.between(0, 1) < 0.5 else dice.between(120, 900)


class QueueSource:
    """Gives a queue's messages to a function, in up to ``concurrency`` batches at a time."""

    def __init__(
        self,
        world: World,
        functions: Functions,
        function: str,
        size: int,
        queues: Queues,
        queue: Queue,
        concurrency: int,
    ) -> None:
        self._world = world
        self._functions = functions
        self._function = function
        self._size = size
        self._queues = queues
        self._queue = queue
        self._concurrency = concurrency
        self._running = 0
        queue.wake = self._wake

    @property
    def is_at_end(self) -> bool:
        """Whether nothing is left."""
        return not self._queue.messages and not self._running

    def _wake(self, seconds: float) -> None:
        self._world.after(seconds + self._world.random.uniform(0.005, 0.15), self._poll)

    def _poll(self) -> None:
        now = self._world.now
        if self._running >= self._concurrency:
            return
        ready = [it for it in self._queue.messages.values() if it.visible_at <= now]
        ready = [it for it in ready if not self._is_dead(it)]
        if not ready:
            return
        self._world.random.shuffle(ready)
        batch = ready[: self._world.random.randint(1, self._size)]
        for message in batch:
            message.received += 1
            message.visible_at = now + self._queue.visibility
            if self._world.dice.throw("visible too early"):
                message.visible_at = now + self._world.dice.between(0.01, 5)
            self._wake(message.visible_at - now)
        self._running += 1
        self._functions.invoke(
            self._function, {"Records": [self._record(it) for it in batch]}, self._turn(batch)
        )
        if len(ready) > len(batch):
            self._wake(0.0)

    def _is_dead(self, message: Message) -> bool:
        queue = self._queue
        if message.received < queue.most_receives:
            return False
        del queue.messages[message.id]
        if queue.dead_letters is not None:
            self._queues.send(queue.dead_letters, message.body)
        return True

    def _turn(self, batch: Sequence[Message]) -> Callable[[Any, str | None], None]:
        def ended(answer: Any, error: str | None) -> None:
            self._running -= 1
            if error is None:
                failed = {
                    it["itemIdentifier"] for it in (answer or {}).get("batchItemFailures", ())
                }
                for message in batch:
                    if message.id in failed or self._world.dice.throw("message delivered again"):
                        continue
                    self._queue.messages.pop(message.id, None)
            self._wake(0.0)

        return ended

    def _record(self, message: Message) -> dict[str, Any]:
        return {
            "messageId": message.id,
            "receiptHandle": f"{message.id}-{message.received}",
            "body": message.body,
            "attributes": {
                "ApproximateReceiveCount": str(message.received),
                "SentTimestamp": str(int(message.sent_at * 1000)),
            },
            "messageAttributes": message.attributes,
            "eventSource": "aws:sqs",
            "eventSourceARN": self._queue.arn,
            "awsRegion": "eu-west-1",
        }
