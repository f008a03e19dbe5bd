"""Operators look at a consumer: how far it is, what it parked, and nothing about anybody."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from shared.messaging.log_records import LogRecord
from shared.read_models import show
from shared.read_models.log_positions import LogPositions
from shared.read_models.parked_records import MAX_BODY, ParkedRecord, ParkedRecords
from shared.read_models.projector import Checkpoint
from tests.support.examples.log_of_orders import ORDERS
from tests.support.fakes.dynamodb_in_memory import DynamoDbInMemory

ORDER, OTHER = ORDERS[:2]
KEPT: dict[str, Checkpoint[Any]] = {ORDER: Checkpoint(3, {"customer_id": "customer-1"}, 4)}


class Consumer:
    consumer = "sales"

    def __init__(self, database: DynamoDbInMemory) -> None:
        self.parked_records = ParkedRecords(database, "parked", "sales")
        self.positions = LogPositions(database, "parked", "sales")

    def park(self, number: int, order_id: str | None = None, size: int = 9) -> None:
        record = LogRecord("shard-0", str(number), b"x" * size)
        self.parked_records.park(ParkedRecord.of(record, f"why {number}", order_id, 1))


@pytest.fixture
def consumer() -> Consumer:
    return Consumer(DynamoDbInMemory({"parked": ("consumer", "record")}, page=60))


@pytest.fixture
def ask(consumer: Consumer) -> Callable[..., Any]:
    def ask(**request: Any) -> Any:
        answer = show.answer(request, consumer, KEPT.get)
        json.dumps(answer)  # as Lambda does
        return answer

    return ask


def test_how_far_it_is_and_how_many_are_parked(consumer: Consumer, ask: Callable[..., Any]) -> None:
    consumer.positions.reached({"Records": [{"eventID": "shard-0:7", "kinesis": {}}]})
    consumer.park(1)
    consumer.park(2)
    answer = ask()
    assert [(it["shard"], it["sequence"]) for it in answer.pop("positions")] == [("shard-0", "7")]
    assert answer == {"consumer": "sales", "parked": 2, "parked_capped": False}


def test_many_parked_records_are_counted_up_to_a_limit(
    consumer: Consumer, ask: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(show, "MOST_COUNTED", 100)
    for number in range(150):
        consumer.park(number)
    assert (ask()["parked"], ask()["parked_capped"]) == (100, True)


def test_of_an_aggregate_only_its_versions_are_told(ask: Callable[..., Any]) -> None:
    assert ask(aggregate_id=ORDER)["kept"] == {"version": 3, "stalled_at_version": 4}
    assert ask(aggregate_id=OTHER)["kept"] is None


def test_a_list_tells_reasons_and_what_can_be_redriven_and_no_bodies(
    consumer: Consumer, ask: Callable[..., Any]
) -> None:
    consumer.park(1, ORDER)
    consumer.park(2)
    consumer.park(3, size=MAX_BODY + 1)
    answer = ask(parked=True)
    assert [(it["reason"], it["aggregate_id"], it["redrivable"]) for it in answer["parked"]] == [
        ("why 1", ORDER, True),
        ("why 2", None, True),
        ("why 3", None, False),
    ]
    assert all("body" not in it for it in answer["parked"])
    assert answer["next"] is None


def test_a_list_goes_on_where_it_ended(consumer: Consumer, ask: Callable[..., Any]) -> None:
    for number in range(show.MOST_LISTED + 20):
        consumer.park(number)
    first = ask(parked=True)
    second = ask(parked=True, after=first["next"])
    assert (len(first["parked"]), len(second["parked"])) == (show.MOST_LISTED, 20)
    sequences = [it["sequence"] for it in first["parked"] + second["parked"]]
    assert sequences == [str(number) for number in range(show.MOST_LISTED + 20)]
    assert second["next"] is None


@pytest.mark.parametrize(
    "request_", [{"aggregate_id": "x"}, {"redrive": True}, {"parked": True, "after": ""}]
)
def test_another_form_is_refused(ask: Callable[..., Any], request_: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        ask(**request_)
