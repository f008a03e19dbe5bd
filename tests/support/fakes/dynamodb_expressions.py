"""DynamoDB's expressions as its fake reads them: conditions and updates, judged on one item."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any, cast

from botocore.exceptions import ClientError

Item = dict[str, Any]
RESERVED = {
    *("STATE", "STATUS", "OPEN", "DATA", "TOKEN", "NAME", "TTL", "COUNTER", "DAY", "TOTAL"),
    *("RECORD", "SEQUENCE"),
}
"""Those of DynamoDB's reserved words that an adapter might use."""

PARTS = (
    "ConditionExpression",
    "UpdateExpression",
    "KeyConditionExpression",
    "FilterExpression",
    "ProjectionExpression",
)


def refusal(code: str, message: str = "", **details: Any) -> ClientError:
    """What botocore raises."""
    response: Item = {"Error": {"Code": code, "Message": message}, **details}
    return ClientError(cast(Any, response), "Operation")


def plain(value: Item) -> Any:
    """A number, a text or whatever it is, without its type."""
    [(kind, content)] = value.items()
    return Decimal(content) if kind == "N" else content


def copied(value: Any) -> Any:
    """What JSON has, without what a copy of anything else costs: it is made at each call."""
    if isinstance(value, dict):
        return {key: copied(it) for key, it in value.items()}
    return [copied(it) for it in value] if isinstance(value, list) else value


class _Reader:
    """The words of an expression with its names and values, each of which must be used."""

    WORD = re.compile(r"\s*(<=|>=|<>|[=<>(),+\-]|[:#]?\w+)")

    def __init__(self, text: str, request: Item) -> None:
        self._names = request.get("ExpressionAttributeNames", {})
        self._values = request.get("ExpressionAttributeValues", {})
        self.words = self.WORD.findall(text)
        if "".join(self.words) != re.sub(r"\s", "", text):
            raise refusal("ValidationException", f"syntax: {text}")

    def next(self, expected: str | None = None) -> str:
        word: str = self.words.pop(0) if self.words else ""
        if expected is not None and word.upper() != expected:
            raise refusal("ValidationException", f"{expected} expected, not {word!r}")
        return word

    def peek(self) -> str:
        word: str = self.words[0].upper() if self.words else ""
        return word

    def name(self, word: str) -> str:
        if word.startswith("#"):
            return str(self._names[word])
        if word.upper() in RESERVED:
            raise refusal("ValidationException", f"{word} is a reserved word")
        return word

    def operand(self, item: Item) -> Item | None:
        """A value, an attribute, or ``if_not_exists(attribute, value)``."""
        word = self.next()
        if word == "if_not_exists":
            self.next("(")
            present = item.get(self.name(self.next()))
            self.next(",")
            other = self.operand(item)
            self.next(")")
            return present if present is not None else other
        if word.startswith(":"):
            return dict(self._values[word])
        return item.get(self.name(word))


def _all_is_used(request: Item) -> None:
    text = " ".join(request.get(part, "") for part in PARTS)
    for kind in ("ExpressionAttributeValues", "ExpressionAttributeNames"):
        if kind in request and not request[kind]:
            raise refusal("ValidationException", f"{kind} must not be empty")
        for name in request.get(kind, {}):
            if not re.search(rf"{name}\b", text):
                raise refusal("ValidationException", f"{name} is not used in an expression")
    for name in re.findall(r"[:#]\w+", text):
        kind = "ExpressionAttributeValues" if name[0] == ":" else "ExpressionAttributeNames"
        if name not in request.get(kind, {}):
            raise refusal("ValidationException", f"{name} is not defined")


class Condition:
    """A condition: comparisons, functions, AND, OR, NOT and parentheses."""

    def __init__(self, request: Item, part: str) -> None:
        _all_is_used(request)
        self._text = request.get(part)
        self._request = request

    def holds(self, item: Item) -> bool:
        """Whether the item meets it."""
        if self._text is None:
            return True
        reader = _Reader(self._text, self._request)
        result = self._either(reader, item)
        if reader.words:
            raise refusal("ValidationException", f"syntax: {reader.words}")
        return result

    def _either(self, reader: _Reader, item: Item) -> bool:
        result = self._both(reader, item)
        while reader.peek() == "OR":
            reader.next()
            result = self._both(reader, item) or result
        return result

    def _both(self, reader: _Reader, item: Item) -> bool:
        result = self._single(reader, item)
        while reader.peek() == "AND":
            reader.next()
            result = self._single(reader, item) and result
        return result

    def _single(self, reader: _Reader, item: Item) -> bool:
        if reader.peek() == "NOT":
            reader.next()
            return not self._single(reader, item)
        if reader.peek() == "(":
            reader.next()
            result = self._either(reader, item)
            reader.next(")")
            return result
        if reader.peek() in ("ATTRIBUTE_EXISTS", "ATTRIBUTE_NOT_EXISTS", "BEGINS_WITH", "CONTAINS"):
            return self._function(reader, item)
        left, comparison = reader.operand(item), reader.next()
        if comparison.upper() == "BETWEEN":
            low = reader.operand(item)
            reader.next("AND")
            high = reader.operand(item)  # read in any case: what follows is the next condition
            return _compared(left, ">=", low) and _compared(left, "<=", high)
        return _compared(left, comparison, reader.operand(item))

    @staticmethod
    def _function(reader: _Reader, item: Item) -> bool:
        function = reader.next().lower()
        reader.next("(")
        present = item.get(reader.name(reader.next()))
        argument = None
        if reader.peek() == ",":
            reader.next()
            argument = reader.operand(item)
        reader.next(")")
        if function in ("attribute_exists", "attribute_not_exists"):
            return (present is not None) == (function == "attribute_exists")
        if present is None or argument is None:
            return False
        if function == "begins_with":
            return bool(plain(present).startswith(plain(argument)))
        return bool(plain(argument) in plain(present))


def _compared(left: Item | None, comparison: str, right: Item | None) -> bool:
    if left is None or right is None:
        return comparison == "<>" and left is not right
    if left.keys() != right.keys():
        return comparison == "<>"
    one, other = plain(left), plain(right)
    results: dict[str, Callable[[], bool]] = {
        "=": lambda: one == other,
        "<>": lambda: one != other,
        "<": lambda: one < other,
        "<=": lambda: one <= other,
        ">": lambda: one > other,
        ">=": lambda: one >= other,
    }
    return bool(results[comparison]())


class Update:
    """SET, REMOVE, ADD and DELETE of one update; every right side sees the item as it was."""

    def __init__(self, request: Item) -> None:
        _all_is_used(request)
        self._reader = _Reader(request["UpdateExpression"], request)

    def apply(self, item: Item) -> None:
        """Change the item."""
        before, reader = copied(item), self._reader
        while reader.words:
            clause = reader.next().upper()
            while True:
                name = reader.name(reader.next())
                self._change(clause, name, before, item)
                if reader.peek() != ",":
                    break
                reader.next()

    def _change(self, clause: str, name: str, before: Item, item: Item) -> None:
        reader = self._reader
        if clause == "REMOVE":
            item.pop(name, None)
        elif clause == "SET":
            reader.next("=")
            value = reader.operand(before)
            while reader.peek() in ("+", "-"):
                sign = 1 if reader.next() == "+" else -1
                value = _sum(value, reader.operand(before), sign)
            if value is None:
                raise refusal("ValidationException", "an operand does not exist")
            item[name] = value
        elif clause == "ADD":
            added = reader.operand(before)
            item[name] = _added(before.get(name), added)
        else:
            raise NotImplementedError(clause)


def _sum(left: Item | None, right: Item | None, sign: int) -> Item:
    if left is None or right is None:
        raise refusal("ValidationException", "an operand does not exist")
    return {"N": str(Decimal(left["N"]) + sign * Decimal(right["N"]))}


def _added(present: Item | None, added: Item | None) -> Item:
    assert added is not None
    [(kind, content)] = added.items()
    if kind == "N":
        return _sum(present or {"N": "0"}, added, 1)
    return {kind: sorted({*(present or {kind: []})[kind], *content})}
