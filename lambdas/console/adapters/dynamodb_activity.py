"""Activity in DynamoDB: a message or an order's line is an item, found by its id or by its hour.

The index ``by-time`` has the partition ``messages#{hour}`` or ``orders#{hour}``, and sorts by time
and id. One query finds what came since; an hour that is over is a query more.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, fields
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from botocore.exceptions import ClientError

from console.domain.activity import Activity
from console.domain.order_row import OrderRow
from console.ports import KeptRow
from console.queries import KEPT
from shared.runtime import clock
from shared.runtime.dynamodb_batches import read_items
from shared.runtime.dynamodb_pages import every_item

KEY = "id"
BY_TIME = "by-time"
PARTITION, SORT = "kept_in", "kept_at"
HOUR = timedelta(hours=1)
Item = dict[str, Any]


class DynamoDbActivity:
    """Implements ``console.ports.Messages`` and ``Orders``. ``client`` is a botocore client."""

    def __init__(self, client: Any, table: str) -> None:
        self._client = client
        self._table = table

    def keep(self, messages: Sequence[Activity]) -> None:
        """One conditional put each: no call writes many items and looks at each of them first.

        PartiQL would; but what IAM asks of it, nobody can try offline.
        """
        for it in messages:
            item = {
                **_attributes(it),
                KEY: {"S": f"message#{it.id}"},
                "message_id": {"S": it.id},
                **_place("messages", it.recorded_at, it.id),
                "expires_at": _end(it.recorded_at),
            }
            self._put(item, "attribute_not_exists(id)")

    def since(self, earliest: datetime, latest: datetime, most: int) -> Sequence[Activity]:
        """Newest first, hour by hour."""
        items = self._by_time("messages", earliest, _after_all(latest), most)
        return [_message(item) for item in islice(items, most)]

    def of(self, order_ids: Sequence[str]) -> Mapping[str, KeptRow]:
        """A strongly consistent read."""
        keys = [{KEY: {"S": f"order#{it}"}} for it in order_ids]
        found = read_items(self._client, self._table, keys) if keys else ()
        rows = [KeptRow(_row(item), int(item["revision"]["N"])) for item in found]
        return {it.row.order_id: it for it in rows}

    def save(self, row: OrderRow, revision: int) -> bool:
        """A conditional put."""
        item = {
            **_attributes(row),
            KEY: {"S": f"order#{row.order_id}"},
            **_place("orders", row.listed_at, row.order_id),
            "revision": {"N": str(revision)},
            "expires_at": _end(row.updated_at),
        }
        return self._put(
            item,
            "attribute_not_exists(id) OR revision = :before",
            ExpressionAttributeValues={":before": {"N": str(revision - 1)}},
        )

    def listed(
        self, earliest: datetime, latest: datetime, before: tuple[str, str] | None, most: int
    ) -> Sequence[OrderRow]:
        """Newest first, hour by hour."""
        place = min("#".join(before), _after_all(latest)) if before else _after_all(latest)
        items = self._by_time("orders", earliest, place, most)
        return [_row(item) for item in islice(items, most)]

    def _by_time(self, kind: str, earliest: datetime, before: str, most: int) -> Iterator[Item]:
        """Items whose place is from that time on and before that one, newest first."""
        since = clock.format_time(earliest)
        hour = clock.parse_time(before.partition("#")[0])
        while (name := clock.format_time(hour)[:13]) >= since[:13]:
            yield from self._in_hour(f"{kind}#{name}", since, before, most)
            hour -= HOUR

    def _in_hour(self, partition: str, since: str, before: str, most: int) -> Iterator[Item]:
        items = every_item(
            self._client,
            TableName=self._table,
            IndexName=BY_TIME,
            KeyConditionExpression="kept_in = :hour AND kept_at BETWEEN :since AND :before",
            ExpressionAttributeValues={
                ":hour": {"S": partition},
                ":since": {"S": since},
                ":before": {"S": before},
            },
            ScanIndexForward=False,
            Limit=most + 1,  # the place before which they are may be one of them
        )
        return (it for it in items if it[SORT]["S"] != before)

    def _put(self, item: Item, condition: str, **values: Item) -> bool:
        """Whether the condition held."""
        try:
            self._client.put_item(
                TableName=self._table, Item=item, ConditionExpression=condition, **values
            )
        except ClientError as error:
            if error.response["Error"]["Code"] == "ConditionalCheckFailedException":
                return False
            raise
        return True


def _after_all(moment: datetime) -> str:
    """The place after everything of that time."""
    return f"{clock.format_time(moment)}#~"


def _place(kind: str, at: str, its_id: str) -> Item:
    return {PARTITION: {"S": f"{kind}#{at[:13]}"}, SORT: {"S": f"{at}#{its_id}"}}


def _end(moment: str) -> Item:
    """When it may go: a day after."""
    return {"N": str(int((clock.parse_time(moment) + KEPT).timestamp()))}


def _attributes(it: Activity | OrderRow) -> Item:
    """What is there, by name; what is not has no attribute."""
    return {
        name: {"N": str(value)} if isinstance(value, int) else {"S": value}
        for name, value in asdict(it).items()
        if value is not None
    }


def _message(item: Item) -> Activity:
    texts = {name: _text(item, name) for name in _names(Activity) if name not in ("id", "version")}
    version = int(item["version"]["N"]) if "version" in item else None
    return Activity(id=item["message_id"]["S"], version=version, **texts)  # type: ignore[arg-type]


def _row(item: Item) -> OrderRow:
    texts = {name: _text(item, name) for name in _names(OrderRow) if name != "version"}
    return OrderRow(version=int(item["version"]["N"]), **texts)  # type: ignore[arg-type]


def _names(form: type[Activity] | type[OrderRow]) -> list[str]:
    return [it.name for it in fields(form)]


def _text(item: Item, name: str) -> str | None:
    return item[name]["S"] if name in item else None
