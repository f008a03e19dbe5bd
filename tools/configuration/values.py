"""Reads from the code every value that a service is told: name, type, default and meaning."""

from __future__ import annotations

import ast
import inspect
import json
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import msgspec
from msgspec import inspect as forms

from shared.runtime.configuration import Profile

REQUIRED = "required"
ENDINGS = {
    "s_url": "Address of the queue of {}s",
    "_arn": "ARN of the {}",
    "_url": "Address of the {}",
    "_table": "Name of the {} table",
    "_bucket": "Name of the {} bucket",
    "_index": "Name of the {} index",
    "_name": "Name of the {}",
}
"""What a variable without a docstring of its own is: names and addresses say it themselves."""
EVERYWHERE = {
    "queue_url": "Address of the queue that the function works through.",
    "queue_attempts": "How often a message may fail before it goes to the dead letters.",
    "relay_arn": "ARN of the function `Relay`.",
    "intake_arn": "ARN of the function `Intake`.",
    "read_events_arn": "ARN of the function `ReadEvents`.",
    "list_events_arn": "ARN of the function `ListEvents`.",
    "scan_events_arn": "ARN of the function `ScanEvents`.",
    "read_contact_arn": "ARN of the function `ReadContact`.",
}


@dataclass(frozen=True, slots=True)
class Value:
    """One value; ``name`` is an environment variable, or a place in a document."""

    name: str
    type: str
    default: str
    meaning: str


def variables(struct: type[msgspec.Struct]) -> Iterator[Value]:
    """What a class reads from the environment.

    Raises:
        LookupError: nobody says what one of them means.
    """
    documented = docstrings(struct)
    for field in forms.type_info(struct).fields:  # type: ignore[attr-defined]
        yield Value(
            field.name.upper(),
            type_of(field.type),
            REQUIRED if field.required else f"`{_default(field)}`",
            documented.get(field.name) or _by_ending(struct, field.name),
        )


def dynamic(profile: Profile[Any]) -> Iterator[Value]:
    """What a profile's document may hold, by its place.

    Raises:
        LookupError: a field has no docstring.
    """
    yield from _fields(profile.form, f"/{profile.name}")


def docstrings(struct: type) -> dict[str, str]:
    """What is written below each field of a class, its bases' fields included."""
    found: dict[str, str] = {}
    for owner in reversed(struct.__mro__):
        if not issubclass(owner, msgspec.Struct) or owner is msgspec.Struct:
            continue
        [body] = ast.parse(textwrap.dedent(inspect.getsource(owner))).body
        assert isinstance(body, ast.ClassDef)
        for field, below in zip(body.body, body.body[1:], strict=False):
            if (
                isinstance(field, ast.AnnAssign)
                and isinstance(field.target, ast.Name)
                and isinstance(below, ast.Expr)
                and isinstance(below.value, ast.Constant)
            ):
                found[field.target.id] = " ".join(str(below.value.value).split())
    return found


def type_of(type: forms.Type) -> str:
    """A type with its limits, in words."""
    match type:
        case forms.BoolType():
            return "true or false"
        case forms.IntType(ge=low, le=high):
            return f"whole number{_limits(low, high)}"
        case forms.FloatType(ge=low, le=high):
            return f"number{_limits(low, high)}"
        case forms.StrType(max_length=longest):
            return "text" if longest is None else f"text of at most {longest} characters"
        case forms.LiteralType(values=values):
            return f"one of {', '.join(f'`{it}`' for it in values)}"
        case forms.VarTupleType(item_type=item) | forms.ListType(item_type=item):
            return f"list of: {type_of(item)}"
        case forms.DictType(value_type=value):
            return f"by name: {type_of(value)}"
    raise LookupError(f"there are no words for {type}")


def _fields(struct: type[msgspec.Struct], at: str) -> Iterator[Value]:
    documented = docstrings(struct)
    for field in forms.type_info(struct).fields:  # type: ignore[attr-defined]
        place = f"{at}/{field.encode_name}"
        meaning = documented.get(field.name)
        if isinstance(field.type, forms.StructType):
            inner = list(_fields(field.type.cls, place))
            if not meaning:
                raise LookupError(f"{struct.__qualname__}.{field.name} has no docstring")
            first, *rest = inner
            yield replace(first, meaning=f"{meaning} {first.meaning}".strip())
            yield from rest
        elif meaning or field.name == "enabled":  # what a switch does, the flag's docstring says
            yield Value(place, type_of(field.type), f"`{_default(field)}`", meaning or "")
        else:
            raise LookupError(f"{struct.__qualname__}.{field.name} has no docstring")


def _default(field: forms.Field) -> str:
    value = field.default
    if field.default_factory is not msgspec.NODEFAULT:
        value = field.default_factory()
    return json.dumps(msgspec.to_builtins(value), ensure_ascii=False)


def _limits(low: Any, high: Any) -> str:
    if low is not None and high is not None:
        return f", {low:g} to {high:g}"
    if low is not None:
        return f", at least {low:g}"
    return "" if high is None else f", at most {high:g}"


def _by_ending(struct: type, name: str) -> str:
    if name in EVERYWHERE:
        return EVERYWHERE[name]
    for ending, words in ENDINGS.items():
        if name.endswith(ending):
            return f"{words.format(name.removesuffix(ending).replace('_', ' '))}."
    raise LookupError(f"{struct.__module__}.{struct.__qualname__}.{name} has no docstring")
