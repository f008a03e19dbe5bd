"""An owner shows the dead letters of its queues, and sends those once more that are named."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import msgspec
import pytest

from shared.messaging import redrive_queues
from shared.messaging.redrive_queues import MOST, Addresses, Redrive, Request, UnknownQueue
from shared.runtime.environment import forget
from tests.support.fakes.fake_queue import FakeQueue
from tests.unit.tools.operations.test_dead_letters import (
    BY_AN_OPERATOR,
    NOT_DELIVERED_BY_A_RULE,
    PARKED_BY_A_WORKER,
)

ORDER = "5eb1a7e5-0000-4000-8000-000000000001"
COMMAND = {
    "event_id": "5eb1a7e5-0000-4000-8000-000000000002",
    "type": "ReserveStock",
    "schema_version": 1,
    "aggregate_type": "order",
    "aggregate_id": ORDER,
    "version": None,
    "occurred_at": "2026-12-01T09:00:00.000Z",
    "correlation_id": "c-1",
    "causation_id": None,
    "traceparent": "00-1-1-00",
    "data": {"order_id": ORDER},
}
BEGAN = 1_790_000_000


@dataclass
class DeadLetterQueue(FakeQueue):
    """Both queues: what waits is handed out ten at a time, and hidden until it is laid back."""

    waiting: list[dict[str, Any]] = field(default_factory=list)
    hidden: dict[str, dict[str, Any]] = field(default_factory=dict)
    deletes: bool = True
    seconds: float = 0

    def __post_init__(self) -> None:
        super().__init__()

    def keep(self, body: str = "", attributes: dict[str, Any] | None = None) -> str:
        number = len(self.waiting) + len(self.hidden) + len(self.sent)
        self.waiting.append(
            {
                "MessageId": f"m-{number:03}",
                "ReceiptHandle": f"r-{number:03}",
                "Body": body or json.dumps(COMMAND),
                "MessageAttributes": attributes or {},
                "Attributes": {"SentTimestamp": str((BEGAN + number) * 1000)},
            }
        )
        return f"m-{number:03}"

    def receive_message(self, **request: Any) -> dict[str, Any]:
        assert (request["QueueUrl"], request["MaxNumberOfMessages"]) == ("dead", 10)
        self.seconds += 0.1
        taken, self.waiting = self.waiting[:10], self.waiting[10:]
        self.hidden |= {it["ReceiptHandle"]: it for it in taken}
        return {"Messages": taken} if taken else {}

    def change_message_visibility_batch(self, *, QueueUrl: str, Entries: Any) -> None:  # noqa: N803
        assert QueueUrl == "dead"
        assert 0 < len(Entries) <= 10
        assert len({it["Id"] for it in Entries}) == len(Entries)
        self.waiting += [self.hidden.pop(it["ReceiptHandle"]) for it in Entries]

    def delete_message(self, *, QueueUrl: str, ReceiptHandle: str) -> None:  # noqa: N803
        assert QueueUrl == "dead"
        del self.hidden[ReceiptHandle]

    def ask(self, **request: Any) -> dict[str, Any]:
        asked = msgspec.convert({"queue": "Commands", **request}, Request)
        redrive = Redrive(self, Addresses("dead", "own"), lambda: self.seconds)
        return redrive.answer(asked)


@pytest.fixture
def queue() -> DeadLetterQueue:
    return DeadLetterQueue()


def test_whoever_looks_is_told_kind_order_and_reason_and_changes_nothing(
    queue: DeadLetterQueue,
) -> None:
    queue.keep(attributes=PARKED_BY_A_WORKER)
    answer = queue.ask()
    assert answer == {
        "letters": [
            {
                "id": "m-000",
                "set_aside_at": "2026-09-21T14:13:20.000Z",
                "type": "ReserveStock",
                "aggregate_type": "order",
                "aggregate_id": ORDER,
                "reason": "failed 10 times, last with TimeoutError",
                "redrivable": True,
                "outcome": "waits",
            }
        ],
        "more": False,
    }
    assert (len(queue.waiting), queue.hidden, queue.sent) == (1, {}, [])


def test_what_is_named_is_sent_as_new_and_nothing_else_is(queue: DeadLetterQueue) -> None:
    first, _, third = (queue.keep(attributes=PARKED_BY_A_WORKER) for _ in range(3))
    answer = queue.ask(dry_run=False, letters=[third, first, "m-777"])
    assert [(it["id"], it["outcome"]) for it in answer["letters"]] == [
        (first, "sent"),
        (third, "sent"),
        ("m-777", "not found"),
    ]
    again = {"QueueUrl": "own", "MessageBody": json.dumps(COMMAND)}
    assert queue.sent == [{**again, "MessageAttributes": BY_AN_OPERATOR}] * 2
    assert [it["MessageId"] for it in queue.waiting] == ["m-001"]
    assert queue.hidden == {}


def test_an_event_that_a_rule_could_not_deliver_goes_there_whole(queue: DeadLetterQueue) -> None:
    event = json.dumps({"source": "shop.orders", "detail": COMMAND})
    letter = queue.keep(event, NOT_DELIVERED_BY_A_RULE)
    (told,) = queue.ask()["letters"]
    assert (told["type"], told["aggregate_id"]) == ("ReserveStock", ORDER)
    assert "\x1b" not in told["reason"]
    queue.ask(dry_run=False, letters=[letter])
    assert queue.sent[0]["MessageBody"] == event


@pytest.mark.parametrize(
    "body",
    [
        "",
        "[",
        "null",
        "[" * 100_000,
        '{"detail": 1}',
        json.dumps({**COMMAND, "type": "<img src=x>"}),
        json.dumps({**COMMAND, "aggregate_id": "\u202e"}),
        "\ud800" * 3,
    ],
    ids=lambda it: ascii(it[:12]),
)
def test_of_a_body_that_is_no_message_nothing_is_told_but_the_reason(
    queue: DeadLetterQueue, body: str
) -> None:
    queue.keep(body or " ", PARKED_BY_A_WORKER)
    (told,) = queue.ask()["letters"]
    assert (told["type"], told["aggregate_id"]) == (None, None)
    assert told["redrivable"]


def test_a_body_that_is_not_as_its_sender_wrote_it_stays(queue: DeadLetterQueue) -> None:
    cut = {"altered": {"DataType": "String", "StringValue": "cut"}}
    letter = queue.keep(attributes=cut)
    assert not queue.ask()["letters"][0]["redrivable"]
    (told,) = queue.ask(dry_run=False, letters=[letter])["letters"]
    assert told["outcome"] == "altered"
    assert (len(queue.waiting), queue.sent) == (1, [])


def test_a_queue_that_refuses_loses_no_letter(queue: DeadLetterQueue) -> None:
    letters = [queue.keep() for _ in range(2)]
    queue.refuses = True
    told = queue.ask(dry_run=False, letters=letters)["letters"]
    assert [it["outcome"] for it in told] == ["failed: ClientError"] * 2
    assert len(queue.waiting) == 2


def test_of_more_than_can_be_listed_some_are_sent_that_waited_at_the_time(
    queue: DeadLetterQueue,
) -> None:
    for _ in range(MOST + 15):
        queue.keep()
    looked = queue.ask()
    assert (len(looked["letters"]), looked["more"]) == (MOST, True)
    told = queue.ask(dry_run=False, set_aside_before="2026-09-21T14:13:23.000Z")["letters"]
    assert [it["id"] for it in told] == ["m-000", "m-001", "m-002", "m-003"]
    assert {it["outcome"] for it in told} == {"sent"}
    assert len(queue.waiting) == MOST + 11


def test_who_is_slow_says_that_there_may_be_more(queue: DeadLetterQueue) -> None:
    for _ in range(12):
        queue.keep()
    queue.seconds = -0.1
    plain = queue.receive_message

    def slowly(**request: Any) -> dict[str, Any]:
        queue.seconds += redrive_queues.LOOK_SECONDS
        return plain(**request)

    queue.receive_message = slowly  # type: ignore[method-assign]
    answer = queue.ask()
    assert (len(answer["letters"]), answer["more"]) == (10, True)
    assert len(queue.waiting) == 12


def test_letters_that_somebody_has_in_hand_are_waited_for(queue: DeadLetterQueue) -> None:
    letter = queue.keep()
    held = [queue.waiting.pop()]
    plain = queue.receive_message

    def laid_back_after_a_while(**request: Any) -> dict[str, Any]:
        if queue.seconds > 2 and held:
            queue.waiting.append(held.pop())
        return plain(**request)

    queue.receive_message = laid_back_after_a_while  # type: ignore[method-assign]
    assert queue.ask()["letters"] == [], "a look waits for nobody"
    (told,) = queue.ask(dry_run=False, letters=[letter])["letters"]
    assert told["outcome"] == "sent"


@pytest.mark.parametrize(
    "request_",
    [
        {"dry_run": False},
        {"dry_run": True, "letters": ["m-1"]},
        {"dry_run": False, "letters": []},
        {"dry_run": False, "letters": ["m"] * (MOST + 1)},
        {"dry_run": False, "letters": ["m-1"], "set_aside_before": "2026-09-21T14:13:23.000Z"},
        {"dry_run": False, "set_aside_before": "yesterday"},
        {"queue": ""},
        {"everything": True},
    ],
)
def test_a_request_of_another_form_is_refused(
    queue: DeadLetterQueue, request_: dict[str, Any]
) -> None:
    with pytest.raises(msgspec.ValidationError):
        queue.ask(**request_)


def test_a_queue_of_somebody_else_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    addresses = {"Commands": {"dead_letters": "dead", "queue": "own"}}
    monkeypatch.setenv("QUEUES", json.dumps(addresses))
    redrive_queues._queues.cache_clear()
    forget()
    with pytest.raises(UnknownQueue):
        redrive_queues.handler({"queue": "Replies"}, None)
    redrive_queues._queues.cache_clear()
    forget()
