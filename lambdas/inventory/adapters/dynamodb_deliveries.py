"""Deliveries on DynamoDB: each is counted once, whoever repeats it."""

from typing import Any

from botocore.exceptions import ClientError

from inventory.adapters.dynamodb_warehouse import LEVEL

COUNT = (
    "SET available = if_not_exists(available, :none) + :quantity, "
    "received = if_not_exists(received, :none) + :quantity, "
    "reserved = if_not_exists(reserved, :none), sold = if_not_exists(sold, :none)"
)


class DynamoDbDeliveries:
    """Implements ``inventory.ports.Deliveries``. ``client`` is a botocore DynamoDB client.

    ``received`` counts every piece that ever came: it is always the sum of the three buckets.
    """

    def __init__(self, client: Any, stock_table: str) -> None:
        self._client = client
        self._stock = stock_table

    def receive(self, delivery_id: str, sku: str, quantity: int, now: str) -> bool:
        """One transaction: the delivery, if it is new, and the level of its SKU."""
        delivery = {
            "sku": {"S": sku},
            "entry": {"S": f"delivery#{delivery_id}"},
            "quantity": {"N": str(quantity)},
            "received_at": {"S": now},
        }
        try:
            self._client.transact_write_items(
                TransactItems=[
                    {
                        "Put": {
                            "TableName": self._stock,
                            "Item": delivery,
                            "ConditionExpression": "attribute_not_exists(sku)",
                        }
                    },
                    {
                        "Update": {
                            "TableName": self._stock,
                            "Key": {"sku": {"S": sku}, "entry": LEVEL},
                            "UpdateExpression": COUNT,
                            "ExpressionAttributeValues": {
                                ":quantity": {"N": str(quantity)},
                                ":none": {"N": "0"},
                            },
                        }
                    },
                ]
            )
        except ClientError as error:
            reasons: list[dict[str, Any]] = dict(error.response).get("CancellationReasons", [])  # type: ignore[assignment]
            if not reasons or reasons[0].get("Code") != "ConditionalCheckFailed":
                raise
            return False
        return True
