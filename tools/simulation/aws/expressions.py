"""DynamoDB's condition, key, filter and update expressions, each compiled once into functions.

The grammar is that of the developer guide: comparisons, BETWEEN, IN, AND, OR, NOT, the six
functions, and the clauses SET, REMOVE, ADD and DELETE.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any

Item = dict[str, Any]
Value = dict[str, Any]
Names = Mapping[str, str]
Values = Mapping[str, Value]
Operand = Callable[[Item, Names, Values], Value | None]
Condition = Callable[[Item, Names, Values], bool]
Update = Callable[[Item, Names, Values], Item]
Path = tuple[str | int, ...]

_TOKEN = re.compile(r"\s*(<>|<=|>=|[=<>(),.\[\]+-]|:[A-Za-z0-9_]+|#[A-Za-z0-9_]+|\w+)")
_CLAUSES = ("SET", "REMOVE", "ADD", "DELETE")


class Malformed(ValueError):
    """DynamoDB would answer ValidationException."""


def number(value: Value) -> Decimal:
    """A number attribute's value."""
    return Decimal(value["N"])


@lru_cache(512)
def condition(text: str) -> Condition:
    """A condition. Raises Malformed."""
    parser = _Parser(text)
    found = parser.disjunction()
    parser.end()
    return found


@lru_cache(512)
def update(text: str) -> Update:
    """What an update makes of an item, as a new item. Raises Malformed."""
    parser = _Parser(text)
    actions: list[Callable[[Item, Item, Names, Values], None]] = []
    while not parser.is_at_end:
        clause = parser.word().upper()
        if clause not in _CLAUSES:
            raise Malformed(f"no clause {clause}")
        actions += _CLAUSE[clause](parser)

    def change(item: Item, names: Names, values: Values) -> Item:
        changed = dict(item)
        for action in actions:
            action(item, changed, names, values)
        return changed

    return change


class _Parser:
    def __init__(self, text: str) -> None:
        self._tokens: list[str] = []
        place = 0
        text = text.strip()
        while place < len(text):
            match = _TOKEN.match(text, place)
            if match is None:
                raise Malformed(f"at {place}: {text!r}")
            self._tokens.append(match[1])
            place = match.end()
        self._next = 0

    @property
    def is_at_end(self) -> bool:
        return self._next >= len(self._tokens)

    def peek(self) -> str:
        return "" if self.is_at_end else self._tokens[self._next]

    def word(self) -> str:
        token = self.peek()
        if not token:
            raise Malformed("it ends too early")
        self._next += 1
        return token

    def end(self) -> None:
        if not self.is_at_end:
            raise Malformed(f"nothing expected at {self.peek()!r}")

    def accept(self, *tokens: str) -> bool:
        if self.peek().upper() in tokens:
            self._next += 1
            return True
        return False

    def expect(self, token: str) -> None:
        if not self.accept(token):
            raise Malformed(f"{token} expected at {self.peek()!r}")

    def disjunction(self) -> Condition:
        parts = [self.conjunction()]
        while self.accept("OR"):
            parts.append(self.conjunction())
        if len(parts) == 1:
            return parts[0]
        return lambda item, names, values: any(part(item, names, values) for part in parts)

    def conjunction(self) -> Condition:
        parts = [self.negation()]
        while self.accept("AND"):
            parts.append(self.negation())
        if len(parts) == 1:
            return parts[0]
        return lambda item, names, values: all(part(item, names, values) for part in parts)

    def negation(self) -> Condition:
        if self.accept("NOT"):
            inner = self.negation()
            return lambda item, names, values: not inner(item, names, values)
        if self.accept("("):
            inner = self.disjunction()
            self.expect(")")
            return inner
        return self.comparison()

    def comparison(self) -> Condition:
        name = self.peek().lower()
        if name in _PREDICATES and self._tokens[self._next + 1 : self._next + 2] == ["("]:
            self.word()
            return self._predicate(name)
        left = self.operand()
        if self.accept("BETWEEN"):
            low = self.operand()
            self.expect("AND")
            high = self.operand()
            return lambda *it: (
                _compare("<=", low(*it), left(*it)) and _compare("<=", left(*it), high(*it))
            )
        if self.accept("IN"):
            self.expect("(")
            among = [self.operand()]
            while self.accept(","):
                among.append(self.operand())
            self.expect(")")
            return lambda *it: any(_compare("=", left(*it), each(*it)) for each in among)
        sign = self.word()
        if sign not in _SIGNS:
            raise Malformed(f"no comparison {sign!r}")
        right = self.operand()
        return lambda *it: _compare(sign, left(*it), right(*it))

    def _predicate(self, name: str) -> Condition:
        self.expect("(")
        path = self.path()
        if name in ("attribute_exists", "attribute_not_exists"):
            self.expect(")")
            wanted = name == "attribute_exists"
            return lambda item, names, _: (_get(item, path, names) is not None) is wanted
        self.expect(",")
        other = self.operand()
        self.expect(")")
        test = _PREDICATES[name]
        assert test is not None

        def holds(item: Item, names: Names, values: Values) -> bool:
            found, with_it = _get(item, path, names), other(item, names, values)
            return found is not None and with_it is not None and test(found, with_it)

        return holds

    def operand(self) -> Operand:
        token = self.peek()
        following = self._tokens[self._next + 1 : self._next + 2]
        if token.startswith(":"):
            self.word()
            return lambda _item, _names, values: _value(values, token)
        if token.lower() == "size" and following == ["("]:
            self.word()
            self.expect("(")
            path = self.path()
            self.expect(")")
            return lambda item, names, _: _size(_get(item, path, names))
        path = self.path()
        return lambda item, names, _: _get(item, path, names)

    def path(self) -> Path:
        parts: list[str | int] = [self.word()]
        while self.peek() in (".", "["):
            if self.accept("."):
                parts.append(self.word())
            else:
                self.expect("[")
                parts.append(int(self.word()))
                self.expect("]")
        return tuple(parts)

    def sum(self) -> Operand:
        """What SET gives: an operand, or two of them added or subtracted."""
        left = self._set_operand()
        if self.peek() not in ("+", "-"):
            return left
        sign = 1 if self.word() == "+" else -1
        right = self._set_operand()

        def total(item: Item, names: Names, values: Values) -> Value:
            first, second = left(item, names, values), right(item, names, values)
            if first is None or second is None or "N" not in first or "N" not in second:
                raise Malformed("only numbers that exist can be added")
            return {"N": _plain(number(first) + sign * number(second))}

        return total

    def _set_operand(self) -> Operand:
        name = self.peek().lower()
        if name not in ("if_not_exists", "list_append"):
            return self.operand()
        self.word()
        self.expect("(")
        first = self.operand()
        self.expect(",")
        second = self.sum()
        self.expect(")")
        if name == "if_not_exists":

            def kept(item: Item, names: Names, values: Values) -> Value | None:
                found = first(item, names, values)
                return found if found is not None else second(item, names, values)

            return kept

        def joined(item: Item, names: Names, values: Values) -> Value:
            one, two = first(item, names, values), second(item, names, values)
            if one is None or two is None or "L" not in one or "L" not in two:
                raise Malformed("only lists that exist can be joined")
            return {"L": [*one["L"], *two["L"]]}

        return joined


def _set(parser: _Parser) -> list[Any]:
    actions = []
    while True:
        path = parser.path()
        parser.expect("=")
        actions.append(_setting(path, parser.sum()))
        if not parser.accept(","):
            return actions


def _setting(path: Path, value: Operand) -> Any:
    def action(item: Item, changed: Item, names: Names, values: Values) -> None:
        found = value(item, names, values)
        if found is None:
            raise Malformed(f"an operand of {path} does not exist")
        _put(changed, path, names, found)

    return action


def _remove(parser: _Parser) -> list[Any]:
    actions = []
    while True:
        path = parser.path()
        actions.append(
            lambda _item, changed, names, _values, path=path: _drop(changed, path, names)
        )
        if not parser.accept(","):
            return actions


def _add(parser: _Parser) -> list[Any]:
    return _with_values(parser, _added)


def _delete(parser: _Parser) -> list[Any]:
    return _with_values(parser, _taken_out)


def _with_values(parser: _Parser, join: Callable[[Value | None, Value], Value | None]) -> list[Any]:
    actions = []
    while True:
        path, given = parser.path(), parser.operand()

        def action(
            item: Item,
            changed: Item,
            names: Names,
            values: Values,
            path: Path = path,
            given: Operand = given,
        ) -> None:
            value = given(item, names, values)
            assert value is not None
            joined = join(_get(item, path, names), value)
            if joined is None:
                _drop(changed, path, names)
            else:
                _put(changed, path, names, joined)

        actions.append(action)
        if not parser.accept(","):
            return actions


_CLAUSE = {"SET": _set, "REMOVE": _remove, "ADD": _add, "DELETE": _delete}


def _added(before: Value | None, value: Value) -> Value:
    ((kind, given),) = value.items()
    if before is None:
        return value
    if kind not in before:
        raise Malformed("ADD of another type")
    if kind == "N":
        return {"N": _plain(number(before) + Decimal(given))}
    return {kind: sorted({*before[kind], *given})}


def _taken_out(before: Value | None, value: Value) -> Value | None:
    ((kind, given),) = value.items()
    rest = sorted(set(before[kind]) - set(given)) if before else []
    return {kind: rest} if rest else None


def _name(part: str | int, names: Names) -> str | int:
    if isinstance(part, str) and part.startswith("#"):
        if part not in names:
            raise Malformed(f"no name {part}")
        return names[part]
    return part


def _get(item: Item, path: Path, names: Names) -> Value | None:
    if len(path) == 1:
        first = path[0]
        return item.get(_name(first, names) if first[0] == "#" else first)  # type: ignore[index,arg-type]
    found: Any = {"M": item}
    for part in path:
        key = _name(part, names)
        inner = found.get("L") if isinstance(key, int) else found.get("M")
        try:
            found = inner[key]
        except (KeyError, IndexError, TypeError):
            return None
    return found  # type: ignore[no-any-return]


def _put(changed: Item, path: Path, names: Names, value: Value) -> None:
    container, key = _place(changed, path, names)
    if isinstance(key, int):
        container[key:] = [value, *container[key + 1 :]]
    else:
        container[key] = value


def _drop(changed: Item, path: Path, names: Names) -> None:
    container, key = _place(changed, path, names)
    if isinstance(container, dict):
        container.pop(key, None)
    elif key < len(container):
        del container[key]


def _place(changed: Item, path: Path, names: Names) -> tuple[Any, Any]:
    """Container and key of a path in an item; containers on the way are copied first."""
    container: Any = changed
    for part in path[:-1]:
        key = _name(part, names)
        try:
            held = container[key]
        except (KeyError, IndexError):
            raise Malformed(f"no way to {path}") from None
        kind = "M" if "M" in held else "L"
        inner = dict(held["M"]) if kind == "M" else list(held["L"])
        container[key] = {kind: inner}
        container = inner
    return container, _name(path[-1], names)


def _value(values: Values, name: str) -> Value:
    if name not in values:
        raise Malformed(f"no value {name}")
    return values[name]


def _size(value: Value | None) -> Value | None:
    if value is None:
        return None
    ((_, content),) = value.items()
    return {"N": str(len(content.encode()) if isinstance(content, str) else len(content))}


_SIGNS = frozenset({"=", "<>", "<", "<=", ">", ">="})


def _compare(sign: str, left: Value | None, right: Value | None) -> bool:
    if left is None or right is None:
        return sign == "<>" and left is not right
    ((one, first),) = left.items()
    ((two, second),) = right.items()
    if one != two:
        return sign == "<>"
    if one == "N" and first != second:
        first, second = Decimal(first), Decimal(second)
    if sign == "=":
        return bool(first == second)
    if sign == "<>":
        return bool(first != second)
    if one == "S":
        first, second = first.encode(), second.encode()
    if sign == "<":
        return bool(first < second)
    if sign == "<=":
        return bool(first <= second)
    return bool(first > second) if sign == ">" else bool(first >= second)


def _begins_with(found: Value, with_it: Value) -> bool:
    ((one, text),) = found.items()
    ((two, start),) = with_it.items()
    return one == two and one in ("S", "B") and text.startswith(start)


def _contains(found: Value, with_it: Value) -> bool:
    ((kind, content),) = found.items()
    ((_, part),) = with_it.items()
    return with_it in content if kind == "L" else part in content


def _has_type(found: Value, with_it: Value) -> bool:
    return with_it["S"] in found


def _plain(value: Decimal) -> str:
    return format(value.normalize(), "f") if value != value.to_integral() else str(int(value))


_PREDICATES: dict[str, Callable[[Value, Value], bool] | None] = {
    "attribute_exists": None,
    "attribute_not_exists": None,
    "begins_with": _begins_with,
    "contains": _contains,
    "attribute_type": _has_type,
}
