"""Sales in DynamoDB: a gate for each order, and counters spread over buckets.

Gates have the key ``{generation}#order#{order_id}`` / ``gate``, counters
``{generation}#day#{day}#{currency}`` / ``{bucket}``; the item ``pointer`` / ``pointer`` names the
generations.
"""

import random
import time
import zlib
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from botocore.exceptions import ClientError

from sales.domain.sales import DayTotal, Sale
from shared.read_models.parked_records import ParkedRecord, ParkedRecords
from shared.read_models.projector import Change, Checkpoint
from shared.read_models.versioned_table import checkpoint_of, gate, succeeds
from shared.runtime.dynamodb_batches import read_items
from shared.runtime.dynamodb_pages import every_item

BUCKETS = 16
"""Counters of a day and currency: one item takes about 1,000 writes a second (DynamoDB quotas,
"partition throughput"), sixteen are summed by one query."""
ATTEMPTS = 8
KEY = ("pk", "sk")
Sales = tuple[Sale, ...]
Item = dict[str, Any]


class SalesTable:
    """One generation; implements ``shared.read_models.projector.Table``.

    What is kept of an order is its gate alone: the state of a change is what comes on top.
    ``client`` is a botocore DynamoDB client.
    """

    def __init__(
        self,
        client: Any,
        table_name: str,
        generation: str,
        parked: ParkedRecords,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = client
        self._table = table_name
        self._generation = generation
        self._parked = parked
        self._sleep = sleep

    def load(self, ids: Sequence[str]) -> Mapping[str, Checkpoint[Sales]]:
        """The gates that exist, strongly consistent."""
        keys = [self._gate_key(order_id) for order_id in ids]
        return {
            item["pk"]["S"].rpartition("#")[2]: checkpoint_of(item, None)
            for item in read_items(self._client, self._table, keys, self._sleep)
        }

    def save(self, change: Change[Sales]) -> bool:
        """Move the gate and add the sales in one transaction: counted once, or not at all."""
        to = change.to
        item = {**self._gate_key(change.aggregate_id), "version": {"N": str(to.version)}}
        if to.stalled_at_version is not None:
            item["stalled_at_version"] = {"N": str(to.stalled_at_version)}
        put = {"TableName": self._table, "Item": item, **gate(change, "pk")}
        writes: list[Item] = [{"Put": put}, *self._additions(change.aggregate_id, to.state or ())]
        if change.parked is not None:
            writes.append({"Put": self._parked.put(change.parked)})
        if len(writes) == 1:
            return succeeds(lambda: self._client.put_item(**put))
        if not succeeds(lambda: self._transact(writes)):
            return False
        if change.parked is not None:
            self._parked.announce(change.parked)
        return True

    def insert(self, changes: Sequence[Change[Sales]]) -> set[str]:  # noqa: ARG002
        """Nothing at once: an order's gate and its sales move in one transaction."""
        return set()

    def park(self, parked: ParkedRecord) -> None:
        """Park a record that belongs to no order."""
        self._parked.park(parked)

    def totals(self, day: str, currencies: Sequence[str]) -> list[DayTotal]:
        """The day's totals in these currencies, those without a sale left out."""
        totals = []
        for currency in currencies:
            counters = self._counters(day, currency)
            orders = sum(int(item["orders"]["N"]) for item in counters)
            amount = sum(int(item["amount"]["N"]) for item in counters)
            if orders:
                totals.append(DayTotal(day, currency, orders, amount))
        return totals

    def _counters(self, day: str, currency: str) -> list[Item]:
        items = every_item(
            self._client,
            TableName=self._table,
            KeyConditionExpression="pk = :day",
            ExpressionAttributeValues={":day": {"S": self._day(day, currency)}},
            ConsistentRead=True,
        )
        return list(items)

    def _additions(self, order_id: str, sales: Sales) -> list[Item]:
        summed: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
        for sale in sales:
            total = summed[sale.day, sale.currency]
            total[0] += 1
            total[1] += sale.amount
        bucket = f"{zlib.crc32(order_id.encode()) % BUCKETS:02d}"
        return [
            {
                "Update": {
                    "TableName": self._table,
                    "Key": {"pk": {"S": self._day(day, currency)}, "sk": {"S": bucket}},
                    "UpdateExpression": "ADD orders :orders, amount :amount",
                    "ExpressionAttributeValues": {
                        ":orders": {"N": str(orders)},
                        ":amount": {"N": str(amount)},
                    },
                }
            }
            for (day, currency), (orders, amount) in summed.items()
        ]

    def _transact(self, writes: list[Item]) -> None:
        for attempt in range(ATTEMPTS):
            try:
                self._client.transact_write_items(TransactItems=writes)
            except ClientError as error:
                if attempt == ATTEMPTS - 1 or not _collided(error):
                    raise
                self._sleep(random.uniform(0, 0.02 * 2**attempt))  # noqa: S311 - jitter
            else:
                return

    def _gate_key(self, order_id: str) -> Item:
        return {"pk": {"S": f"{self._generation}#order#{order_id}"}, "sk": {"S": "gate"}}

    def _day(self, day: str, currency: str) -> str:
        return f"{self._generation}#day#{day}#{currency}"


def _collided(error: ClientError) -> bool:
    """Another transaction held one of the items: nothing was written, trying again helps."""
    reasons: list[Item] = dict(error.response).get("CancellationReasons", [])  # type: ignore[assignment]
    codes = {reason.get("Code") for reason in reasons}
    return "TransactionConflict" in codes and "ConditionalCheckFailed" not in codes
