"""Stock and reservations on DynamoDB: one transaction for each change."""

import random
import time
from collections.abc import Callable, Iterator
from typing import Any

from botocore.exceptions import ClientError

from inventory.adapters.reservation_codec import DUE_SHARDS, Item, from_item, to_item
from inventory.domain.errors import Contended, Overtaken, StockMissing
from inventory.domain.reservation import Bucket, Line, Reservation
from shared.runtime.dynamodb_pages import every_item

BY_DEADLINE = "by-deadline"
LEVEL = {"S": "level"}
ATTEMPTS = 8
FIRST_PAUSE = 0.02
LONGEST_PAUSE = 0.4
PASSING = {"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"}


class DynamoDbWarehouse:
    """Implements ``inventory.ports.Warehouse``.

    The stock table's key is ``sku`` and ``entry``: the entry ``level`` holds ``available``,
    ``reserved`` and ``sold``; ``delivery#{id}`` is a delivery. The reservations table's key is
    ``order_id``. ``client`` is a botocore DynamoDB client; ``pause`` takes seconds.
    """

    def __init__(
        self,
        client: Any,
        stock_table: str,
        reservations_table: str,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = client
        self._stock = stock_table
        self._reservations = reservations_table
        self._pause = pause

    def find(self, order_id: str) -> Reservation | None:
        """The order's reservation, strongly consistent."""
        answer = self._client.get_item(
            TableName=self._reservations, Key={"order_id": {"S": order_id}}, ConsistentRead=True
        )
        return from_item(answer["Item"]) if "Item" in answer else None

    def move(
        self, before: Reservation | None, after: Reservation, source: Bucket, target: Bucket
    ) -> None:
        """One transaction; conflicts with others' are tried again after a random pause."""
        writes = [
            {"Put": self._put(before, after)},
            *({"Update": self._shift(line, source, target)} for line in after.lines),
        ]
        for attempt in range(ATTEMPTS):
            try:
                self._client.transact_write_items(TransactItems=writes)
                return
            except ClientError as error:
                codes = _cancellation_codes(error)
            self._raise_if_refused(codes, after)
            self._pause(random.uniform(0, min(LONGEST_PAUSE, FIRST_PAUSE * 2**attempt)))  # noqa: S311
        raise Contended(after.order_id)

    def keep(self, before: Reservation | None, after: Reservation) -> bool:
        """One conditional put."""
        try:
            self._client.put_item(**self._put(before, after))
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            return False
        return True

    def due(self, now: str) -> Iterator[Reservation]:
        """From the index, shard by shard, the longest due first."""
        for shard in range(DUE_SHARDS):
            items = every_item(
                self._client,
                TableName=self._reservations,
                IndexName=BY_DEADLINE,
                KeyConditionExpression="due_shard = :shard AND expires_at <= :now",
                ExpressionAttributeValues={":shard": {"S": str(shard)}, ":now": {"S": now}},
            )
            yield from map(from_item, items)

    def _put(self, before: Reservation | None, after: Reservation) -> Item:
        condition: Item = {"ConditionExpression": "attribute_not_exists(order_id)"}
        if before is not None:
            condition = {
                "ConditionExpression": "#status = :before",
                "ExpressionAttributeNames": {"#status": "status"},
                "ExpressionAttributeValues": {":before": {"S": before.status}},
            }
        return {"TableName": self._reservations, "Item": to_item(after), **condition}

    def _shift(self, line: Line, source: Bucket, target: Bucket) -> Item:
        return {
            "TableName": self._stock,
            "Key": {"sku": {"S": line.sku}, "entry": LEVEL},
            "UpdateExpression": "SET #from = #from - :quantity, #to = #to + :quantity",
            "ConditionExpression": "#from >= :quantity",
            "ExpressionAttributeNames": {"#from": source, "#to": target},
            "ExpressionAttributeValues": {":quantity": {"N": str(line.quantity)}},
        }

    def _raise_if_refused(self, codes: list[str], after: Reservation) -> None:
        if codes[0] == "ConditionalCheckFailed":
            raise Overtaken(after.order_id)
        for line, code in zip(after.lines, codes[1:], strict=True):
            if code == "ConditionalCheckFailed":
                reason = "out-of-stock" if self._is_known(line.sku) else "unknown-sku"
                raise StockMissing(line.sku, reason)

    def _is_known(self, sku: str) -> bool:
        answer = self._client.get_item(
            TableName=self._stock, Key={"sku": {"S": sku}, "entry": LEVEL}, ConsistentRead=True
        )
        return "Item" in answer


def _cancellation_codes(error: ClientError) -> list[str]:
    """One code for each write. Any error that is no cancelled transaction is raised again."""
    if error.response["Error"]["Code"] != "TransactionCanceledException":
        raise error
    response: Item = dict(error.response)
    codes = [reason.get("Code", "None") for reason in response["CancellationReasons"]]
    if not set(codes) & {"ConditionalCheckFailed", *PASSING}:
        raise error
    return codes
