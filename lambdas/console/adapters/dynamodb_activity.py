"""Activity in DynamoDB: what is found by its time, and each order's line, by the order's id.

A message is an item of the hour in which it occurred, sorted by time and id: its own fields say
where it is, so that it is kept once, whenever it comes again. Most are recorded within APART of
that. Of another one the item is a mark with the time of recording, and the message is found in that
time's place.

An order's line is an item that is saved again and again; its place in the list is a small item of
the day, written when it is first heard of and when its place changes. What the line does not
confirm is no place any more.

So nothing needs an index, which would be written with each of them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
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

KEY, SORT = "kept_in", "kept_at"
ONE = "-"
"""The sort key of what is alone in its partition."""
MARK = "recorded_apart"
"""What tells the mark of a message that is found elsewhere: when it was recorded."""
APART = timedelta(seconds=5)
READ_AT_ONCE = 100
Item = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Kind:
    """What is found by its time: a partition for each span, named by so much of a time's text."""

    name: str
    span: timedelta
    named_by: int

    def partition(self, at: str) -> str:
        return f"{self.name}#{at[: self.named_by]}"


_MESSAGES = _Kind("messages", timedelta(hours=1), len("2026-12-01T12"))
_PLACES = _Kind("orders", timedelta(days=1), len("2026-12-01"))
"""A list of few orders is read in two queries, and not in one for each hour."""


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
            first = _mark(it) if _is_apart(it) else _item(it, it.occurred_at)
            kept = self._put(first, "attribute_not_exists(kept_in)") or first
            if MARK in kept:  # the mark's writer may have ended before this
                at = kept[MARK]["S"]
                self._put(_item(replace(it, recorded_at=at), at))

    def since(self, earliest: datetime, latest: datetime, most: int) -> Sequence[Activity]:
        """Newest first, hour by hour."""
        items = self._by_time(_MESSAGES, earliest - APART, _after_all(latest + APART), most)
        found = (_message(item) for item in items if MARK not in item)
        first, last = clock.format_time(earliest), clock.format_time(latest)
        in_time = (it for it in found if first <= it.recorded_at <= last)
        newest = islice(in_time, most)
        return sorted(newest, key=lambda it: (it.recorded_at, it.id), reverse=True)

    def of(self, order_ids: Sequence[str]) -> Mapping[str, KeptRow]:
        """A strongly consistent read."""
        keys = [_line(it) for it in order_ids]
        found = read_items(self._client, self._table, keys) if keys else ()
        rows = [KeptRow(_row(item), int(item["revision"]["N"])) for item in found]
        return {it.row.order_id: it for it in rows}

    def save(self, row: OrderRow, revision: int, *, is_moved: bool) -> bool:
        """A conditional put, after its place in the list."""
        ends = _end(row.updated_at)
        if is_moved:
            self._put({**_place(_PLACES, row.listed_at, row.order_id), "expires_at": ends})
        item = {
            **_attributes(row),
            **_line(row.order_id),
            "revision": {"N": str(revision)},
            "expires_at": ends,
        }
        before = self._put(
            item,
            "attribute_not_exists(kept_in) OR revision = :before",
            ExpressionAttributeValues={":before": {"N": str(revision - 1)}},
        )
        return before is None

    def listed(
        self, earliest: datetime, latest: datetime, before: tuple[str, str] | None, most: int
    ) -> Sequence[OrderRow]:
        """Newest first, day by day."""
        place = min("#".join(before), _after_all(latest)) if before else _after_all(latest)
        places = self._by_time(_PLACES, earliest, place, most)
        return list(islice(self._rows(it[SORT]["S"] for it in places), most))

    def _rows(self, places: Iterator[str]) -> Iterator[OrderRow]:
        """The lines that are there, as their places come."""
        while some := list(islice(places, READ_AT_ONCE)):
            rows = self.of(list(dict.fromkeys(it.partition("#")[2] for it in some)))
            for place in some:
                listed_at, _, order_id = place.partition("#")
                if order_id in rows and rows[order_id].row.listed_at == listed_at:
                    yield rows[order_id].row

    def _by_time(self, kind: _Kind, earliest: datetime, before: str, most: int) -> Iterator[Item]:
        """Items whose place is from that time on and before that one, newest first."""
        since = clock.format_time(earliest)
        moment = clock.parse_time(before.partition("#")[0])
        while (name := kind.partition(clock.format_time(moment))) >= kind.partition(since):
            yield from self._in_partition(name, since, before, most)
            moment -= kind.span

    def _in_partition(self, name: str, since: str, before: str, most: int) -> Iterator[Item]:
        items = every_item(
            self._client,
            TableName=self._table,
            KeyConditionExpression="kept_in = :name AND kept_at BETWEEN :since AND :before",
            ExpressionAttributeValues={
                ":name": {"S": name},
                ":since": {"S": since},
                ":before": {"S": before},
            },
            ScanIndexForward=False,
            Limit=most + 1,  # the place before which they are may be one of them
        )
        return (it for it in items if it[SORT]["S"] != before)

    def _put(self, item: Item, condition: str | None = None, **values: Item) -> Item | None:
        """What was there, if the condition does not hold."""
        asked = {"TableName": self._table, "Item": item, **values}
        if condition is not None:
            asked["ConditionExpression"] = condition
            asked["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
        try:
            self._client.put_item(**asked)
        except ClientError as error:
            if error.response["Error"]["Code"] == "ConditionalCheckFailedException":
                refusal: Mapping[str, Any] = error.response
                return dict(refusal["Item"])
            raise
        return None


def _is_apart(message: Activity) -> bool:
    occurred, recorded = map(clock.parse_time, (message.occurred_at, message.recorded_at))
    return abs(recorded - occurred) > APART


def _mark(message: Activity) -> Item:
    return {
        **_place(_MESSAGES, message.occurred_at, message.id),
        MARK: {"S": message.recorded_at},
        "expires_at": _end(message.recorded_at),
    }


def _item(message: Activity, at: str) -> Item:
    return {
        **_attributes(message),
        **_place(_MESSAGES, at, message.id),
        "expires_at": _end(message.recorded_at),
    }


def _line(order_id: str) -> Item:
    return {KEY: {"S": f"order#{order_id}"}, SORT: {"S": ONE}}


def _after_all(moment: datetime) -> str:
    """The place after everything of that time."""
    return f"{clock.format_time(moment)}#~"


def _place(kind: _Kind, at: str, its_id: str) -> Item:
    return {KEY: {"S": kind.partition(at)}, SORT: {"S": f"{at}#{its_id}"}}


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
    texts = {name: _text(item, name) for name in _names(Activity) if name != "version"}
    version = int(item["version"]["N"]) if "version" in item else None
    return Activity(version=version, **texts)  # type: ignore[arg-type]


def _row(item: Item) -> OrderRow:
    texts = {name: _text(item, name) for name in _names(OrderRow) if name != "version"}
    return OrderRow(version=int(item["version"]["N"]), **texts)  # type: ignore[arg-type]


def _names(form: type[Activity] | type[OrderRow]) -> list[str]:
    return [it.name for it in fields(form)]


def _text(item: Item, name: str) -> str | None:
    return item[name]["S"] if name in item else None
