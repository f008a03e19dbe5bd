"""Bugs that are planted one at a time: each must be found, or the simulation proves nothing."""

from __future__ import annotations

import tomllib
from pathlib import Path

import msgspec

from tools.simulation.code import Plants

FILE = Path(__file__).with_name("bugs.toml")


class Bug(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A text of a file below ``lambdas``, and what is planted there in its place.

    Some seed from 1 to ``within`` must find it.
    """

    what: str
    file: str
    before: str
    after: str
    within: int

    @property
    def plants(self) -> Plants:
        """As the code's loader takes it."""
        return {self.file: (self.before, self.after)}


class NoSuchBug(KeyError):
    """The file of bugs has none of this name."""


def catalogue() -> dict[str, Bug]:
    """All of them, by name."""
    return msgspec.convert(tomllib.loads(FILE.read_text("utf-8")), dict[str, Bug])


def named(name: str) -> Bug:
    """One of them. Raises NoSuchBug."""
    known = catalogue()
    if name not in known:
        raise NoSuchBug(f"no bug {name!r}; there are {', '.join(sorted(known))}")
    return known[name]
