"""Event patterns of EventBridge, filters of SNS and of Lambda's event sources: does it match?"""

from __future__ import annotations

import operator
from collections.abc import Mapping
from typing import Any

_COMPARE = {
    "=": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def matches(pattern: Mapping[str, Any], event: Any) -> bool:
    """Whether an event has, at each place that the pattern names, one of the values there."""
    if not isinstance(event, Mapping):
        return False
    for name, wanted in pattern.items():
        if isinstance(wanted, Mapping):
            if not matches(wanted, event.get(name)):
                return False
        elif not any(_is(rule, event.get(name), name in event) for rule in wanted):
            return False
    return True


def _is(rule: Any, value: Any, there: bool) -> bool:
    if isinstance(value, list):
        return any(_is(rule, each, there) for each in value)
    if not isinstance(rule, Mapping):
        return bool(there and rule == value)
    ((kind, about),) = rule.items()
    if kind == "exists":
        return there is about
    if kind == "prefix":
        return isinstance(value, str) and value.startswith(about)
    if kind == "anything-but":
        refused = about if isinstance(about, list) else [about]
        return there and value not in refused
    if kind == "numeric":
        pairs = zip(about[::2], about[1::2], strict=True)
        return isinstance(value, int | float) and all(
            _COMPARE[sign](value, bound) for sign, bound in pairs
        )
    raise NotImplementedError(f"a pattern with {kind}")
