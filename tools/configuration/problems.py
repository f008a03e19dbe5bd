"""What is wrong with a document: the place in it, the rule, and the value that breaks it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

_LONGEST_VALUE = 80


@dataclass(frozen=True, slots=True)
class Problem:
    """``pointer`` is a JSON Pointer into ``file``; ``value`` is shown as JSON, shortened."""

    file: str
    pointer: str
    rule: str
    value: str

    def __str__(self) -> str:
        return f"{printable(self.file)} {printable(self.pointer or '/')}: {self.rule}: {self.value}"


def pointer(parts: Iterable[str | int]) -> str:
    """A JSON Pointer (RFC 6901), such as ``/flags/pause-carrier/enabled``."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


def shown(value: Any) -> str:
    """A value as JSON on one line, safe to print and not longer than a line."""
    text = printable(json.dumps(value, ensure_ascii=False, sort_keys=True, default=repr))
    return text if len(text) <= _LONGEST_VALUE else f"{text[: _LONGEST_VALUE - 1]}…"


def printable(text: str) -> str:
    """A text that cannot move a terminal's cursor: what is not printable is escaped."""
    return "".join(
        it if it.isprintable() else it.encode("unicode_escape", "surrogatepass").decode()
        for it in text
    )
