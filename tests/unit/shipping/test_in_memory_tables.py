"""The tables in memory keep the promises that the commands rest on."""

import pytest

from tests.support.contracts.shipping_tables_contract import GatheringsContract, ShipmentsContract
from tests.support.fakes.in_memory_shipping import InMemoryGatherings, InMemoryShipments


class TestInMemoryGatherings(GatheringsContract):
    @pytest.fixture
    def gatherings(self) -> InMemoryGatherings:
        return InMemoryGatherings()


class TestInMemoryShipments(ShipmentsContract):
    @pytest.fixture
    def shipments(self) -> InMemoryShipments:
        return InMemoryShipments()
