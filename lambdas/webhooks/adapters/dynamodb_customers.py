"""Whose customers those are whom partners have registered: one item for each, and no name in it."""

from typing import Any

from botocore.exceptions import ClientError

from webhooks.ports import Forgotten


class DynamoDbCustomers:
    """Implements ``webhooks.ports.Customers``. ``client`` is a botocore DynamoDB client."""

    def __init__(self, client: Any, table: str) -> None:
        self._client = client
        self._table = table

    def link(self, customer_id: str, partner: str) -> None:
        """One put, unless the customer was forgotten."""
        try:
            self._client.put_item(
                TableName=self._table,
                Item={"customer_id": {"S": customer_id}, "partner": {"S": partner}},
                ConditionExpression="attribute_not_exists(forgotten)",
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            raise Forgotten(customer_id) from error

    def partner_of(self, customer_id: str) -> str | None:
        """One strongly consistent read."""
        answer = self._client.get_item(
            TableName=self._table, Key={"customer_id": {"S": customer_id}}, ConsistentRead=True
        )
        item = answer.get("Item", {})
        return item["partner"]["S"] if "partner" in item else None

    def forget(self, customer_id: str) -> None:
        """What stays keeps a late registration from coming after it."""
        self._client.put_item(
            TableName=self._table,
            Item={"customer_id": {"S": customer_id}, "forgotten": {"BOOL": True}},
        )
