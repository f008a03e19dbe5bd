"""What a call is billed as: the rules by which AWS rounds."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

import pytest

from tools.measure.costs import units
from tools.measure.costs.counting import Call
from tools.measure.costs.prices import Charge

NO_INDEXES: units.Indexes = {}
KEY = {"id": {"S": "1"}}


def item(size: int) -> dict[str, Any]:
    return {**KEY, "body": {"S": "x" * (size - units.item_bytes(KEY) - len("body"))}}


def billed(
    service: str,
    operation: str,
    request: Mapping[str, Any],
    response: Mapping[str, Any] | None = None,
    *,
    found: units.Item | None = None,
    indexes: units.Indexes = NO_INDEXES,
) -> list[tuple[str, float]]:
    call = Call("orders/Relay", service, operation, request, response or {}, 200, 10)
    charges: list[Charge] = list(units.charges(call, "orders", lambda *_: found, indexes))
    assert all(charge.owner == "orders" for charge in charges)
    return [(charge.price, charge.quantity) for charge in charges]


@pytest.mark.parametrize(("size", "expected"), [(1024, 1), (1025, 2), (2048, 2), (2049, 3)])
def test_a_write_is_billed_by_the_started_kilobyte(size: int, expected: int) -> None:
    put = {"TableName": "t", "Item": item(size)}
    assert billed("dynamodb", "PutItem", put) == [("dynamodb-writes", expected)]


def test_an_update_is_billed_by_the_whole_item_and_not_by_what_changes() -> None:
    update = {"TableName": "t", "Key": KEY, "UpdateExpression": "SET a = :a"}
    assert billed("dynamodb", "UpdateItem", update, found=item(3000)) == [("dynamodb-writes", 3)]
    assert billed("dynamodb", "UpdateItem", update) == [("dynamodb-writes", 1)]


def test_a_transaction_costs_twice_what_its_writes_cost_alone() -> None:
    request = {
        "TransactItems": [
            {"Put": {"TableName": "t", "Item": item(1500)}},
            {"ConditionCheck": {"TableName": "t", "Key": KEY}},
        ]
    }
    assert billed("dynamodb", "TransactWriteItems", request) == [("dynamodb-writes", 6)]


def test_an_index_is_written_as_well_if_the_item_has_its_keys() -> None:
    indexes = {"t": (frozenset({"id", "body"}), frozenset({"customer"}))}
    put = {"TableName": "t", "Item": item(900)}
    assert billed("dynamodb", "PutItem", put, indexes=indexes) == [("dynamodb-writes", 2)]


def test_each_item_of_a_batch_is_billed_by_itself() -> None:
    request = {"RequestItems": {"t": [{"PutRequest": {"Item": item(900)}}] * 3}}
    assert billed("dynamodb", "BatchWriteItem", request) == [("dynamodb-writes", 1)] * 3


def test_a_read_is_billed_by_the_started_four_kilobytes_and_half_if_it_may_be_old() -> None:
    response = {"Item": item(5000)}
    strong, weak = {"TableName": "t", "ConsistentRead": True}, {"TableName": "t"}
    assert billed("dynamodb", "GetItem", strong, response) == [("dynamodb-reads", 2)]
    assert billed("dynamodb", "GetItem", weak, response) == [("dynamodb-reads", 1)]
    assert billed("dynamodb", "GetItem", weak) == [("dynamodb-reads", 0.5)]


def test_a_query_is_billed_by_the_sum_of_its_items() -> None:
    response = {"Items": [item(1000)] * 5}
    assert billed("dynamodb", "Query", {"ConsistentRead": True}, response) == [
        ("dynamodb-reads", 2)
    ]


def test_a_batch_of_reads_pays_for_those_that_are_not_there() -> None:
    request = {"RequestItems": {"t": {"Keys": [KEY] * 3, "ConsistentRead": True}}}
    response = {"Responses": {"t": [item(5000)]}}
    assert billed("dynamodb", "BatchGetItem", request, response) == [("dynamodb-reads", 4)]


def test_a_record_on_the_log_is_billed_by_the_started_kilobyte() -> None:
    record = {"Data": base64.b64encode(b"x" * 1025).decode()}
    [(price, quantity), _] = billed("kinesis", "PutRecords", {"Records": [record, record]})
    assert price == "kinesis-in"
    assert quantity * units.GB == pytest.approx(2048)


def test_an_event_is_billed_by_the_started_64_kilobytes() -> None:
    entries = [{"Source": "s", "DetailType": "t", "Detail": "{}"}, {"Detail": "x" * 65_537}]
    assert billed("events", "PutEvents", {"Entries": entries}) == [("bus-events", 3)]


def test_a_message_that_a_function_sends_is_billed_where_it_is_received() -> None:
    assert billed("sqs", "SendMessage", {}) == []
    assert billed("sqs", "ReceiveMessage", {}) == [("queue-requests", 1)]


@pytest.mark.parametrize(
    ("value", "size"),
    [
        ({"S": "grün"}, 5),
        ({"N": "1234"}, 3),
        ({"N": "-12.5"}, 3),
        ({"B": base64.b64encode(b"1234567").decode()}, 7),
        ({"BOOL": True}, 1),
        ({"NULL": True}, 1),
        ({"L": [{"S": "ab"}, {"BOOL": False}]}, 3 + 3 + 2),
        ({"M": {"ab": {"S": "c"}}}, 3 + 1 + 3),
        ({"SS": ["ab", "c"]}, 3),
        ({"NS": ["12", "3"]}, 4),
    ],
)
def test_the_size_of_a_value_follows_its_type(value: dict[str, Any], size: int) -> None:
    assert units.item_bytes({"a": value}) == 1 + size
