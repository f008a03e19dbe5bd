"""DynamoDB in memory, as a botocore client: it judges conditions and refuses what DynamoDB refuses.

It does what the adapters use, and raises for what they do not. What a test makes go wrong:

- ``before`` is called with the operation and its request, and may raise ``refusal(...)``;
- ``leaves`` holds how many keys or writes the next batches leave unprocessed;
- ``breaks`` holds, for the statements of batches in turn, a code or None;
- ``conflicts`` holds, for the next transactions, the code of each write.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from decimal import Decimal
from threading import RLock
from typing import Any

from botocore.exceptions import ClientError

from tests.support.fakes.dynamodb_expressions import Condition, Item, Update, copied, plain, refusal

MAX_ITEM = 400 * 1024
MAX_DIGITS = 38
LIMITS = {
    "batch_get_item": 100,
    "batch_write_item": 25,
    "batch_execute_statement": 25,
    "transact_write_items": 100,
}
PAGE = 1000


class DynamoDbInMemory:
    """``keys`` gives each table's key, ``indexes`` each index's; ``page`` is how many items fit."""

    def __init__(
        self,
        keys: Mapping[str, Sequence[str]],
        indexes: Mapping[str, Sequence[str]] | None = None,
        page: int = PAGE,
    ) -> None:
        self.tables: dict[str, dict[tuple[str, ...], Item]] = {table: {} for table in keys}
        self.calls: list[tuple[str, Item]] = []
        self.before: Callable[[str, Item], None] = lambda _operation, _request: None
        self.leaves: list[int] = []
        self.breaks: list[str | None] = []
        self.conflicts: list[list[str]] = []
        self._keys = keys
        self._indexes = indexes or {}
        self._page = page
        self._lock = RLock()

    def names(self) -> list[str]:
        """The operations that came, in order."""
        return [operation for operation, _ in self.calls]

    def items(self, table: str) -> list[Item]:
        """What a table holds, by key."""
        return [self.tables[table][key] for key in sorted(self.tables[table])]

    def get_item(self, **request: Any) -> Item:
        self._called("get_item", request)
        found = self._find(request["TableName"], request["Key"])
        return {"Item": copied(found)} if found is not None else {}

    def put_item(self, **request: Any) -> Item:
        self._called("put_item", request)
        with self._lock:
            self._judged(request, request["Item"])
            self._put(request["TableName"], request["Item"])
        return {}

    def delete_item(self, **request: Any) -> Item:
        self._called("delete_item", request)
        with self._lock:
            self._judged(request, request["Key"])
            self._delete(request["TableName"], request["Key"])
        return {}

    def update_item(self, **request: Any) -> Item:
        self._called("update_item", request)
        with self._lock:
            self._judged(request, request["Key"])
            item = self._update(request)
        return {"Attributes": copied(item)} if request.get("ReturnValues") == "ALL_NEW" else {}

    def query(self, **request: Any) -> Item:
        self._called("query", request)
        index = request.get("IndexName")
        if index and request.get("ConsistentRead"):
            raise refusal("ValidationException", "no consistent reads on an index")
        key = self._indexes[index] if index else self._keys[request["TableName"]]
        expression = Condition(request, "KeyConditionExpression")
        return self._paged(request, key, expression.holds)

    def scan(self, **request: Any) -> Item:
        self._called("scan", request)
        Condition(request, "FilterExpression")
        return self._paged(request, self._keys[request["TableName"]], lambda _item: True)

    def batch_get_item(self, **request: Any) -> Item:
        self._called("batch_get_item", request)
        responses: dict[str, list[Item]] = {}
        unprocessed: Item = {}
        for table, asked in request["RequestItems"].items():
            keys = asked["Keys"]
            _limited("batch_get_item", keys)
            if len({self._key(table, key) for key in keys}) < len(keys):
                raise refusal("ValidationException", "the keys contain duplicates")
            done = len(keys) - (self.leaves.pop(0) if self.leaves else 0)
            found = [self._find(table, key) for key in keys[:done]]
            responses[table] = [copied(item) for item in found if item is not None]
            if keys[done:]:
                unprocessed[table] = {**asked, "Keys": keys[done:]}
        return {"Responses": responses, "UnprocessedKeys": unprocessed}

    def batch_write_item(self, **request: Any) -> Item:
        self._called("batch_write_item", request)
        unprocessed: Item = {}
        for table, writes in request["RequestItems"].items():
            _limited("batch_write_item", writes)
            done = len(writes) - (self.leaves.pop(0) if self.leaves else 0)
            for write in writes[:done]:
                if "PutRequest" in write:
                    self._put(table, write["PutRequest"]["Item"])
                else:
                    self._delete(table, write["DeleteRequest"]["Key"])
            if writes[done:]:
                unprocessed[table] = writes[done:]
        return {"UnprocessedItems": unprocessed}

    def batch_execute_statement(self, **request: Any) -> Item:
        """Only INSERT statements."""
        self._called("batch_execute_statement", request)
        _limited("batch_execute_statement", request["Statements"])
        return {"Responses": [self._inserted(it) for it in request["Statements"]]}

    def transact_write_items(self, **request: Any) -> Item:
        self._called("transact_write_items", request)
        writes = [next(iter(write.items())) for write in request["TransactItems"]]
        _limited("transact_write_items", writes)
        if self.conflicts:
            codes = self.conflicts.pop(0)
            raise _cancelled(codes + ["None"] * (len(writes) - len(codes)))
        places = [
            (write["TableName"], self._key(write["TableName"], write.get("Item") or write["Key"]))
            for _, write in writes
        ]
        if len(set(places)) < len(places):
            raise refusal("ValidationException", "more than one operation on one item")
        with self._lock:
            codes = []
            for _, write in writes:
                try:
                    self._judged(write, write.get("Item") or write["Key"])
                    codes.append("None")
                except ClientError as error:
                    code = error.response["Error"]["Code"]
                    if code != "ConditionalCheckFailedException":
                        raise
                    codes.append("ConditionalCheckFailed")
            if set(codes) != {"None"}:
                raise _cancelled(codes)
            kept = copied(self.tables)
            try:
                for kind, write in writes:
                    self._write(kind, write)
            except ClientError:
                self.tables = kept
                raise
        return {}

    def _write(self, kind: str, write: Item) -> None:
        if kind == "Put":
            self._put(write["TableName"], write["Item"])
        elif kind == "Update":
            self._update(write)
        elif kind == "Delete":
            self._delete(write["TableName"], write["Key"])
        elif kind != "ConditionCheck":
            raise NotImplementedError(kind)

    def _called(self, operation: str, request: Item) -> None:
        self.calls.append((operation, copied(request)))
        self.before(operation, request)

    def _key(self, table: str, item: Item) -> tuple[str, ...]:
        values: list[str] = []
        for name in self._keys[table]:
            value = next(iter(item.get(name, {"S": ""}).values()))
            if value == "" or len(value.encode()) > (2048 if not values else 1024):
                raise refusal("ValidationException", f"the key {name} is empty, missing or long")
            values.append(value)
        return tuple(values)

    def _find(self, table: str, key: Item) -> Item | None:
        return self.tables[table].get(self._key(table, key))

    def _judged(self, request: Item, key: Item) -> None:
        present = self._find(request["TableName"], key)
        if not Condition(request, "ConditionExpression").holds(present or {}):
            details: Item = {}
            if request.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD" and present:
                details = {"Item": copied(present)}
            raise refusal("ConditionalCheckFailedException", "the condition failed", **details)

    def _put(self, table: str, item: Item) -> None:
        _accepted(item)
        with self._lock:
            self.tables[table][self._key(table, item)] = copied(item)

    def _delete(self, table: str, key: Item) -> None:
        with self._lock:
            self.tables[table].pop(self._key(table, key), None)

    def _update(self, request: Item) -> Item:
        present = self._find(request["TableName"], request["Key"])
        item: Item = copied(present or request["Key"])
        Update(request).apply(item)
        self._put(request["TableName"], item)
        return item

    def _inserted(self, statement: Item) -> Item:
        code = self.breaks.pop(0) if self.breaks else None
        if code is not None:
            return {"Error": {"Code": code, "Message": "as the test says"}}
        insert = re.fullmatch(r'INSERT INTO "(.+)" VALUE \{(.*)\}', statement["Statement"])
        assert insert, statement
        names = re.findall(r"'(\w+)': \?", insert[2])
        item = dict(zip(names, statement["Parameters"], strict=True))
        try:
            with self._lock:
                if self._find(insert[1], item) is not None:
                    return {"Error": {"Code": "DuplicateItem", "Message": "it is there"}}
                self._put(insert[1], item)
        except ClientError as error:
            return {"Error": {"Code": "ValidationError", "Message": str(error)}}
        return {}

    def _paged(
        self, request: Item, key: Sequence[str], chosen: Callable[[Item], bool]
    ) -> dict[str, Any]:
        table = request["TableName"]
        found = [
            item
            for item in self.tables[table].values()
            if all(name in item for name in key) and chosen(item)
        ]
        place = [*key, *self._keys[table]]
        forward = request.get("ScanIndexForward", True)
        found.sort(key=lambda item: _place(item, place), reverse=not forward)
        if start := request.get("ExclusiveStartKey"):
            after = _place(start, place)
            found = [
                it
                for it in found
                if (_place(it, place) > after if forward else _place(it, place) < after)
            ]
        size = min(request.get("Limit", self._page), self._page)
        page = found[:size]
        kept = [it for it in page if Condition(request, "FilterExpression").holds(it)]
        answer: Item = {"Items": copied(kept), "Count": len(kept)}
        if len(page) == size:  # as DynamoDB does, also when nothing is left behind the page
            answer["LastEvaluatedKey"] = {name: page[-1][name] for name in place}
        return answer


def _cancelled(codes: Sequence[str]) -> ClientError:
    reasons = [{"Code": code} for code in codes]
    return refusal("TransactionCanceledException", str(list(codes)), CancellationReasons=reasons)


def _limited(operation: str, asked: Sequence[Any]) -> None:
    if not 1 <= len(asked) <= LIMITS[operation]:
        raise refusal("ValidationException", f"{operation}: {len(asked)} at once")


def _accepted(item: Item) -> None:
    size = 0
    for name, value in item.items():
        [(kind, content)] = value.items()
        size += len(name) + len(content if isinstance(content, bytes) else str(content).encode())
        if kind == "N" and len(Decimal(content).as_tuple().digits) > MAX_DIGITS:
            raise refusal("ValidationException", "number overflow: 38 digits")
    if size > MAX_ITEM:
        raise refusal("ValidationException", "item size has exceeded the maximum allowed size")


def _place(item: Item, names: Sequence[str]) -> list[Any]:
    return [plain(item[name]) for name in names]


def refusing(*codes: str, on: str) -> Callable[[str, Item], None]:
    """For ``before``: refuses the first calls of an operation, each with one of these codes."""
    left: Iterator[str] = iter(codes)

    def refuse(operation: str, _request: Item) -> None:
        if operation == on:
            with suppress(StopIteration):
                raise refusal(next(left))

    return refuse
