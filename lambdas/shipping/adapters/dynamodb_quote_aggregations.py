"""Aggregations on DynamoDB: each change is one write whose condition decides the race."""

from collections.abc import Sequence
from typing import Any, cast

from botocore.exceptions import ClientError

from shared.runtime.dynamodb_pages import every_item
from shipping.adapters.aggregation_codec import Item, from_item, key_of, quote_item, to_item
from shipping.domain.quote_aggregation import Quote, QuoteAggregation
from shipping.ports import Reception


class DynamoDbQuoteAggregations:
    """Implements ``shipping.ports.QuoteAggregations``.

    The table's key is ``order_id`` (S) and ``request_id`` (S). ``client`` is a botocore client.
    """

    def __init__(self, client: Any, table_name: str) -> None:
        self._client = client
        self._table = table_name

    def open(self, aggregation: QuoteAggregation) -> QuoteAggregation:
        """One put on the condition that there is none."""
        existing = self._unless(
            lambda: self._client.put_item(
                TableName=self._table,
                Item=to_item(aggregation),
                ConditionExpression="attribute_not_exists(order_id)",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        )
        return from_item(existing) if existing else aggregation

    def load(self, order_id: str, request_id: str) -> QuoteAggregation | None:
        """One aggregation, strongly consistent."""
        answer = self._client.get_item(
            TableName=self._table, Key=key_of(order_id, request_id), ConsistentRead=True
        )
        return from_item(answer["Item"]) if "Item" in answer else None

    def of_order(self, order_id: str) -> Sequence[QuoteAggregation]:
        """Every aggregation of an order: one in all but rare cases."""
        items = every_item(
            self._client,
            TableName=self._table,
            KeyConditionExpression="order_id = :id",
            ExpressionAttributeValues={":id": {"S": order_id}},
            ConsistentRead=True,
        )
        return [from_item(item) for item in items]

    def mark_requested(self, aggregation: QuoteAggregation, deadline: str) -> None:
        """Unless it is closed already: a closed aggregation is never written again."""
        self._unless(
            lambda: self._client.update_item(
                TableName=self._table,
                Key=key_of(aggregation.order_id, aggregation.request_id),
                UpdateExpression="SET deadline = :deadline",
                ConditionExpression="#status = :open",
                ExpressionAttributeNames={"#status": "status"},
                ExpressionAttributeValues={
                    ":deadline": {"S": deadline},
                    ":open": {"S": "open"},
                },
            )
        )

    def record(
        self, order_id: str, request_id: str, quote: Quote
    ) -> tuple[Reception, QuoteAggregation | None]:
        """Add this carrier's first fitting answer, while the aggregation is open."""
        answer: Item = {}

        def write() -> None:
            answer.update(
                self._client.update_item(
                    TableName=self._table,
                    Key=key_of(order_id, request_id),
                    UpdateExpression="SET quotes.#carrier = :quote",
                    ConditionExpression=(
                        "#status = :open AND contains(expected, :carrier) AND currency = :currency"
                        " AND attribute_not_exists(quotes.#carrier)"
                    ),
                    ExpressionAttributeNames={"#carrier": quote.carrier, "#status": "status"},
                    ExpressionAttributeValues={
                        ":quote": {"M": quote_item(quote)},
                        ":carrier": {"S": quote.carrier},
                        ":currency": {"S": quote.currency},
                        ":open": {"S": "open"},
                    },
                    ReturnValues="ALL_NEW",
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
            )

        existing = self._unless(write)
        if "Attributes" in answer:
            return Reception.RECORDED, from_item(answer["Attributes"])
        if not existing:
            return Reception.UNKNOWN, None
        aggregation = from_item(existing)
        duplicate = quote.carrier in aggregation.quotes
        return (Reception.DUPLICATE if duplicate else Reception.LATE), aggregation

    def close(self, closed: QuoteAggregation) -> bool:
        """Whoever's write meets the condition has closed it; nobody else's will."""
        chosen = "best" if closed.best is not None else "reason"
        lost = self._unless(
            lambda: self._client.update_item(
                TableName=self._table,
                Key=key_of(closed.order_id, closed.request_id),
                UpdateExpression="SET #status = :closed, #chosen = :chosen",
                ConditionExpression="#status = :open AND size(quotes) = :answers",
                ExpressionAttributeNames={"#status": "status", "#chosen": chosen},
                ExpressionAttributeValues={
                    ":open": {"S": "open"},
                    ":closed": {"S": "closed"},
                    ":chosen": {"S": closed.best or closed.reason},
                    ":answers": {"N": str(len(closed.quotes))},
                },
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        )
        return lost is None

    def _unless(self, write: Any) -> Item | None:
        """Write; None if it was done, or else what was there (empty if nothing was)."""
        try:
            write()
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            return cast(Item, cast(dict[str, Any], error.response).get("Item", {}))
        return None
