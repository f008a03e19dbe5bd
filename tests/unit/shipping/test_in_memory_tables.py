"""The tables in memory keep the promises that the commands rest on."""

import pytest

from tests.support.contracts.shipping_tables_contract import (
    QuoteAggregationsContract,
    ShipmentsContract,
)
from tests.support.fakes.in_memory_shipping import InMemoryQuoteAggregations, InMemoryShipments


class TestInMemoryQuoteAggregations(QuoteAggregationsContract):
    @pytest.fixture
    def aggregations(self) -> InMemoryQuoteAggregations:
        return InMemoryQuoteAggregations()


class TestInMemoryShipments(ShipmentsContract):
    @pytest.fixture
    def shipments(self) -> InMemoryShipments:
        return InMemoryShipments()
