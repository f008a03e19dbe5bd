"""Inventory as tests see it: stock that comes in, numbers by SKU, and the real adapter."""

from __future__ import annotations

import json
import uuid
from typing import Any

from inventory.adapters.dynamodb_deliveries import DynamoDbDeliveries
from inventory.adapters.dynamodb_warehouse import DynamoDbWarehouse
from inventory.adapters.reservation_codec import from_item
from inventory.domain.reservation import Reservation
from tests.support.drivers.offline import Deployment


class DeployedWarehouse(DynamoDbWarehouse, DynamoDbDeliveries):
    """The deployed tables behind the real adapters."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        tables = deployment.outputs["services"]["inventory"]["tables"]
        client = deployment.cloud.client("dynamodb")
        DynamoDbWarehouse.__init__(self, client, tables["Stock"], tables["Reservations"])

    def levels(self, sku: str) -> dict[str, int]:
        """A SKU's numbers: available, reserved, sold, received."""
        item = self._client.get_item(
            TableName=self._stock,
            Key={"sku": {"S": sku}, "entry": {"S": "level"}},
            ConsistentRead=True,
        )["Item"]
        names = ("available", "reserved", "sold", "received")
        return {name: int(item[name]["N"]) for name in names}

    def stocked_with(self, quantity: int) -> str:
        """A new SKU of which so many pieces were delivered."""
        sku = f"SKU-{uuid.uuid4().hex[:12]}"
        self.invoke(
            "Restock",
            {"deliveries": [{"delivery_id": "d-1", "sku": sku, "quantity": quantity}]},
        )
        return sku

    def reservation(self, order_id: str) -> Reservation:
        """The order's reservation."""
        found = self.find(order_id)
        assert found is not None
        return found

    def let_expire(self, order_id: str) -> None:
        """Make an order's reservation one that should have ended long ago."""
        self._client.update_item(
            TableName=self._reservations,
            Key={"order_id": {"S": order_id}},
            UpdateExpression="SET expires_at = :then",
            ExpressionAttributeValues={":then": {"S": "2020-01-01T00:00:00.000Z"}},
        )

    def all_reservations(self) -> list[Reservation]:
        """Every reservation that there is."""
        pages = self._client.get_paginator("scan").paginate(TableName=self._reservations)
        return [from_item(item) for page in pages for item in page["Items"]]

    def invoke(self, function: str, payload: Any) -> Any:
        """What one of inventory's functions answers."""
        answer = self._deployment.cloud.client("lambda").invoke(
            FunctionName=self._deployment.named("inventory", "functions", function),
            Payload=json.dumps(payload).encode(),
        )
        return json.loads(answer["Payload"].read())
