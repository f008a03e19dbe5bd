"""What differs between two values, place by place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any

from tools.configuration.documents import canonical
from tools.configuration.problems import pointer, shown


class Nothing(Enum):
    """There is no value at that place; null would be one."""

    ABSENT = "absent"


ABSENT = Nothing.ABSENT


@dataclass(frozen=True, slots=True)
class Difference:
    """``pointer`` begins with the profile, as in the file: ``/settings/max_lines``."""

    pointer: str
    git: Any
    deployed: Any

    @property
    def in_git(self) -> str:
        """What git has there, for people."""
        return _text(self.git)

    @property
    def in_place(self) -> str:
        """What is deployed there, for people."""
        return _text(self.deployed)


def differences(git: Any, deployed: Any, parts: tuple[str | int, ...] = ()) -> Iterator[Difference]:
    """Each place where they differ, keys in order; lists differ as a whole, 1 is not true."""
    if isinstance(git, dict) and isinstance(deployed, dict):
        for key in sorted(git.keys() | deployed.keys()):
            yield from differences(git.get(key, ABSENT), deployed.get(key, ABSENT), (*parts, key))
    elif git is ABSENT or deployed is ABSENT or canonical(git) != canonical(deployed):
        yield Difference(pointer(parts), git, deployed)


def _text(value: Any) -> str:
    return "nothing" if value is ABSENT else shown(value)
