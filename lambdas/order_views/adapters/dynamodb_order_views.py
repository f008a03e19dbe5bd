"""Order views on DynamoDB: the projector's table, and the queries on the generation that is served.

The index ``by-customer`` has the partition ``{generation}#{customer_id}`` and sorts by
``{placed_at}#{order_id}``.
"""

from collections.abc import Sequence
from typing import Any

from order_views.domain.order_view import OrderView
from shared.read_models.parked_records import ParkedRecords
from shared.read_models.versioned_table import VersionedTable

KEY = "view_id"
BY_CUSTOMER = "by-customer"
Item = dict[str, Any]


class OrderViewCodec:
    """Implements ``versioned_table.Codec``: attributes by hand, as GraphQL will read them."""

    def to_item(self, state: OrderView, generation: str) -> Item:
        """The view's attributes, with those of the index."""
        item: Item = {
            **index_key(state, generation),
            "order_id": {"S": state.order_id},
            "customer_id": {"S": state.customer_id},
            "status": {"S": state.status},
            "currency": {"S": state.currency},
            "total": {"N": str(state.total)},
            "lines": {
                "L": [
                    {
                        "M": {
                            "sku": {"S": line["sku"]},
                            "quantity": {"N": str(line["quantity"])},
                            "unit_price": {"N": str(line["unit_price"])},
                        }
                    }
                    for line in state.lines
                ]
            },
            "ship_to": {"M": {name: {"S": value} for name, value in state.ship_to.items()}},
            "placed_at": {"S": state.placed_at},
            "updated_at": {"S": state.updated_at},
        }
        if state.reason:
            item["reason"] = {"S": state.reason}
        if state.gift:
            said = {name: {"S": code} for name, code in state.gift.items() if code}
            item["gift"] = {"M": said}
        return item

    def from_item(self, item: Item) -> OrderView | None:
        """The view; None if the order stalled before its first event was applied."""
        if "order_id" not in item:
            return None
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
            gift=_gift(item["gift"]["M"]) if "gift" in item else None,
        )


def _gift(said: Item) -> dict[str, str | None]:
    note = said.get("note_code")
    return {"wrapping": said["wrapping"]["S"], "note_code": note["S"] if note else None}


class DynamoDbOrderViews:
    """What queries read of one generation; implements ``order_views.ports.OrderViews``.

    ``client`` is a botocore DynamoDB client.
    """

    def __init__(self, client: Any, table_name: str, generation: str) -> None:
        self._client = client
        self._table = table_name
        self._generation = generation
        self._codec = OrderViewCodec()

    def get(self, order_id: str) -> OrderView | None:
        """One order, if the view has it; strongly consistent."""
        answer = self._client.get_item(
            TableName=self._table, Key=self._key(order_id), ConsistentRead=True
        )
        return self._codec.from_item(answer["Item"]) if "Item" in answer else None

    def of_customer(
        self, customer_id: str, limit: int, after: OrderView | None
    ) -> Sequence[OrderView]:
        """A customer's orders, newest first, after the one given."""
        page: Item = {}
        if after is not None:
            start = self._key(after.order_id) | index_key(after, self._generation)
            page = {"ExclusiveStartKey": start}
        found: list[OrderView] = []
        while len(found) < limit:  # DynamoDB ends a page at 1 MB, however few items that makes
            answer = self._client.query(
                TableName=self._table,
                IndexName=BY_CUSTOMER,
                KeyConditionExpression="customer = :customer",
                ExpressionAttributeValues={":customer": {"S": f"{self._generation}#{customer_id}"}},
                ScanIndexForward=False,
                Limit=limit - len(found),
                **page,
            )
            found += [view for item in answer["Items"] if (view := self._codec.from_item(item))]
            if "LastEvaluatedKey" not in answer:
                break
            page = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}
        return found

    def _key(self, order_id: str) -> Item:
        return {KEY: {"S": f"{self._generation}#{order_id}"}}


def projected_table(
    client: Any, table_name: str, generation: str, parked: ParkedRecords
) -> VersionedTable[OrderView]:
    """One generation of the view as the projector writes it."""
    return VersionedTable(client, table_name, KEY, generation, OrderViewCodec(), parked)


def index_key(view: OrderView, generation: str) -> Item:
    """The view's place in the index."""
    return {
        "customer": {"S": f"{generation}#{view.customer_id}"},
        "placed": {"S": f"{view.placed_at}#{view.order_id}"},
    }
