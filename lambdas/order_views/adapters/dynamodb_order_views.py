"""Order views on DynamoDB: every generation of the read model lives in one table.

An item's key is ``{generation}#{order_id}``; the index ``by-customer`` has the partition
``{generation}#{customer_id}`` and sorts by ``{placed_at}#{order_id}``. The item ``pointer`` names
the generation that is served and the one that is being built, if any.
"""

import time
from collections.abc import Mapping, Sequence
from typing import Any

from botocore.exceptions import ClientError

from order_views.domain.order_view import OrderView

BY_CUSTOMER = "by-customer"
POINTER = {"view_id": {"S": "pointer"}}
FIRST_GENERATION = "g1"
POINTER_SECONDS = 5.0
"""How long a warm function believes the pointer; whoever moves it waits longer than this."""
Item = dict[str, Any]


class Generations:
    """The pointer item, remembered for POINTER_SECONDS."""

    def __init__(self, client: Any, table_name: str) -> None:
        self._client = client
        self._table = table_name
        self._read_at = float("-inf")
        self._live = FIRST_GENERATION
        self._building: str | None = None

    @property
    def live(self) -> str:
        """The generation that queries read."""
        self._refresh()
        return self._live

    @property
    def written(self) -> Sequence[str]:
        """Every generation that the projector keeps up to date."""
        self._refresh()
        return [self._live, self._building] if self._building else [self._live]

    def _refresh(self) -> None:
        if time.monotonic() - self._read_at < POINTER_SECONDS:
            return
        answer = self._client.get_item(TableName=self._table, Key=POINTER, ConsistentRead=True)
        item = answer.get("Item", {})
        self._live = item.get("live", {}).get("S", FIRST_GENERATION)
        self._building = item.get("building", {}).get("S")
        self._read_at = time.monotonic()


class DynamoDbOrderViews:
    """One generation; implements ``order_views.ports.OrderViews`` and ``shared.projector.Table``.

    ``client`` is a botocore DynamoDB client.
    """

    def __init__(self, client: Any, table_name: str, generation: str) -> None:
        self._client = client
        self._table = table_name
        self._generation = generation

    def get(self, order_id: str) -> OrderView | None:
        """One order, if the view has it."""
        return self.load([order_id]).get(order_id)

    def load(self, ids: Sequence[str]) -> Mapping[str, OrderView]:
        """The views that exist, strongly consistent."""
        found: dict[str, OrderView] = {}
        for start in range(0, len(ids), 100):  # BatchGetItem takes 100 keys
            keys = [self._key(order_id) for order_id in ids[start : start + 100]]
            request: Item = {self._table: {"Keys": keys, "ConsistentRead": True}}
            while request:
                answer = self._client.batch_get_item(RequestItems=request)
                for item in answer["Responses"].get(self._table, []):
                    view = _from_item(item)
                    found[view.order_id] = view
                request = answer.get("UnprocessedKeys") or {}
        return found

    def save(self, state: OrderView, base_version: int) -> bool:
        """Keep the view if the kept version is still ``base_version`` (0: none yet)."""
        condition: Item = {"ConditionExpression": "attribute_not_exists(view_id)"}
        if base_version:
            condition = {
                "ConditionExpression": "version = :base",
                "ExpressionAttributeValues": {":base": {"N": str(base_version)}},
            }
        try:
            self._client.put_item(TableName=self._table, Item=self._to_item(state), **condition)
        except ClientError as error:
            if error.response["Error"]["Code"] == "ConditionalCheckFailedException":
                return False
            raise
        return True

    def version_of(self, state: OrderView) -> int:
        """The version that this view has reached."""
        return state.version

    def of_customer(
        self, customer_id: str, limit: int, after: OrderView | None
    ) -> Sequence[OrderView]:
        """A customer's orders, newest first, after the one given."""
        start = (
            {"ExclusiveStartKey": self._key(after.order_id) | self._index_key(after)}
            if after
            else {}
        )
        answer = self._client.query(
            TableName=self._table,
            IndexName=BY_CUSTOMER,
            KeyConditionExpression="customer = :customer",
            ExpressionAttributeValues={":customer": {"S": f"{self._generation}#{customer_id}"}},
            ScanIndexForward=False,
            Limit=limit,
            **start,
        )
        return [_from_item(item) for item in answer["Items"]]

    def _key(self, order_id: str) -> Item:
        return {"view_id": {"S": f"{self._generation}#{order_id}"}}

    def _index_key(self, view: OrderView) -> Item:
        return {
            "customer": {"S": f"{self._generation}#{view.customer_id}"},
            "placed": {"S": f"{view.placed_at}#{view.order_id}"},
        }

    def _to_item(self, view: OrderView) -> Item:
        return {
            **self._key(view.order_id),
            **self._index_key(view),
            "order_id": {"S": view.order_id},
            "version": {"N": str(view.version)},
            "customer_id": {"S": view.customer_id},
            "status": {"S": view.status},
            "currency": {"S": view.currency},
            "total": {"N": str(view.total)},
            "lines": {
                "L": [
                    {
                        "M": {
                            "sku": {"S": line["sku"]},
                            "quantity": {"N": str(line["quantity"])},
                            "unit_price": {"N": str(line["unit_price"])},
                        }
                    }
                    for line in view.lines
                ]
            },
            "ship_to": {"M": {name: {"S": value} for name, value in view.ship_to.items()}},
            "placed_at": {"S": view.placed_at},
            "updated_at": {"S": view.updated_at},
            **({"reason": {"S": view.reason}} if view.reason else {}),
        }


def _from_item(item: Item) -> OrderView:
    return OrderView(
        order_id=item["order_id"]["S"],
        version=int(item["version"]["N"]),
        customer_id=item["customer_id"]["S"],
        status=item["status"]["S"],
        currency=item["currency"]["S"],
        total=int(item["total"]["N"]),
        lines=tuple(
            {
                "sku": line["M"]["sku"]["S"],
                "quantity": int(line["M"]["quantity"]["N"]),
                "unit_price": int(line["M"]["unit_price"]["N"]),
            }
            for line in item["lines"]["L"]
        ),
        ship_to={name: value["S"] for name, value in item["ship_to"]["M"].items()},
        placed_at=item["placed_at"]["S"],
        updated_at=item["updated_at"]["S"],
        reason=item["reason"]["S"] if "reason" in item else None,
    )
