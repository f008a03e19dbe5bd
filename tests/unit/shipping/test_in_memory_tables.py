"""The tables in memory keep the promises that the commands rest on."""

import pytest

from tests.unit.shipping.in_memory import InMemoryGatherings, InMemoryShipments
from tests.unit.shipping.tables_contract import GatheringsContract, ShipmentsContract


class TestInMemoryGatherings(GatheringsContract):
    @pytest.fixture
    def gatherings(self) -> InMemoryGatherings:
        return InMemoryGatherings()


class TestInMemoryShipments(ShipmentsContract):
    @pytest.fixture
    def shipments(self) -> InMemoryShipments:
        return InMemoryShipments()
