"""What is available, from the stock table."""

from collections.abc import Mapping, Sequence
from typing import Any

from inventory.adapters.dynamodb_warehouse import LEVEL
from shared.runtime.dynamodb_batches import read_items


class DynamoDbShelves:
    """Implements ``inventory.ports.Shelves``. ``client`` is a botocore DynamoDB client."""

    def __init__(self, client: Any, stock_table: str) -> None:
        self._client = client
        self._stock = stock_table

    def available(self, skus: Sequence[str]) -> Mapping[str, int]:
        """See ``Shelves``; each SKU is read once. Raises StillUnprocessed: the table throttles."""
        keys = [{"sku": {"S": sku}, "entry": LEVEL} for sku in dict.fromkeys(skus)]
        items = read_items(self._client, self._stock, keys)
        return {it["sku"]["S"]: int(it["available"]["N"]) for it in items if "available" in it}
