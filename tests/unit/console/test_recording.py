"""What the bus carried is kept once, with ids and allowed words alone."""

from __future__ import annotations

import json
import uuid
from dataclasses import asdict, replace
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from console.adapters.dynamodb_activity import KEY, MARK, SORT, DynamoDbActivity
from console.commands import recording
from console.domain.activity import REASONS
from console.domain.order_row import first_heard
from console.handlers.record_activity import Recorder
from console.ports import KeptRow, NotKept
from contracts.product import PRODUCT
from contracts.schemas import CURRENT, schemas_in
from shared.messaging.dead_letters import DeadLetters
from shared.messaging.envelope import Envelope, encode
from shared.messaging.retries import Retries
from shared.runtime import clock
from tests.support.examples.activity import HEARD, NOON, ORDER
from tests.support.fakes.dynamodb_expressions import refusal
from tests.support.fakes.dynamodb_in_memory import DynamoDbInMemory, refusing
from tests.support.fakes.fake_queue import FakeQueue, delivered

TABLE = "activity"
OF_EVERY_WORKER = {"gave-up", "invalid-command", "unknown-command", "unsupported-version"}
"""Reasons that ``shared.messaging.queue_worker`` gives, whatever the command."""


def message(**changed: Any) -> Envelope:
    fields: dict[str, Any] = {
        "event_id": str(uuid.uuid4()),
        "type": "OrderPlaced",
        "schema_version": 1,
        "aggregate_type": "order",
        "aggregate_id": ORDER,
        "version": 1,
        "occurred_at": clock.now(),
        "correlation_id": "22222222-2222-4222-8222-222222222222",
        "causation_id": None,
        "traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "data": {},
    }
    return Envelope(**{**fields, **changed})


def on_the_bus(told: Envelope, source: str = f"{PRODUCT}.orders") -> str:
    return json.dumps({"source": source, "detail": json.loads(encode(told))})


class Parts:
    def __init__(self, activity: DynamoDbActivity) -> None:
        self.queue, self.letters = FakeQueue(), FakeQueue()
        self.recorder = Recorder(
            activity,
            activity,
            DeadLetters(self.letters, "letters"),
            Retries(self.queue, "queue", attempts=3),
        )

    def take(self, *bodies: str, failures: int = 0) -> Any:
        records = [delivered(it, failures=failures, at=at) for at, it in enumerate(bodies)]
        return self.recorder.handle({"Records": records})


@pytest.fixture
def parts(activity: DynamoDbActivity) -> Parts:
    return Parts(activity)


def kept(dynamodb: DynamoDbInMemory, kind: str) -> list[Any]:
    return [it for it in dynamodb.items(TABLE) if it[KEY]["S"].startswith(f"{kind}#")]


def ids(dynamodb: DynamoDbInMemory) -> list[str]:
    """Of the messages that are kept."""
    return sorted(it["id"]["S"] for it in kept(dynamodb, "messages") if MARK not in it)


def test_a_batch_is_kept_with_its_orders_lines(parts: Parts, dynamodb: DynamoDbInMemory) -> None:
    first = message()
    second = message(type="StockReserved", version=None, data={"order_id": ORDER, "lines": []})
    said = [on_the_bus(first), on_the_bus(second, f"{PRODUCT}.inventory")]
    assert parts.take(*said) == {"batchItemFailures": []}
    assert ids(dynamodb) == sorted((first.event_id, second.event_id))
    assert [it["order_id"]["S"] for it in kept(dynamodb, "order")] == [ORDER]
    assert dynamodb.names() == [
        *("put_item", "put_item"),  # each message
        "batch_get_item",
        *("put_item", "put_item"),  # the order's place in the list, and its line
    ]
    dynamodb.calls.clear()
    third = message(type="PaymentAuthorized", version=None, data={"order_id": ORDER})
    parts.take(on_the_bus(third, f"{PRODUCT}.payments"))
    assert dynamodb.names() == ["put_item", "batch_get_item", "put_item"]


def test_what_comes_again_keeps_its_time_and_moves_nothing(
    parts: Parts, dynamodb: DynamoDbInMemory
) -> None:
    said = on_the_bus(message())
    parts.take(said)
    before = dynamodb.items(TABLE)
    assert parts.take(said, said) == {"batchItemFailures": []}
    assert dynamodb.items(TABLE) == before
    assert parts.queue.sent == []


def test_a_message_that_comes_again_is_not_told_again(activity: DynamoDbActivity) -> None:
    activity.keep([HEARD])
    activity.keep([replace(HEARD, recorded_at="2026-12-01T12:00:09.000Z")])
    earliest, latest = NOON - timedelta(hours=1), NOON + timedelta(hours=1)
    assert activity.since(earliest, latest, 10) == [HEARD]


@pytest.mark.parametrize("seconds", [-3600, -6, -5, 0, 5, 6, 3600])
def test_a_message_is_told_when_it_was_recorded_first_whenever_it_occurred(
    activity: DynamoDbActivity, seconds: int
) -> None:
    """It comes again, and again after the first try ended between its two items."""
    occurred = clock.format_time(NOON + timedelta(seconds=seconds))
    first = replace(HEARD, occurred_at=occurred, recorded_at=clock.format_time(NOON))
    activity.keep([first])
    activity.keep([replace(first, recorded_at="2026-12-01T12:00:30.000Z")])
    minute = timedelta(minutes=1)
    assert activity.since(NOON, NOON + minute, 10) == [first]
    assert activity.since(NOON + timedelta(seconds=1), NOON + minute, 10) == []
    assert activity.since(NOON - minute, NOON - timedelta(seconds=1), 10) == []


def test_a_message_whose_mark_alone_was_written_is_told_by_the_next_try(
    dynamodb: DynamoDbInMemory, activity: DynamoDbActivity
) -> None:
    late = replace(HEARD, occurred_at="2026-12-01T11:00:00.000Z")
    puts = iter([None, refusal("ThrottlingException")])

    def refuse_the_second(_operation: str, _request: Any) -> None:
        if refused := next(puts, None):
            raise refused

    dynamodb.before = refuse_the_second
    with pytest.raises(ClientError):
        activity.keep([late])
    assert ids(dynamodb) == []
    activity.keep([replace(late, recorded_at="2026-12-01T12:00:09.000Z")])
    hour = timedelta(hours=1)
    assert activity.since(NOON - hour, NOON + hour, 10) == [late]


def test_everything_goes_after_a_day(parts: Parts, dynamodb: DynamoDbInMemory) -> None:
    parts.take(on_the_bus(message()))
    for item in dynamodb.items(TABLE):
        assert item["expires_at"]["N"].isdecimal()
    ends = activity_end(HEARD)
    assert ends - NOON.timestamp() == pytest.approx(24 * 3600, abs=1)


def activity_end(heard: Any) -> int:
    """When an item of this message goes."""
    dynamodb = DynamoDbInMemory({TABLE: [KEY, SORT]})
    DynamoDbActivity(dynamodb, TABLE).keep([heard])
    [item] = dynamodb.items(TABLE)
    return int(item["expires_at"]["N"])


@pytest.mark.parametrize(
    ("data", "shown"),
    [
        ({"outcome": "refused", "reason": "out-of-stock"}, ("refused", "out-of-stock")),
        ({"outcome": "refused", "reason": "Ada of Wisteria Row"}, ("refused", None)),
        ({"outcome": "<b>", "reason": ["out-of-stock"]}, (None, None)),
        ({"outcome": ["done"], "reason": None}, (None, None)),
    ],
)
def test_of_a_message_ids_and_allowed_words_are_kept_alone(
    data: dict[str, Any], shown: tuple[str | None, str | None]
) -> None:
    reply = message(
        type="CommandReplied",
        version=None,
        data={"order_id": ORDER, "customer_id": "secret", "ship_to": {"x": "secret"}, **data},
    )
    found = recording.activity_of("inventory", reply, HEARD.recorded_at)
    assert (found.outcome, found.reason) == shown
    assert (found.kind, found.order_id) == ("reply", ORDER)
    assert "secret" not in str(asdict(found))


def test_reasons_that_may_be_shown_are_the_contracts_own() -> None:
    schemas = schemas_in(CURRENT).values()
    refusals = {reason for it in schemas for reason in it.get("x-refusals", [])}
    assert refusals | OF_EVERY_WORKER == REASONS


@pytest.mark.parametrize(
    "named", [None, 7, "", "not-an-id", ["0d2f6b0e-8a1d-4c58-9d4e-0a5f5b6d7c81"]]
)
def test_a_message_that_names_no_order_is_about_none(named: object) -> None:
    told = message(type="StockReserved", version=None, aggregate_type="order", data={})
    if named is not None:
        told.data["order_id"] = named
    found = recording.activity_of("inventory", told, HEARD.recorded_at)
    assert found.order_id == (None if named else ORDER)


def test_a_customers_message_says_nothing_of_the_customer() -> None:
    told = message(
        type="CustomerForgotten",
        aggregate_id=ORDER,
        version=None,
        aggregate_type="customer",
        data={"customer_id": ORDER},
    )
    found = recording.activity_of("customers", told, HEARD.recorded_at)
    assert found.order_id is None
    assert ORDER not in asdict(found).values()


@pytest.mark.parametrize("source", [f"{PRODUCT}.", f"{PRODUCT}.Or ders", f"x{PRODUCT}.x", "aws.s3"])
def test_what_no_service_of_ours_said_is_parked(
    parts: Parts, dynamodb: DynamoDbInMemory, source: str
) -> None:
    assert parts.take(on_the_bus(message(), source)) == {"batchItemFailures": []}
    assert "is no service" in parts.letters.reasons()[0]
    assert dynamodb.items(TABLE) == []


def test_what_is_no_message_is_parked_and_holds_nobody_up(
    parts: Parts, dynamodb: DynamoDbInMemory
) -> None:
    parts.take("{}", on_the_bus(message()), f'{{"source": "{PRODUCT}.orders", "detail": {{}}}}')
    assert len(parts.letters.sent) == 2
    assert len(ids(dynamodb)) == 1


def test_one_message_that_cannot_be_kept_comes_again_by_itself(
    parts: Parts, dynamodb: DynamoDbInMemory
) -> None:
    bad, good = message(), message()

    def refuse(operation: str, request: dict[str, Any]) -> None:
        if operation == "put_item" and bad.event_id in str(request):
            raise refusal("ValidationException")

    dynamodb.before = refuse
    assert parts.take(on_the_bus(bad), on_the_bus(good)) == {"batchItemFailures": []}
    assert ids(dynamodb) == [good.event_id]
    assert [bad.event_id in it["MessageBody"] for it in parts.queue.sent] == [True]


def test_what_failed_often_enough_is_parked(parts: Parts, dynamodb: DynamoDbInMemory) -> None:
    dynamodb.before = refusing(*["ThrottlingException"] * 2, on="put_item")
    parts.take(on_the_bus(message()), failures=2)
    assert parts.letters.reasons() == ["it could not be kept"]
    assert not parts.queue.sent


class Contested(DynamoDbActivity):
    """Others save first, so many times."""

    lost = 0

    def of(self, order_ids: Any) -> dict[str, KeptRow]:
        found = dict(super().of(order_ids))
        if self.lost:
            self.lost -= 1
            for its_id in order_ids:
                row = first_heard(HEARD)
                revision = found[its_id].revision if its_id in found else 0
                super().save(row, revision + 1, is_moved=True)
        return found


@pytest.mark.parametrize(("lost", "is_kept"), [(1, True), (2, True), (3, False)])
def test_a_line_that_others_save_is_made_again(
    dynamodb: DynamoDbInMemory, lost: int, is_kept: bool
) -> None:
    contested = Contested(dynamodb, TABLE)
    contested.lost = lost
    confirmed = recording.activity_of(
        "orders", message(type="OrderConfirmed", version=2), HEARD.recorded_at
    )
    if is_kept:
        recording.record(contested, contested, [confirmed])
        assert contested.of([ORDER])[ORDER].row.status == "confirmed"
    else:
        with pytest.raises(NotKept):
            recording.record(contested, contested, [confirmed])
