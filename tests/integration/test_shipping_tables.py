"""The deployed tables keep the promises that the commands rest on."""

from __future__ import annotations

import pytest

from shipping.adapters.dynamodb_gatherings import DynamoDbGatherings
from shipping.adapters.dynamodb_shipments import DynamoDbShipments
from tests.support.contracts.shipping_tables_contract import GatheringsContract, ShipmentsContract
from tests.support.drivers.offline import Deployment


class TestDynamoDbGatherings(GatheringsContract):
    @pytest.fixture
    def gatherings(self, deployment: Deployment) -> DynamoDbGatherings:
        table = deployment.named("shipping", "tables", "Gatherings")
        return DynamoDbGatherings(deployment.cloud.client("dynamodb"), table)


class TestDynamoDbShipments(ShipmentsContract):
    @pytest.fixture
    def shipments(self, deployment: Deployment) -> DynamoDbShipments:
        table = deployment.named("shipping", "tables", "Shipments")
        return DynamoDbShipments(deployment.cloud.client("dynamodb"), table)
