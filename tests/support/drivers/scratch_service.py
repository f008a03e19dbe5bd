"""A service that exists for tests alone: its forms, its meaning, and documents in a folder."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from shared.runtime.configuration import Profile, Violation
from tools.configuration.services import Configured

SCHEMA = {
    "$schema": "http://json-schema.org/draft-04/schema#",
    "type": "object",
    "properties": {
        "limit": {"type": "integer", "minimum": 1, "maximum": 10},
        "names": {"type": "array", "items": {"type": "string"}},
        "text": {"type": "string"},
    },
    "additionalProperties": False,
}


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a document's settings may hold."""

    limit: int = 1
    names: list[str] = []
    text: str = ""


class Switch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A flag with an attribute."""

    enabled: bool = False
    share: int = 0


class Flags(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """What a document's flags may hold."""

    new_way: Switch = Switch()


def unlucky(settings: Settings) -> Iterable[Violation]:
    """A rule that no schema can say."""
    if settings.limit == 7 and settings.names:
        yield Violation("/limit", "not 7 while there are names", settings.limit)


PROFILES: tuple[Profile[Any], ...] = (
    Profile("settings", Settings, unlucky),
    Profile("flags", Flags),
)


def service(name: str = "scratch") -> Configured:
    """The service under a name."""
    return Configured(name, PROFILES, {"settings": SCHEMA})


def right() -> dict[str, Any]:
    """A document that passes."""
    return {"settings": {"limit": 3}, "flags": {"new-way": {"enabled": True, "share": 5}}}


def write(config: Path, document: Any, name: str = "scratch", environment: str = "dev") -> Path:
    """Put a document where git would have it: a value as JSON, bytes as they are."""
    path = config / environment / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    content = document if isinstance(document, bytes) else json.dumps(document).encode()
    path.write_bytes(content)
    return path
