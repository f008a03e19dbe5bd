"""Gifts by /v2: codes of two lists on the same order, which /v1 shows without them."""

import json
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from orders.adapters.event_codec import CODEC
from orders.domain.events import Gift, GiftNote, Wrapping
from orders.handlers import cancel_order, order_history, place_order
from orders_language.schemas import ORDER_EVENTS
from tests.support.examples.orders import BODY, PLACED, recorded
from tests.support.fakes.dynamodb_wire import DynamoDbWire
from tests.unit.orders.conftest import api_event

GIFT = {"wrapping": "paper", "note_code": "happy-birthday"}
BAD_GIFTS: dict[str, tuple[Any, str]] = {
    "free text": ({**GIFT, "note_code": "For Jane, with love"}, "/gift/note_code"),
    "a text beside the code": ({**GIFT, "text": "For Jane"}, "/gift"),
    "a code that there is not": ({**GIFT, "wrapping": "gold"}, "/gift/wrapping"),
    "a code in capitals": ({**GIFT, "wrapping": "PAPER"}, "/gift/wrapping"),
    "a code with a line break": ({**GIFT, "wrapping": "paper\n"}, "/gift/wrapping"),
    "a number": ({**GIFT, "wrapping": 1}, "/gift/wrapping"),
    "two notes": ({**GIFT, "note_code": ["with-love", "thank-you"]}, "/gift/note_code"),
    "a note without wrapping": ({"note_code": "with-love"}, "/gift"),
    "nothing in it": ({}, "/gift"),
    "yes": (True, "/gift"),
    "no": (False, "/gift"),
    "a list": ([GIFT], "/gift"),
    "a very long code": ({**GIFT, "note_code": "a" * 100_000}, "/gift/note_code"),
}


def post(version: int, *, key: str = "key-1", **changes: Any) -> dict[str, Any]:
    event = api_event(json.dumps(BODY | changes), key=key)
    return place_order.handler(event | {"resource": f"/v{version}/orders"}, None)


def history(version: int, order_id: str) -> Any:
    event = api_event(order_id=order_id) | {"resource": f"/v{version}/orders/{{order_id}}/history"}
    return json.loads(order_history.handler(event, None)["body"])


def id_of(answer: dict[str, Any]) -> str:
    return str(json.loads(answer["body"])["order_id"])


@pytest.mark.parametrize("gift", [GIFT, {"wrapping": "box"}, None])
def test_a_gift_is_kept_with_its_order_and_costs_nothing(
    event_store: DynamoDbWire, gift: Any
) -> None:
    answer = post(2, gift=gift)
    assert (answer["statusCode"], json.loads(answer["body"])["total"]) == (202, PLACED.total)
    assert answer["headers"]["Location"] == f"/v2/orders/{id_of(answer)}?min_version=1"
    (item,) = event_store.items.values()
    assert item["schema_version"] == {"N": "2"}
    kept = json.loads(item["data"]["S"])["gift"]
    assert kept == ({"note_code": None} | gift if gift else None)


def test_a_gift_is_told_by_version_2_and_left_out_by_version_1(event_store: DynamoDbWire) -> None:
    order_id = id_of(post(2, gift=GIFT))
    told = history(2, order_id)
    assert told["state"]["gift"] == told["events"][0]["data"]["gift"] == GIFT
    del told["state"]["gift"], told["events"][0]["data"]["gift"]
    assert history(1, order_id) == told


def test_an_order_of_version_1_is_no_gift_in_version_2(event_store: DynamoDbWire) -> None:
    order_id = id_of(post(1))
    assert history(2, order_id)["state"]["gift"] is None


def test_an_event_of_before_is_read_as_no_gift(event_store: DynamoDbWire) -> None:
    data = msgspec.to_builtins(PLACED)
    del data["gift"]
    old = {"schema_version": {"N": "1"}, "data": {"S": json.dumps(data)}}
    assert CODEC.from_item(CODEC.to_item(recorded(PLACED, 1)) | old).event == PLACED
    assert ORDER_EVENTS.upcast_data("OrderPlaced", 1, data)["gift"] is None


def test_version_1_takes_no_gift(event_store: DynamoDbWire) -> None:
    answer = post(1, gift=GIFT)
    assert answer["statusCode"] == 400
    assert json.loads(answer["body"])["errors"][0]["detail"].endswith("unknown field `gift`")
    assert not event_store.items


@pytest.mark.parametrize("wrong", BAD_GIFTS)
def test_what_is_no_gift_is_refused_and_nothing_is_kept(
    event_store: DynamoDbWire, wrong: str
) -> None:
    gift, pointer = BAD_GIFTS[wrong]
    answer = post(2, gift=gift)
    problem = json.loads(answer["body"])
    assert (answer["statusCode"], problem["errors"][0]["pointer"]) == (400, pointer)
    assert not event_store.items


def test_the_same_request_in_both_versions_is_one_order(event_store: DynamoDbWire) -> None:
    assert id_of(post(1)) == id_of(post(2)) == id_of(post(2, gift=None))
    assert len(event_store.items) == 1


@pytest.mark.parametrize(
    ("first", "then"),
    [
        ((1, {}), (2, {"gift": GIFT})),
        ((2, {"gift": GIFT}), (1, {})),
        ((2, {"gift": GIFT}), (2, {"gift": {"wrapping": "paper"}})),
        ((1, {}), (2, {"currency": "GBP"})),
    ],
)
def test_a_key_that_comes_again_with_another_gift_is_refused(
    event_store: DynamoDbWire, first: tuple[int, Any], then: tuple[int, Any]
) -> None:
    post(first[0], **first[1])
    answer = post(then[0], **then[1])
    kind = json.loads(answer["body"])["type"].split("/")[-1]
    assert (answer["statusCode"], kind) == (422, "idempotency-key-reused")
    assert len(event_store.items) == 1


@pytest.mark.parametrize(("placed", "cancelled"), [(1, 2), (2, 1)])
def test_an_order_of_one_version_is_cancelled_by_the_other(
    event_store: DynamoDbWire, placed: int, cancelled: int
) -> None:
    order_id = id_of(post(placed))
    event = api_event('{"reason": "other"}', key="key-2", order_id=order_id)
    resource = f"/v{cancelled}/orders/{{order_id}}/cancellation"
    answer = cancel_order.handler(event | {"resource": resource}, None)
    assert answer["statusCode"] == 202
    assert answer["headers"]["Location"] == f"/v{cancelled}/orders/{order_id}?min_version=2"


@pytest.mark.parametrize("wrapping", Wrapping)
@pytest.mark.parametrize("note", [None, *GiftNote])
def test_every_code_is_one_that_the_published_event_allows(
    wrapping: Wrapping, note: GiftNote | None
) -> None:
    event = replace(PLACED, gift=Gift(wrapping, note))
    ORDER_EVENTS.upcast(CODEC.to_envelope(CODEC.to_item(recorded(event, 1))))
