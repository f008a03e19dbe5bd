"""Whatever bytes arrive as a body: never a fault of ours, and never an event that breaks a rule."""

import base64
import copy
import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orders.domain.price_list import CURRENCIES, PRODUCTS
from orders.handlers import place_order
from orders.handlers.requests import MAX_QUANTITY
from shared.runtime.payloads import MAX_EVENT_BYTES
from tests.support.examples.orders import BODY
from tests.support.fakes.dynamodb_wire import DynamoDbWire
from tests.unit.orders.conftest import api_event

unhurried = settings(
    deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150
)
SURROGATES = st.text(st.characters(categories=["Cs", "Lu", "Cc", "Zl", "So"]), max_size=5)
HOSTILE = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.floats(),
        st.integers(-(10**30), 10**30),
        st.sampled_from([2**31, 2**63, 2**64, 10**400, -1, 1.0, 1e308]),
        st.text(max_size=8),
        SURROGATES,
        st.sampled_from([*PRODUCTS, *CURRENCIES]),
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner),
    max_leaves=8,
)
PATHS = [
    ("lines",),
    ("currency",),
    ("ship_to",),
    ("lines", 0),
    ("lines", 0, "sku"),
    ("lines", 0, "quantity"),
    ("ship_to", "address_id"),
    ("ship_to", "country"),
    ("ship_to", "postcode_area"),
    ("ship_to", "extra"),
    ("lines", 0, "unit_price"),
    ("extra",),
]


@unhurried
@given(path=st.sampled_from(PATHS), value=HOSTILE, escaped=st.booleans())
def test_any_value_in_any_place_is_accepted_by_the_rules_or_refused(
    event_store: DynamoDbWire, path: tuple[Any, ...], value: Any, escaped: bool
) -> None:
    wish = copy.deepcopy(BODY)
    target = wish
    for step in path[:-1]:
        target = target[step]
    target[path[-1]] = value
    send(event_store, json.dumps(wish, ensure_ascii=escaped))


@unhurried
@given(body=st.text() | SURROGATES)
def test_any_text_is_refused(event_store: DynamoDbWire, body: str) -> None:
    assert send(event_store, body) in (400, 413)


@unhurried
@given(body=st.binary(max_size=200), cut=st.integers(0, 200))
def test_any_bytes_are_refused(event_store: DynamoDbWire, body: bytes, cut: int) -> None:
    good = json.dumps(BODY).encode()
    broken = good[:cut] + body + good[cut + 1 :]
    assert send(event_store, base64.b64encode(broken).decode(), is_base64=True) in (400, 422, 202)


def test_what_claims_to_be_base64_and_is_not_is_refused(event_store: DynamoDbWire) -> None:
    for body in ("===", "a", "ü", "\ud800"):
        assert send(event_store, body, is_base64=True) == 400


def test_a_body_nested_a_hundred_thousand_deep_is_refused(event_store: DynamoDbWire) -> None:
    depth = 100_000
    assert send(event_store, "[" * depth) == 400
    assert send(event_store, '{"lines":' * (depth // 5)) == 400
    assert send(event_store, json.dumps(BODY)[:-1] + ', "x": ' + "[" * depth + "}") == 400


def test_a_field_given_twice_is_refused(event_store: DynamoDbWire) -> None:
    twice = json.dumps(BODY)[:-1] + ', "currency": "XXX"}'
    assert send(event_store, twice) == 400
    assert event_store.calls == []


def test_a_field_name_that_no_text_can_hold_is_refused(event_store: DynamoDbWire) -> None:
    for name in ('"\\ud800"', '"\\udc00x"', '"a`b` - at `$.lines`"'):
        assert send(event_store, json.dumps(BODY)[:-1] + f", {name}: 1}}") == 400


def test_a_body_is_refused_from_the_first_byte_over_the_limit(event_store: DynamoDbWire) -> None:
    body = json.dumps(BODY)
    assert send(event_store, body + " " * (MAX_EVENT_BYTES - len(body))) == 202
    assert send(event_store, body + " " * (MAX_EVENT_BYTES - len(body) + 1)) == 413


def send(event_store: DynamoDbWire, body: str, *, is_base64: bool = False) -> int:
    """Post a body; whatever it is, the answer and the event store must fit together."""
    event_store.items.clear()
    answer = place_order.handler(api_event(body) | {"isBase64Encoded": is_base64}, None)
    status: int = answer["statusCode"]
    answer["body"].encode("utf-8")
    document = json.loads(answer["body"])
    assert status in (202, 400, 413, 422), document
    if status == 202:
        (item,) = event_store.items.values()
        data = json.loads(item["data"]["S"])
        assert data["currency"] in CURRENCIES
        assert all(1 <= line["quantity"] <= MAX_QUANTITY for line in data["lines"])
        assert all(line["sku"] in PRODUCTS for line in data["lines"])
        assert data["total"] > 0
        assert data["ship_to"].keys() == {"address_id", "country", "postcode_area"}
        assert json.dumps(data["ship_to"]).isascii()
    else:
        assert not event_store.items
        assert document["status"] == status
        assert answer["headers"]["Content-Type"] == "application/problem+json"
    return status
