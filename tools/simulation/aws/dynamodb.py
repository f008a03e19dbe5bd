"""DynamoDB: conditional writes, transactions, queries, indexes, and streams in order by item only.

Reads that are not strongly consistent, and all of indexes, may be of a moment before. Throttles and
lost answers come from the seam; transactions meet each other here.
"""

from __future__ import annotations

import re
from bisect import insort
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from tools.simulation.aws.expressions import (
    Condition,
    Item,
    Malformed,
    condition,
    number,
    update,
)
from tools.simulation.seam import Call, Refusal
from tools.simulation.world import World

Key = tuple[Any, ...]
STALE_SECONDS = 2.0
"""How old a read may be that is not strongly consistent."""
MOST_IN_TRANSACTION = 100
MOST_IN_GET, MOST_IN_WRITE, MOST_STATEMENTS = 100, 25, 25


@dataclass
class Table:
    """One table. ``key`` and each index's key are names of attributes, the sort key last."""

    name: str
    key: tuple[str, ...]
    indexes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    stream: Stream | None = None
    items: dict[Key, Item] = field(default_factory=dict)
    partitions: dict[Any, list[Key]] = field(default_factory=dict)
    before: dict[Key, tuple[float, Item | None]] = field(default_factory=dict)
    """When an item was last written, and what it was until then."""
    writes: int = 0

    def key_of(self, item: Item) -> Key:
        """A sortable key. Raises Refusal."""
        return tuple(_plain(item, name) for name in self.key)


@dataclass
class Stream:
    """A table's changes: each item's in order, and different items' in any order."""

    view: str
    waiting: dict[Key, deque[dict[str, Any]]] = field(default_factory=dict)
    wake: Callable[[], None] = lambda: None
    number: int = 0


class DynamoDb:
    """The service, for the tables that it is given."""

    def __init__(self, world: World, tables: Mapping[str, Table]) -> None:
        self._world = world
        self.tables = tables
        self._tokens: set[str] = set()
        """Of transactions that were made: a client that repeats one makes it once."""

    def operations(self) -> dict[str, Call]:
        """By their names in the API."""
        return {
            "GetItem": self.get_item,
            "PutItem": self.put_item,
            "UpdateItem": self.update_item,
            "DeleteItem": self.delete_item,
            "Query": self.query,
            "Scan": self.scan,
            "BatchGetItem": self.batch_get_item,
            "BatchWriteItem": self.batch_write_item,
            "BatchExecuteStatement": self.batch_execute_statement,
            "TransactWriteItems": self.transact_write_items,
        }

    def get_item(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        table = self._table(asked)
        item = self._read(table, table.key_of(asked["Key"]), asked.get("ConsistentRead", False))
        return {} if item is None else {"Item": _projected(item, asked)}

    def put_item(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        table = self._table(asked)
        key, before = self._checked(table, asked, asked["Item"])
        self._write(table, key, asked["Item"])
        return _attributes(asked, before, asked["Item"])

    def delete_item(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        table = self._table(asked)
        key, before = self._checked(table, asked, asked["Key"])
        self._write(table, key, None)
        return _attributes(asked, before, None)

    def update_item(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        table = self._table(asked)
        key, before = self._checked(table, asked, asked["Key"])
        after = _updated(asked, before)
        self._write(table, key, after)
        return _attributes(asked, before, after)

    def query(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        table = self._table(asked)
        index = asked.get("IndexName")
        key = table.indexes[index] if index else table.key
        consistent = asked.get("ConsistentRead", False)
        if index and consistent:
            raise Refusal("ValidationException", "no consistent reads of a global index")
        matches = condition(asked["KeyConditionExpression"])
        names = asked.get("ExpressionAttributeNames", {})
        values = asked["ExpressionAttributeValues"]
        found = self._candidates(table, key, index, asked, consistent)
        chosen = [(place, item) for place, item in sorted(found) if matches(item, names, values)]
        return self._page(table, key, asked, chosen)

    def scan(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        table = self._table(asked)
        index = asked.get("IndexName")
        key = table.indexes[index] if index else table.key
        items = [
            (_place(table, key, item), item)
            for item in table.items.values()
            if all(name in item for name in key)
        ]
        items.sort(key=lambda it: it[0])
        return self._page(table, key, asked, items)

    def batch_get_item(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        answer: dict[str, Any] = {"Responses": {}, "UnprocessedKeys": {}}
        for name, part in asked["RequestItems"].items():
            table = self._named(name)
            if len(part["Keys"]) > MOST_IN_GET:
                raise Refusal("ValidationException", "too many keys")
            found, left = answer["Responses"].setdefault(name, []), []
            for wanted in part["Keys"]:
                if self._throws("items left unprocessed"):
                    left.append(wanted)
                    continue
                item = self._read(table, table.key_of(wanted), part.get("ConsistentRead", False))
                if item is not None:
                    found.append(_projected(item, part))
            self._world.random.shuffle(found)
            if left:
                answer["UnprocessedKeys"][name] = {**part, "Keys": left}
        return answer

    def batch_write_item(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        left: dict[str, list[Any]] = {}
        for name, writes in asked["RequestItems"].items():
            table = self._named(name)
            for write in writes:
                if self._throws("items left unprocessed"):
                    left.setdefault(name, []).append(write)
                elif "PutRequest" in write:
                    item = write["PutRequest"]["Item"]
                    self._write(table, table.key_of(item), item)
                else:
                    self._write(table, table.key_of(write["DeleteRequest"]["Key"]), None)
        return {"UnprocessedItems": left}

    def batch_execute_statement(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """PartiQL's INSERT, the only statement that there is here."""
        if len(asked["Statements"]) > MOST_STATEMENTS:
            raise Refusal("ValidationException", "too many statements")
        return {"Responses": [self._execute(it) for it in asked["Statements"]]}

    def _execute(self, statement: Mapping[str, Any]) -> dict[str, Any]:
        name, attributes = _insertion(statement["Statement"])
        table = self._named(name)
        item = dict(zip(attributes, statement["Parameters"], strict=True))
        key = table.key_of(item)
        if key in table.items:
            return {"TableName": name, "Error": {"Code": "DuplicateItem", "Message": "exists"}}
        if self._throws("items left unprocessed"):
            return {"TableName": name, "Error": {"Code": "ThrottlingError", "Message": "slow"}}
        self._write(table, key, item)
        return {"TableName": name}

    def transact_write_items(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        writes = asked["TransactItems"]
        token = asked.get("ClientRequestToken")
        if token in self._tokens:
            return {}
        if len(writes) > MOST_IN_TRANSACTION:
            raise Refusal("ValidationException", "too many writes")
        reasons: list[dict[str, Any]] = []
        planned: list[tuple[Table, Key, Item | None, bool]] = []
        for write in writes:
            ((kind, part),) = write.items()
            reasons.append({"Code": "None"})
            try:
                planned.append(self._planned(kind, part))
            except Refusal as refusal:
                code = "ConditionalCheckFailed"
                if refusal.code != "ConditionalCheckFailedException":
                    code = "ValidationError"
                reasons[-1] = {"Code": code, **refusal.more}
        places = [(table.name, key) for table, key, _, _ in planned]
        if len(set(places)) != len(places):
            raise Refusal("ValidationException", "two writes on one item")
        if self._throws("transaction conflict"):
            reasons[self._world.random.randrange(len(reasons))] = {"Code": "TransactionConflict"}
        if any(reason["Code"] != "None" for reason in reasons):
            codes = ", ".join(reason["Code"] for reason in reasons)
            raise Refusal(
                "TransactionCanceledException",
                f"Transaction cancelled, [{codes}]",
                CancellationReasons=reasons,
            )
        for table, key, item, is_write in planned:
            if is_write:
                self._write(table, key, item)
        if token is not None:
            self._tokens.add(token)
        return {}

    def _planned(self, kind: str, part: Mapping[str, Any]) -> tuple[Table, Key, Item | None, bool]:
        table = self._table(part)
        key, before = self._checked(table, part, part["Item"] if kind == "Put" else part["Key"])
        if kind == "Put":
            return table, key, part["Item"], True
        if kind == "Update":
            return table, key, _updated(part, before), True
        return table, key, None, kind == "Delete"

    def _checked(
        self, table: Table, asked: Mapping[str, Any], keyed: Item
    ) -> tuple[Key, Item | None]:
        """Key and item as it is, if the condition holds. Raises Refusal."""
        key = table.key_of(keyed)
        before = table.items.get(key)
        text = asked.get("ConditionExpression")
        if text is not None and not _holds(condition(text), before, asked):
            more: dict[str, Any] = {}
            if asked.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD" and before:
                more = {"Item": before}
            raise Refusal(
                "ConditionalCheckFailedException", "The conditional request failed", **more
            )
        return key, before

    def _write(self, table: Table, key: Key, item: Item | None) -> None:
        before = table.items.get(key)
        table.before[key] = (self._world.now, before)
        table.writes += 1
        if item is None:
            if before is not None:
                del table.items[key]
                table.partitions[key[0]].remove(key)
        else:
            if before is None:
                insort(table.partitions.setdefault(key[0], []), key)
            table.items[key] = item
        if table.stream is not None and before != item:
            _into_stream(table.stream, table.key, key, before, item)

    def _read(self, table: Table, key: Key, consistent: bool) -> Item | None:
        item = table.items.get(key)
        if consistent or key not in table.before:
            return item
        written, older = table.before[key]
        if self._world.now - written < STALE_SECONDS and self._throws("stale read"):
            return older
        return item

    def _candidates(
        self,
        table: Table,
        key: tuple[str, ...],
        index: str | None,
        asked: Mapping[str, Any],
        consistent: bool,
    ) -> Iterator[tuple[Key, Item]]:
        wanted = _partition(asked, key[0])
        if index is None:
            places = list(table.partitions.get(wanted, ()))
            for place in places:
                item = self._read(table, place, consistent)
                if item is not None:
                    yield place, item
            return
        first, fresh = key[0], self._world.now - STALE_SECONDS
        for place, present in list(table.items.items()):
            is_fresh = table.before[place][0] > fresh
            item = self._read(table, place, consistent=False) if is_fresh else present
            if item is None or first not in item or _plain(item, first) != wanted:
                continue
            if len(key) == 1 or key[1] in item:
                yield _place(table, key, item), item

    def is_empty(self, table: str, index: str) -> bool:
        """Whether an index has no item at all."""
        about = self.tables[table]
        first = about.indexes[index][0]
        return not any(first in item for item in about.items.values())

    def _page(
        self,
        table: Table,
        key: tuple[str, ...],
        asked: Mapping[str, Any],
        found: list[tuple[Key, Item]],
    ) -> dict[str, Any]:
        if asked.get("ScanIndexForward") is False:
            found = found[::-1]
        start = asked.get("ExclusiveStartKey")
        if start is not None:
            after = _place(table, key, start)
            backward = asked.get("ScanIndexForward") is False
            found = [it for it in found if (it[0] < after if backward else it[0] > after)]
        limit = asked.get("Limit", len(found))
        page, rest = found[:limit], found[limit:]
        items = [item for _, item in page if _passes(asked, item)]
        answer: dict[str, Any] = {"Count": len(items), "ScannedCount": len(page)}
        if asked.get("Select") != "COUNT":
            answer["Items"] = [_projected(item, asked) for item in items]
        if rest or (page and limit == len(page) and "Limit" in asked):
            last = page[-1][1]
            answer["LastEvaluatedKey"] = {name: last[name] for name in {*table.key, *key}}
        return answer

    def _throws(self, fault: str) -> bool:
        process = self._world.current
        return process is not None and process.vulnerable and self._world.dice.throw(fault)

    def _table(self, asked: Mapping[str, Any]) -> Table:
        return self._named(asked["TableName"])

    def _named(self, name: str) -> Table:
        if name not in self.tables:
            raise Refusal("ResourceNotFoundException", f"no table {name}")
        return self.tables[name]


def _plain(item: Item, name: str) -> Any:
    if name not in item:
        raise Refusal("ValidationException", f"the key attribute {name} is missing")
    attribute = item[name]
    if "S" in attribute:
        if attribute["S"] == "":
            raise Refusal("ValidationException", f"the key attribute {name} is empty")
        return attribute["S"]
    return number(attribute) if "N" in attribute else attribute["B"]


def _place(table: Table, key: tuple[str, ...], item: Item) -> Key:
    """Where an item stands in a table or an index; what is equal there stands by its own key."""
    own = tuple(_plain(item, name) for name in key)
    return own if key is table.key else (*own, *table.key_of(item))


def _partition(asked: Mapping[str, Any], name: str) -> Any:
    """The value of the partition key that a query asks for. Raises Refusal: it names none."""
    names = {value: key for key, value in asked.get("ExpressionAttributeNames", {}).items()}
    match = _equal_to(names.get(name, name), asked["KeyConditionExpression"])
    if match is None:
        raise Refusal("ValidationException", f"the key condition does not fix {name}")
    return _plain({name: asked["ExpressionAttributeValues"][match]}, name)


@lru_cache(256)
def _equal_to(name: str, text: str) -> str | None:
    match = re.search(rf"(?:^|[\s(]){re.escape(name)}\s*=\s*(:\w+)", text)
    return match[1] if match else None


@lru_cache(64)
def _insertion(statement: str) -> tuple[str, tuple[str, ...]]:
    match = re.fullmatch(r'INSERT INTO "([^"]+)" VALUE \{(.*)\}', statement)
    if match is None:
        raise Refusal("ValidationException", statement)
    return match[1], tuple(re.findall(r"'([^']+)': \?", match[2]))


def _holds(test: Condition, item: Item | None, asked: Mapping[str, Any]) -> bool:
    try:
        return test(
            item or {},
            asked.get("ExpressionAttributeNames", {}),
            asked.get("ExpressionAttributeValues", {}),
        )
    except Malformed as malformed:
        raise Refusal("ValidationException", str(malformed)) from malformed


def _updated(asked: Mapping[str, Any], before: Item | None) -> Item:
    try:
        return update(asked["UpdateExpression"])(
            before or dict(asked["Key"]),
            asked.get("ExpressionAttributeNames", {}),
            asked.get("ExpressionAttributeValues", {}),
        )
    except Malformed as malformed:
        raise Refusal("ValidationException", str(malformed)) from malformed


def _passes(asked: Mapping[str, Any], item: Item) -> bool:
    text = asked.get("FilterExpression")
    return text is None or _holds(condition(text), item, asked)


def _projected(item: Item, asked: Mapping[str, Any]) -> Item:
    text = asked.get("ProjectionExpression")
    if text is None:
        return dict(item)
    names = asked.get("ExpressionAttributeNames", {})
    wanted = [names.get(name.strip(), name.strip()) for name in text.split(",")]
    return {name: item[name] for name in wanted if name in item}


def _attributes(
    asked: Mapping[str, Any], before: Item | None, after: Item | None
) -> dict[str, Any]:
    wanted = asked.get("ReturnValues", "NONE")
    if wanted == "ALL_OLD" and before:
        return {"Attributes": before}
    if wanted in ("ALL_NEW", "UPDATED_NEW") and after:
        return {"Attributes": after}
    return {}


def _into_stream(
    stream: Stream, names: tuple[str, ...], key: Key, before: Item | None, item: Item | None
) -> None:
    stream.number += 1
    kind = "INSERT" if before is None else "REMOVE" if item is None else "MODIFY"
    image = item if item is not None else before
    assert image is not None
    change: dict[str, Any] = {
        "Keys": {name: image[name] for name in names},
        "SequenceNumber": str(stream.number).rjust(21, "0"),
        "StreamViewType": stream.view,
    }
    if before is not None and stream.view in ("OLD_IMAGE", "NEW_AND_OLD_IMAGES"):
        change["OldImage"] = before
    if item is not None and stream.view != "KEYS_ONLY":
        change["NewImage"] = item
    record = {"eventID": str(stream.number), "eventName": kind, "dynamodb": change}
    stream.waiting.setdefault(key, deque()).append(record)
    stream.wake()
