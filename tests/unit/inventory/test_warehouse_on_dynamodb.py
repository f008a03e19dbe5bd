"""The warehouse on DynamoDB keeps its contract, and takes no refusal for an answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from inventory.adapters.dynamodb_deliveries import DynamoDbDeliveries
from inventory.adapters.dynamodb_warehouse import BY_DEADLINE, DynamoDbWarehouse
from inventory.domain.errors import StockMissing
from inventory.domain.reservation import Bucket, Line
from tests.support.contracts.warehouse_contract import Levels, WarehouseContract
from tests.support.examples.inventory import NOON, ONE, TWO, held, new_id
from tests.support.fakes.dynamodb_expressions import refusal
from tests.support.fakes.dynamodb_in_memory import DynamoDbInMemory


class StockedTables(DynamoDbWarehouse, DynamoDbDeliveries):
    """Both adapters on the same tables."""


@pytest.fixture
def database() -> DynamoDbInMemory:
    return DynamoDbInMemory(
        {"stock": ("sku", "entry"), "reservations": ("order_id",)},
        {BY_DEADLINE: ("due_shard", "expires_at")},
        page=2,
    )


@pytest.fixture
def warehouse(database: DynamoDbInMemory) -> StockedTables:
    return StockedTables(database, "stock", "reservations", lambda _seconds: None)


class TestWarehouseOnDynamoDb(WarehouseContract):
    @pytest.fixture
    def levels(self, database: DynamoDbInMemory) -> Levels:
        def read(sku: str) -> dict[str, int]:
            item = database.tables["stock"][sku, "level"]
            names = ("available", "reserved", "sold", "received")
            return {name: int(item[name]["N"]) for name in names}

        return read


CALLS: dict[str, Callable[[StockedTables], Any]] = {
    "find": lambda it: it.find(new_id()),
    "move": lambda it: it.move(
        None, held(new_id(), Line("CUP", 1)), Bucket.AVAILABLE, Bucket.RESERVED
    ),
    "keep": lambda it: it.keep(None, held(new_id())),
    "due": lambda it: list(it.due(NOON)),
    "receive": lambda it: it.receive("d-2", "CUP", 1, NOON),
}


@pytest.mark.parametrize("name", CALLS)
def test_a_table_that_refuses_is_an_error_and_never_an_answer(
    warehouse: StockedTables, database: DynamoDbInMemory, name: str
) -> None:
    warehouse.receive("d-1", "CUP", 5, NOON)
    before = database.items("stock")

    def refuse(_operation: str, _request: object) -> None:
        raise refusal("AccessDeniedException")

    database.before = refuse
    with pytest.raises(ClientError, match="AccessDenied"):
        CALLS[name](warehouse)
    assert database.items("stock") == before
    assert database.items("reservations") == []


def test_a_delivery_that_meets_another_is_an_error_so_that_it_comes_again(
    warehouse: StockedTables, database: DynamoDbInMemory
) -> None:
    database.conflicts = [["None", "TransactionConflict"]]
    with pytest.raises(ClientError):
        warehouse.receive("d-1", "CUP", 5, NOON)
    assert warehouse.receive("d-1", "CUP", 5, NOON)


def test_every_reservation_that_is_due_is_found_page_by_page(warehouse: StockedTables) -> None:
    warehouse.receive("d-1", "CUP", 40, NOON)
    orders = [new_id() for _ in range(40)]
    for order in orders:
        warehouse.move(
            None, held(order, Line("CUP", 1), until=ONE), Bucket.AVAILABLE, Bucket.RESERVED
        )
    assert sorted(it.order_id for it in warehouse.due(TWO)) == sorted(orders)
    assert list(warehouse.due(NOON)) == []


def test_of_several_missing_lines_the_first_is_named(warehouse: StockedTables) -> None:
    warehouse.receive("d-1", "CUP", 5, NOON)
    lines = (Line("BOAT", 1), Line("CUP", 6))
    with pytest.raises(StockMissing) as missing:
        warehouse.move(None, held(new_id(), *lines), Bucket.AVAILABLE, Bucket.RESERVED)
    assert (missing.value.sku, missing.value.reason) == ("BOAT", "unknown-sku")
