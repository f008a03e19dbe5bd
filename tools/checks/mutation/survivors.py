"""The mutants that are known to survive, each with the reason why no test should notice it."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

FILE = Path(__file__).with_name("survivors.toml")


@dataclass(frozen=True, slots=True)
class Survivor:
    """``equivalent``: nothing that anybody could see has changed. ``accepted``: it has."""

    mutant: str
    kind: Literal["equivalent", "accepted"]
    reason: str


def known(file: Path = FILE) -> dict[str, Survivor]:
    """By mutant.

    Raises:
        ValueError: an entry has no reason, is of no kind or comes twice.
    """
    found: dict[str, Survivor] = {}
    for entry in tomllib.loads(file.read_text()).get("survivor", []):
        survivor = Survivor(**entry)
        if survivor.kind not in ("equivalent", "accepted") or not survivor.reason.strip():
            raise ValueError(f"{survivor.mutant}: equivalent or accepted, and why")
        if survivor.mutant in found:
            raise ValueError(f"{survivor.mutant}: it comes twice")
        found[survivor.mutant] = survivor
    return found


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a run. ``stale`` are entries of mutants that are killed or exist no longer."""

    total: int
    killed: int
    equivalent: int
    unexplained: tuple[str, ...]
    stale: tuple[str, ...]

    @property
    def rate(self) -> float:
        """The share of killed mutants among those that are not equivalent."""
        return self.killed / max(1, self.total - self.equivalent)


def judge(
    verdicts: dict[str, str], survivors: dict[str, Survivor], all_names: Iterable[str]
) -> Result:
    """Compare what survived with what is known to. ``all_names`` are those that could have run."""
    survived = {name for name, verdict in verdicts.items() if verdict != "killed"}
    existing = set(all_names)
    return Result(
        total=len(verdicts),
        killed=len(verdicts) - len(survived),
        equivalent=sum(
            1 for it in survived & survivors.keys() if survivors[it].kind == "equivalent"
        ),
        unexplained=tuple(sorted(survived - survivors.keys())),
        stale=tuple(
            sorted(it for it in survivors if it not in existing or verdicts.get(it) == "killed")
        ),
    )
