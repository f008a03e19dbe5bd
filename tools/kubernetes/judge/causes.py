"""Why a manifest is refused, in the words of the API server."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

ROOT = "<nil>"
"""The server's name for a cause that names no field."""
MESSAGE_LENGTH = 160
BLOCKING = frozenset(
    {
        "FieldValueNotSupported",
        "FieldValueRequired",
        "FieldValueTooLong",
        "FieldValueTooMany",
        "FieldValueTypeInvalid",
    }
)
"""Rules in CEL are not evaluated on an object with one of these: they may rely on its shape."""


@dataclass(frozen=True, order=True, slots=True)
class Cause:
    """One reason for a refusal.

    Attributes:
        field: the path, such as ``spec.rules[0].matches``, or ``<nil>``.
        reason: the server's word, such as ``FieldValueRequired``.
        check: who found it: ``schema``, ``cel``, ``strict``, ``metadata``, ``discovery``, ``note``,
            ``built-in``, or ``input`` for a case that could not be judged.
        message: for a person; ``shown`` has at most 160 characters.
    """

    field: str
    reason: str
    check: str
    message: str

    def shown(self) -> dict[str, str]:
        """As a line of verdicts has it."""
        message = self.message
        if len(message) > MESSAGE_LENGTH:
            message = message[: MESSAGE_LENGTH - 1] + "…"
        return {
            "field": self.field,
            "reason": self.reason,
            "check": self.check,
            "message": message,
        }


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of a manifest.

    Attributes:
        word: ``accepted``, ``refused``, or ``error`` for what could not be judged.
        stored: an accepted object as it would be kept: nulls dropped, defaults filled.
    """

    word: str
    causes: tuple[Cause, ...] = ()
    stored: dict[str, Any] | None = field(default=None, compare=False)


def refused(causes: Iterable[Cause]) -> Verdict:
    """Refused for these, each named once; what applies to all of them comes last."""
    ordered = sorted(
        set(causes), key=lambda it: (it.check == "note", it.field, it.reason, it.message)
    )
    return Verdict("refused", tuple(ordered))


def invalid(path: str, value: Any, message: str, check: str = "schema") -> Cause:
    """A value that breaks a rule."""
    return Cause(
        path or ROOT, "FieldValueInvalid", check, f"Invalid value: {quoted(value)}: {message}"
    )


def type_invalid(path: str, value: Any, message: str) -> Cause:
    """A value of another type or format than its schema's."""
    shown = f"Invalid value: {quoted(value)}: {message}"
    return Cause(path or ROOT, "FieldValueTypeInvalid", "schema", shown)


def required(path: str, message: str = "", check: str = "schema") -> Cause:
    """A field that must be there."""
    shown = f"Required value: {message}" if message else "Required value"
    return Cause(path, "FieldValueRequired", check, shown)


def too_long(path: str, most: int, check: str = "schema") -> Cause:
    """A text of more than so many characters."""
    shown = f"Too long: may not be more than {most} bytes"
    return Cause(path or ROOT, "FieldValueTooLong", check, shown)


def too_many(path: str, found: int, most: int) -> Cause:
    """A list or map with more than so many entries."""
    items = "item" if most == 1 else "items"
    shown = f"Too many: {found}: must have at most {most} {items}"
    return Cause(path or ROOT, "FieldValueTooMany", "schema", shown)


def not_supported(path: str, value: Any, supported: Iterable[Any]) -> Cause:
    """A value that is not among those listed."""
    listed = ", ".join(quoted(it if isinstance(it, str) else compact(it)) for it in supported)
    shown = f"Unsupported value: {quoted(value)}: supported values: {listed}"
    return Cause(path or ROOT, "FieldValueNotSupported", "schema", shown)


def duplicate(path: str, value: Any) -> Cause:
    """A second entry of a list whose entries differ."""
    return Cause(path, "FieldValueDuplicate", "schema", f"Duplicate value: {quoted(value)}")


def quoted(value: Any) -> str:
    """A value as the server prints it."""
    if isinstance(value, float):
        return as_go_prints(value)
    return compact(value)


def compact(value: Any) -> str:
    """JSON without spaces."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def as_go_prints(number: float) -> str:
    """``%v`` of a float64: ``50``, ``1e+06``, ``9.223372036854776e+18``."""
    if number == int(number) and abs(number) < 1e6:
        return str(int(number))
    text = repr(number)
    if 1e-4 <= abs(number) < 1e6 and "e" not in text:
        return text
    mantissa, _, exponent = f"{number:.17e}".partition("e")
    for digits in range(17):
        mantissa, _, exponent = f"{number:.{digits}e}".partition("e")
        if float(f"{mantissa}e{exponent}") == number:
            break
    return f"{mantissa}e{exponent}"
