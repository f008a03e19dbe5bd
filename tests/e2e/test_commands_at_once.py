"""Commands that are repeated, or race each other: one event, one answer, one winner."""

import json
import uuid
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from tests.support.drivers.offline import Answer
from tests.support.drivers.system import System, an_order


def test_an_order_sent_three_times_is_placed_once_and_answered_alike(system: System) -> None:
    key = str(uuid.uuid4())
    answers = [system.place(key=key) for _ in range(3)]
    assert [answer.status for answer in answers] == [202] * 3
    assert answers[0].json == answers[1].json == answers[2].json
    assert len({answer.headers["Location"] for answer in answers}) == 1
    assert times_placed(system, answers[0].json["order_id"]) == 1


def test_an_order_sent_ten_times_at_once_is_placed_once(system: System) -> None:
    key = str(uuid.uuid4())
    answers = at_once([partial(system.place, key=key)] * 10)
    assert {answer.status for answer in answers} == {202}
    assert len({json.dumps(answer.json, sort_keys=True) for answer in answers}) == 1
    assert times_placed(system, answers[0].json["order_id"]) == 1


def test_the_same_key_with_another_order_is_refused(system: System) -> None:
    key = str(uuid.uuid4())
    first = system.place(an_order(quantity=1), key=key)
    second = system.place(an_order(quantity=2), key=key)
    assert (second.status, kind(second)) == (422, "idempotency-key-reused")
    assert times_placed(system, first.json["order_id"]) == 1


def test_of_two_cancellations_at_once_exactly_one_is_accepted(system: System) -> None:
    for _ in range(3):
        order_id = system.placed()
        answers = at_once([partial(system.cancel, order_id)] * 2)
        statuses = sorted(answer.status for answer in answers)
        events = system.stored(order_id)
        if events[1]["type"] == "OrderCancelled":
            assert statuses == [202, 409]
        else:
            assert statuses == [409, 409]  # fulfilment was faster than both
        assert {kind(answer) for answer in answers if answer.status == 409} == {"order-not-open"}
        assert [event["version"] for event in events] == ["1", "2"]
        state = system.history(order_id).json["state"]
        assert system.visible(order_id, version=2)["status"] == state["status"]


def test_a_cancellation_sent_three_times_is_one_cancellation(system: System) -> None:
    key = str(uuid.uuid4())
    for _attempt in range(5):
        order_id = system.placed()
        answers = [system.cancel(order_id, key=key) for _ in range(3)]
        if answers[0].status == 202:  # else fulfilment was faster
            break
    assert [answer.status for answer in answers] == [202] * 3
    assert answers[0].json == answers[1].json == answers[2].json
    assert [event["type"] for event in system.stored(order_id)] == ["OrderPlaced", "OrderCancelled"]


def times_placed(system: System, order_id: str) -> int:
    return [event["type"] for event in system.stored(order_id)].count("OrderPlaced")


def at_once(calls: list[partial[Answer]]) -> list[Answer]:
    """Make all the calls together, each on a thread of its own."""
    with ThreadPoolExecutor(len(calls)) as pool:
        return [future.result() for future in [pool.submit(call) for call in calls]]


def kind(answer: Answer) -> str:
    """The last segment of the problem's type."""
    assert answer.headers["Content-Type"] == "application/problem+json"
    its_kind: str = answer.json["type"].split("/")[-1]
    return its_kind
