"""The warehouse in memory keeps the contract of the real one."""

import pytest

from tests.support.contracts.warehouse_contract import Levels, WarehouseContract
from tests.support.fakes.in_memory_warehouse import InMemoryWarehouse


class TestWarehouseInMemory(WarehouseContract):
    @pytest.fixture
    def warehouse(self) -> InMemoryWarehouse:
        return InMemoryWarehouse()

    @pytest.fixture
    def levels(self, warehouse: InMemoryWarehouse) -> Levels:
        return lambda sku: warehouse.levels[sku]
