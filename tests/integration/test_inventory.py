"""Inventory as deployed: the tables keep the contract, commands are answered, sales are heard."""

from __future__ import annotations

import json
import uuid

import pytest

from contracts.product import PRODUCT
from inventory.domain.reservation import Status
from shared.messaging.envelope import encode
from tests.support.contracts.warehouse_contract import Levels, WarehouseContract
from tests.support.drivers.command_driver import CommandDriver, command, verdict
from tests.support.drivers.inventory_driver import DeployedWarehouse
from tests.support.drivers.offline import Deployment, eventually
from tools.local.opening import SEED


@pytest.fixture(scope="module")
def warehouse(deployment: Deployment) -> DeployedWarehouse:
    return DeployedWarehouse(deployment)


@pytest.fixture(scope="module")
def driver(deployment: Deployment) -> CommandDriver:
    return CommandDriver(deployment, "inventory")


@pytest.fixture
def order() -> str:
    return str(uuid.uuid4())


class TestDynamoDbWarehouse(WarehouseContract):
    @pytest.fixture
    def levels(self, warehouse: DeployedWarehouse) -> Levels:
        return warehouse.levels


def confirm(deployment: Deployment, order: str) -> None:
    """Say on the bus what orders says there once an order is confirmed."""
    deployment.cloud.client("events").put_events(
        Entries=[
            {
                "EventBusName": deployment.named("event-log", "buses", "Bus"),
                "Source": f"{PRODUCT}.orders",
                "DetailType": "OrderConfirmed",
                "Detail": encode(command("OrderConfirmed", order)).decode(),
            }
        ]
    )


def test_a_new_deployment_has_its_opening_stock(warehouse: DeployedWarehouse) -> None:
    for delivery in json.loads(SEED.read_text())["deliveries"]:
        assert warehouse.levels(delivery["sku"])["received"] >= delivery["quantity"]


def test_the_opening_stock_is_delivered_once(warehouse: DeployedWarehouse) -> None:
    seed = json.loads(SEED.read_text())
    assert warehouse.invoke("Restock", seed) == {"received": 0, "known": len(seed["deliveries"])}


def test_a_delivery_of_nothing_is_an_error_and_counts_nothing(
    warehouse: DeployedWarehouse,
) -> None:
    sku = warehouse.stocked_with(1)
    wrong = {"delivery_id": "d-2", "sku": sku, "quantity": 0}
    right = {"delivery_id": "d-3", "sku": sku, "quantity": 1}
    answer = warehouse.invoke("Restock", {"deliveries": [right, wrong]})
    assert "quantity" in answer["errorMessage"]
    assert warehouse.levels(sku)["available"] == 1


def test_an_order_is_reserved_for_and_released(
    warehouse: DeployedWarehouse, driver: CommandDriver, order: str
) -> None:
    sku = warehouse.stocked_with(5)
    lines = [{"sku": sku, "quantity": 2}]
    reply = driver.ask("ReserveStock", order, lines=lines)
    assert (verdict(reply), reply["data"]) == (("done", None), {"lines": lines})
    assert warehouse.levels(sku)["reserved"] == 2
    reply = driver.ask("ReleaseStock", order)
    assert (verdict(reply), reply["data"]) == (("done", None), {"released": True})
    assert warehouse.levels(sku) == {"available": 5, "reserved": 0, "sold": 0, "received": 5}
    assert [it.type for it in driver.integration_events(order)] == [
        "StockReserved",
        "StockReleased",
    ]


def test_an_order_for_more_than_there_is_gets_nothing(
    warehouse: DeployedWarehouse, driver: CommandDriver, order: str
) -> None:
    cup, pot = warehouse.stocked_with(5), warehouse.stocked_with(1)
    lines = [{"sku": cup, "quantity": 1}, {"sku": pot, "quantity": 2}]
    reply = driver.ask("ReserveStock", order, lines=lines)
    assert (verdict(reply), reply["data"]) == (("refused", "out-of-stock"), {"sku": pot})
    assert warehouse.levels(cup)["available"] == 5
    assert verdict(driver.ask("ReserveStock", order, lines=lines)) == ("refused", "out-of-stock")


def test_an_unknown_sku_is_refused(driver: CommandDriver, order: str) -> None:
    reply = driver.ask("ReserveStock", order, lines=[{"sku": "BOAT", "quantity": 1}])
    assert (verdict(reply), reply["data"]) == (("refused", "unknown-sku"), {"sku": "BOAT"})


def test_a_confirmed_order_is_sold_as_soon_as_the_bus_says_so(
    deployment: Deployment, warehouse: DeployedWarehouse, driver: CommandDriver, order: str
) -> None:
    sku = warehouse.stocked_with(5)
    driver.ask("ReserveStock", order, lines=[{"sku": sku, "quantity": 2}])
    confirm(deployment, order)
    eventually(lambda: warehouse.reservation(order).status is Status.SOLD)
    assert warehouse.levels(sku) == {"available": 3, "reserved": 0, "sold": 2, "received": 5}
    warehouse.let_expire(order)
    warehouse.invoke("ReleaseExpired", {})
    assert warehouse.levels(sku)["sold"] == 2


def test_a_reservation_that_nobody_came_for_expires_and_says_so_once(
    warehouse: DeployedWarehouse, driver: CommandDriver, order: str
) -> None:
    sku = warehouse.stocked_with(5)
    driver.ask("ReserveStock", order, lines=[{"sku": sku, "quantity": 2}])
    warehouse.let_expire(order)
    # The schedule may have been faster; then this finds nothing left to do.
    for _ in range(2):
        warehouse.invoke("ReleaseExpired", {})
    assert warehouse.levels(sku) == {"available": 5, "reserved": 0, "sold": 0, "received": 5}

    def expiries() -> list[str]:
        released = [it for it in driver.integration_events(order) if it.type == "StockReleased"]
        return [it.data["cause"] for it in released]

    assert eventually(expiries) == ["expired"]
    reply = driver.ask("ReserveStock", order, lines=[{"sku": sku, "quantity": 2}])
    assert verdict(reply) == ("refused", "reservation-expired")
