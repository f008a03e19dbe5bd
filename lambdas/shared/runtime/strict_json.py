"""JSON from outside: whatever two readers could understand differently is refused.

Parsers disagree about an object that has a name twice: most keep the last value, some the first.
What one checks is then not what another uses (RFC 7493, section 2.3).
"""

import json
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")


def decode(text: bytes | str, form: type[T] | Any) -> T:
    """Parse a text of that form.

    Raises:
        msgspec.DecodeError: it is not JSON or has a name twice, or (as ValidationError) it has not
            the form.
    """
    try:
        parsed = msgspec.json.decode(text, type=form)
    except (UnicodeError, RecursionError) as unreadable:
        raise msgspec.DecodeError(f"not readable: {type(unreadable).__name__}") from unreadable
    refuse_duplicate_names(text)
    return parsed


def refuse_duplicate_names(text: bytes | str) -> None:
    """Raise msgspec.DecodeError if any object in a JSON text has a name twice."""
    try:
        raw = text.encode() if isinstance(text, str) else text
        # Objects that were read have no name twice: if they are written as they came, neither had
        # the text. This is four times as fast as the look at every name, and enough for most texts.
        if msgspec.json.encode(msgspec.json.decode(raw)) == msgspec.json.format(raw, indent=-1):
            return
        json.loads(text, object_pairs_hook=_with_single_names)
    except msgspec.DecodeError:  # a ValueError itself
        raise
    except (ValueError, RecursionError) as unreadable:
        raise msgspec.DecodeError(f"not readable: {type(unreadable).__name__}") from unreadable


def _with_single_names(members: list[tuple[str, Any]]) -> None:
    if len({name for name, _ in members}) < len(members):
        raise msgspec.DecodeError("an object has a name twice")
