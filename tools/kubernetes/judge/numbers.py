"""Numbers as the server reads them: an integer of 64 bits, or a float."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tools.kubernetes.judge.causes import ROOT, Cause, as_go_prints, invalid
from tools.kubernetes.judge.pruning import Schema

_SAFE = 2**53 - 1
_RANGES = {"int32": 2**31, "int64": 2**63}


def read_integer(text: str) -> int | float:
    """An integer of JSON: beyond 64 bits it is a float."""
    number = int(text)
    return number if -(2**63) <= number < 2**63 else float(number)


def type_and_format(value: Any) -> tuple[str, str]:
    """The type and format that a value has by itself."""
    if isinstance(value, bool):
        return "boolean", ""
    if isinstance(value, int):
        return "integer", "int64"
    if isinstance(value, float):
        return "number", "float64"
    if isinstance(value, str):
        return "string", ""
    return ("array" if isinstance(value, list) else "object"), ""


def is_whole(number: float) -> bool:
    """Whether a float counts as an integer: ``8080.0`` does, 2^63 does not."""
    return abs(number) <= _SAFE and number == int(number)


def problems(value: float, schema: Schema, types: list[str], path: str) -> Iterable[Cause]:
    """What the limits of a schema say of a number."""
    yield from range_problem(value, types[0] if types else "", schema.get("format", ""), path)
    divisor = schema.get("multipleOf")
    if divisor and not float(value / divisor).is_integer():
        told = as_go_prints(float(divisor))
        yield invalid(path, value, f"{path} in body should be a multiple of {told}")
    least, most = schema.get("minimum"), schema.get("maximum")
    if most is not None:
        is_open = schema.get("exclusiveMaximum", False)
        if value > most or (is_open and value == most):
            yield _beyond(path, value, "less than", most, is_open)
    if least is not None:
        is_open = schema.get("exclusiveMinimum", False)
        if value < least or (is_open and value == least):
            yield _beyond(path, value, "greater than", least, is_open)


def range_problem(value: float, type_: str, form: str, path: str) -> Iterable[Cause]:
    """Whether an integer's type and format can hold a number."""
    if type_ != "integer":
        return
    bound = _RANGES.get(form, 2**63)
    if float(value).is_integer() and -bound <= int(value) < bound:
        return
    told = f"format {form}" if form else "(default format)"
    joined = f"with {told}" if form else told
    message = f"Checked value must be of type integer {joined} in {path}"
    yield Cause(ROOT, "FieldValueInvalid", "schema", f'Invalid value: "": {message}')


def _beyond(path: str, value: float, words: str, bound: float, is_open: bool) -> Cause:
    equal = "" if is_open else " or equal to"
    told = as_go_prints(float(bound))
    return invalid(path, value, f"{path} in body should be {words}{equal} {told}")
