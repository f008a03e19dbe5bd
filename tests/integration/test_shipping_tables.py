"""The deployed tables keep the promises that the commands rest on."""

from __future__ import annotations

import pytest

from shipping.adapters.dynamodb_quote_aggregations import DynamoDbQuoteAggregations
from shipping.adapters.dynamodb_shipments import DynamoDbShipments
from tests.support.contracts.shipping_tables_contract import (
    QuoteAggregationsContract,
    ShipmentsContract,
)
from tests.support.drivers.offline import Deployment


class TestDynamoDbQuoteAggregations(QuoteAggregationsContract):
    @pytest.fixture
    def aggregations(self, deployment: Deployment) -> DynamoDbQuoteAggregations:
        table = deployment.named("shipping", "tables", "Gatherings")
        return DynamoDbQuoteAggregations(deployment.cloud.client("dynamodb"), table)


class TestDynamoDbShipments(ShipmentsContract):
    @pytest.fixture
    def shipments(self, deployment: Deployment) -> DynamoDbShipments:
        table = deployment.named("shipping", "tables", "Shipments")
        return DynamoDbShipments(deployment.cloud.client("dynamodb"), table)
