"""Reads documents strictly: what JSON leaves open has one meaning here, or is refused."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from shared.runtime.configuration_deployments import canonical as canonical
from shared.runtime.configuration_deployments import digest as digest
from tools.configuration.errors import NotValid
from tools.configuration.problems import Problem, pointer, shown

CHECKOUT = Path(__file__).resolve().parents[2]
LONGEST = 1_048_576
"""Bytes of one profile's document: half of what AppConfig keeps."""
_LONGEST_FILE = 8 * LONGEST
"""It holds several profiles, with white space."""
_DEEPEST = 32


@dataclass(frozen=True, slots=True)
class Document:
    """One service's document in one environment; ``profiles`` are its parts by profile."""

    environment: str
    service: str
    path: Path
    profiles: dict[str, Any]

    @property
    def file(self) -> str:
        """As it is named in messages: relative to the checkout, if it is there."""
        return name_of(self.path)


def read(path: Path, environment: str, service: str) -> Document:
    """The document in a file.

    Raises:
        NotValid: it is not there, or is not one JSON object.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise _refused(path, "", "the file is read", error.strerror or "") from error
    profiles = parse(content, name_of(path))
    if not isinstance(profiles, dict):
        raise _refused(path, "", "an object with the profiles", profiles)
    return Document(environment, service, path, profiles)


def parse(content: bytes, file: str) -> Any:
    """The value that the bytes say, with one meaning for every reader.

    Raises:
        NotValid: no UTF-8, no JSON, a key twice, a number that JSON has not, half a character, or
            more depth or bytes than a document needs.
    """

    def refuse(rule: str, value: Any, at: str = "") -> NoReturn:
        raise NotValid([Problem(file, at, rule, shown(value))])

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            keys = [key for key, _ in pairs]
            refuse("each key once", next(key for key in keys if keys.count(key) > 1))
        return found

    if len(content) > _LONGEST_FILE:
        refuse(f"at most {_LONGEST_FILE} bytes", f"{len(content)} bytes")
    try:
        value = json.loads(
            content.decode("utf-8"),
            object_pairs_hook=once,
            parse_constant=lambda name: refuse("numbers that JSON has", name),
        )
    except UnicodeDecodeError as error:
        refuse("UTF-8", f"byte {error.start}")
    except RecursionError:
        refuse(f"at most {_DEEPEST} levels", "more")
    except json.JSONDecodeError as error:
        refuse("JSON", f"{error.msg}, line {error.lineno} column {error.colno}")
    except ValueError as error:  # an integer of thousands of digits
        refuse("numbers that can be read", str(error))
    for parts, leaf in _walk(value, ()):
        if len(parts) > _DEEPEST:
            refuse(f"at most {_DEEPEST} levels", "more", pointer(parts[:_DEEPEST]))
        if isinstance(leaf, float) and not math.isfinite(leaf):
            refuse("numbers that can be told apart", str(leaf), pointer(parts))
        for text in (*parts[-1:], leaf):
            if isinstance(text, str) and not _is_unicode(text):
                refuse("valid Unicode", text, pointer(parts))
    return value


def name_of(path: Path) -> str:
    """A file's name for people: relative to the checkout, if it is there."""
    path = path.resolve()
    return str(path.relative_to(CHECKOUT) if path.is_relative_to(CHECKOUT) else path)


def _walk(value: Any, parts: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """Every value with its place; below the deepest level only that there is more."""
    yield parts, value
    if len(parts) > _DEEPEST:
        return
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _walk(inner, (*parts, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _walk(inner, (*parts, index))


def _is_unicode(text: str) -> bool:
    """Whether it can be written as UTF-8: JSON can spell half a surrogate pair."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _refused(path: Path, at: str, rule: str, value: Any) -> NotValid:
    return NotValid([Problem(name_of(path), at, rule, shown(value))])
