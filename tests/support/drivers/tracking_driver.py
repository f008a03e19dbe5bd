"""Carries every message between a saga and the services by hand, and so can lose or repeat it.

The services are the real ones: only the way to them and back is in the courier's hands.
"""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Any, Self

from msgspec.structs import replace as replace_envelope

from contracts.product import PRODUCT
from fulfilment.domain.steps import STEPS, command_id, step_of
from shared.messaging.bus import reply_to
from shared.messaging.envelope import Envelope, decode, encode
from tests.support.drivers.offline import Deployment, eventually

STEP_OF_COMMAND = {step.command: step.name for step in STEPS.values()}
OWNERS = tuple(dict.fromkeys(step.owner for step in STEPS.values()))
CARRIERS_AT_WORK = 4
PLACED = "order-placed"
"""Stands in a plan for the event with which a saga begins."""
MOST_ATTEMPTS = 5
SHUFFLED_WITHIN = 1.5
"""Seconds over which repeated messages are spread."""
PATIENCE_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Handling:
    """What happens to one step's command.

    answers      given in the owner's place, one for each try; after them the rest holds
    deliveries   how often the owner gets the command; 0: it is lost
    replies      how often the saga gets each answer; 0: they are lost
    held         the command waits until the courier is told to let it go
    untraced     what loses its traceparent on the way: command or reply; of PLACED: event
    """

    answers: tuple[tuple[str, str], ...] = ()
    deliveries: int = 1
    replies: int = 1
    held: bool = False
    untraced: str = ""


NORMAL = Handling()
LOST = Handling(deliveries=0)
"""Not done, and no answer."""
UNANSWERED = Handling(replies=0)
"""Done, and no answer."""
HELD = Handling(held=True)
BROKEN = Handling(answers=(("failed", "gave-up"),) * 99)
BROKEN_ONCE = Handling(answers=(("failed", "gave-up"),))


def refused(reason: str) -> Handling:
    """The business says no."""
    return Handling(answers=(("refused", reason),))


@dataclass
class TrackingDriver:
    """While it is entered, no queue of the saga is worked through by anybody else.

    ``plan`` says what happens to a step of an order, ``repeats`` how often every message comes.
    """

    deployment: Deployment
    plan: dict[tuple[str, str], Handling] = field(default_factory=dict)
    repeats: int = 1
    delivered: list[tuple[str, str]] = field(default_factory=list)
    """(order, step) of each command that its owner got, in order."""
    lost: list[tuple[str, str]] = field(default_factory=list)
    """(order, step) of each answer that did not come back."""
    holds_placed_orders: bool = False
    stopped: set[str] = field(default_factory=set)
    """Owners that are down: what is sent to them waits in their queues."""
    accidents: list[Exception] = field(default_factory=list)
    _tries: dict[tuple[str, str], int] = field(default_factory=dict)
    _seen: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)
    _under_way: int = 0
    _placed: list[tuple[str, str]] = field(default_factory=list)
    _waiting: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    _held: dict[tuple[str, str], list[tuple[str, str]]] = field(default_factory=dict)
    _stop: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)
    _mappings: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __enter__(self) -> Self:
        routes: list[tuple[str, str, Callable[[str, str], None]]] = [
            *((owner, "Commands", self._carry_command) for owner in OWNERS),
            ("fulfilment", "Replies", self._carry_reply),
            ("fulfilment", "PlacedOrders", self._carry_placed_order),
        ]
        workers = dict.fromkeys(OWNERS, "QueuedCommands")
        self._pool = ThreadPoolExecutor(CARRIERS_AT_WORK)
        for service, queue, carry in routes:
            name = {"Replies": "TakeReply", "PlacedOrders": "StartSaga"}.get(
                queue, workers.get(service, "")
            )
            function = self.deployment.named(service, "functions", name)
            self._take_over(function)
            url = self.deployment.named(service, "queues", queue)
            thread = threading.Thread(target=self._work, args=(url, function, carry), daemon=True)
            self._threads.append(thread)
            thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Nothing that was taken from a queue is dropped: it is carried to its end first."""
        self._stop.set()
        for thread in self._threads:
            thread.join()
        if error is None:
            eventually(self.is_idle, PATIENCE_SECONDS)
        self._pool.shutdown(wait=True, cancel_futures=error is not None)
        client = self.deployment.cloud.client("lambda")
        for mapping in self._mappings:
            client.update_event_source_mapping(UUID=mapping, Enabled=True)
        assert not self.accidents, self.accidents

    def let_go(self, order_id: str, step: str) -> None:
        """Deliver what was held, and hold this command no longer."""
        with self._lock:
            self.plan[order_id, step] = replace(self.plan[order_id, step], held=False)
            waiting = self._held.pop((order_id, step), [])
        for function, body in waiting:
            self._carry_command(function, body)

    def is_held(self, order_id: str, step: str) -> bool:
        """Whether such a command has come and waits."""
        with self._lock:
            return (order_id, step) in self._held

    def waiting(self, owner: str) -> list[str]:
        """The orders whose commands wait for an owner that is down."""
        with self._lock:
            return [decode(body).aggregate_id for _, body in self._waiting.get(owner, ())]

    def start_again(self, owner: str) -> None:
        """The owner works through what has waited."""
        with self._lock:
            self.stopped.discard(owner)
            waiting = self._waiting.pop(owner, [])
        for function, body in waiting:
            self._carry_command(function, body)

    def holds_order(self, order_id: str) -> bool:
        """Whether fulfilment would have heard of that order by now."""
        return any(detail_of(body).aggregate_id == order_id for _, body in self._placed)

    def let_orders_go(self) -> None:
        """Let fulfilment hear of the orders that were held."""
        self.holds_placed_orders = False
        for function, body in self._placed:
            self._carry_placed_order(function, body)

    def wait_until_delivered(self, order_id: str, step: str) -> None:
        """Until the step's owner has got its command."""
        eventually(lambda: (order_id, step) in self.delivered, PATIENCE_SECONDS)

    def wait_until_answer_is_lost(self, order_id: str, step: str) -> None:
        """Until the step was done and its answer is gone."""
        eventually(lambda: (order_id, step) in self.lost, PATIENCE_SECONDS)

    def deliver_again(self, order_id: str, step: str) -> None:
        """As a queue does whose worker has died."""
        self._carry_command(*self._seen[order_id, step])

    def is_idle(self) -> bool:
        """Whether nothing is on its way."""
        return self._under_way == 0

    def _take_over(self, function: str) -> None:
        client = self.deployment.cloud.client("lambda")
        for mapping in client.list_event_source_mappings(FunctionName=function)[
            "EventSourceMappings"
        ]:
            client.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
            self._mappings.append(mapping["UUID"])

    def _work(self, url: str, function: str, carry: Callable[[str, str], None]) -> None:
        sqs = self.deployment.cloud.client("sqs")
        while not self._stop.is_set():
            received = sqs.receive_message(
                QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1
            ).get("Messages", [])
            for message in received:
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
                with self._lock:
                    self._under_way += 1
                self._pool.submit(self._carefully, carry, function, message["Body"])

    def _carefully(self, carry: Callable[[str, str], None], function: str, body: str) -> None:
        """What the courier itself does wrong fails the test that it works for."""
        try:
            carry(function, body)
        except Exception as accident:
            self.accidents.append(accident)
        finally:
            with self._lock:
                self._under_way -= 1

    def _later(self, delay: float, function: str, body: str, attempt: int = 1) -> None:
        def carry(function: str, body: str) -> None:
            self._invoke(function, body, attempt)

        def submit() -> None:
            with suppress(RuntimeError):  # After a test that failed, the pool is closed.
                self._pool.submit(self._carefully, carry, function, body)

        with self._lock:
            self._under_way += 1
        timer = threading.Timer(delay, submit)
        timer.daemon = True
        timer.start()

    def _carry_placed_order(self, function: str, body: str) -> None:
        if self.holds_placed_orders:
            self._placed.append((function, body))
            return
        if self.plan.get((detail_of(body).aggregate_id, PLACED), NORMAL).untraced == "event":
            body = _untraced(body)
        self._deliver(function, body, self.repeats)

    def _carry_command(self, function: str, body: str) -> None:
        command = decode(body)
        order_id, step = command.aggregate_id, STEP_OF_COMMAND[command.type]
        with self._lock:
            if (owner := STEPS[step].owner) in self.stopped:
                self._waiting.setdefault(owner, []).append((function, body))
                return
            self._seen[order_id, step] = (function, body)
            handling = self.plan.get((order_id, step), NORMAL)
            tried = self._tries[order_id, step] = self._tries.get((order_id, step), 0) + 1
            if handling.held:
                self._held.setdefault((order_id, step), []).append((function, body))
                return
            if tried > len(handling.answers) and handling.deliveries:
                self.delivered.append((order_id, step))
        if tried <= len(handling.answers):
            self._answer(command, *handling.answers[tried - 1])
        else:
            if handling.untraced == "command":
                body = encode(replace_envelope(command, traceparent="-")).decode()
            self._deliver(function, body, handling.deliveries * self.repeats)

    def _carry_reply(self, function: str, body: str) -> None:
        reply = detail_of(body)
        step = step_of(reply.data["order_id"], reply.data["command_id"])
        key = (reply.data["order_id"], step.name if step else "")
        handling = self.plan.get(key, NORMAL)
        replies = handling.replies
        if handling.untraced == "reply":
            body = _untraced(body)
        if not replies:
            self.lost.append(key)
        self._deliver(function, body, replies * self.repeats)

    def _answer(self, command: Envelope, outcome: str, reason: str) -> None:
        reply = reply_to(command, outcome, reason)
        self.deployment.cloud.client("events").put_events(
            Entries=[
                {
                    "EventBusName": self.deployment.named("event-log", "buses", "Bus"),
                    "Source": f"{PRODUCT}.{STEPS[STEP_OF_COMMAND[command.type]].owner}",
                    "DetailType": reply.type,
                    "Detail": encode(reply).decode(),
                }
            ]
        )

    def _deliver(self, function: str, body: str, times: int) -> None:
        if times == 1:
            self._invoke(function, body)
        elif times:
            for _ in range(times):
                self._later(random.uniform(0, SHUFFLED_WITHIN), function, body)

    def _invoke(self, function: str, body: str, attempt: int = 1) -> None:
        """As a queue would: what failed comes again."""
        try:
            answer = invoke(self.deployment, function, {"Records": [_record(body, attempt)]})
        except AssertionError:
            if attempt == MOST_ATTEMPTS:
                raise
            answer = {"batchItemFailures": [{}]}
        if answer.get("batchItemFailures"):
            self._later(0.5, function, body, attempt + 1)


def _untraced(body: str) -> str:
    event = json.loads(body)
    event["detail"]["traceparent"] = "-"
    return json.dumps(event)


def detail_of(body: str) -> Envelope:
    """The message in an event of the bus."""
    return decode(json.dumps(json.loads(body)["detail"]))


def invoke(deployment: Deployment, function: str, payload: Mapping[str, Any]) -> dict[str, Any]:
    """Call a function by its name; its answer.

    Raises:
        AssertionError: it raised.
    """
    answer = deployment.cloud.client("lambda").invoke(
        FunctionName=function, Payload=json.dumps(payload).encode()
    )
    said = json.loads(answer["Payload"].read() or b"null")
    assert "FunctionError" not in answer, said
    return said or {}


def _record(body: str, attempt: int) -> dict[str, Any]:
    return {
        "messageId": command_id("00000000-0000-0000-0000-000000000000", body),
        "receiptHandle": "carried-by-hand",
        "body": body,
        "attributes": {"ApproximateReceiveCount": str(attempt)},
        "eventSource": "aws:sqs",
    }
