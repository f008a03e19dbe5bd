"""A claim, what was measured of it, and whether it holds."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from statistics import median
from typing import Any, Literal

TIMES = frozenset({"s", "ms", "µs"})
"""Units of which the target holds at the nominal pace."""


@dataclass(frozen=True, slots=True)
class Limit:
    """What a figure must keep to, and what it aims at beyond that."""

    kind: Literal["at most", "at least"]
    target: float
    aim: float | None = None

    def admits(self, value: float, limit: float) -> bool:
        """Whether the value is on the right side of ``limit``, which is the target or the aim."""
        return value <= limit if self.kind == "at most" else value >= limit


def at_most(target: float, aim: float | None = None) -> Limit:
    """Smaller is better."""
    return Limit("at most", target, aim)


def at_least(target: float, aim: float | None = None) -> Limit:
    """Larger is better."""
    return Limit("at least", target, aim)


@dataclass(frozen=True, slots=True)
class Result:
    """One row of the report. Without a limit it only informs.

    ``value`` is in ``unit`` (``x`` is a ratio to the peer), ``spread`` its least and greatest over
    the rounds, ``details`` what it was made from. ``pace`` is the machine's speed while it was
    measured, beside the one that targets in seconds are written for: see ``pace.py``.
    """

    claim: str
    value: float
    unit: str
    limit: Limit | None = None
    spread: tuple[float, float] | None = None
    details: dict[str, Any] = field(default_factory=dict)
    pace: float = 1.0

    @property
    def at_nominal_pace(self) -> float:
        """What is judged: a time, or a rate, as it would be on a machine of the nominal pace."""
        if self.unit in TIMES:
            return self.value * self.pace
        return self.value / self.pace if self.unit.endswith("/s") else self.value

    @property
    def holds(self) -> bool:
        """Whether the target is met; what only informs always holds."""
        return self.limit is None or self.limit.admits(self.at_nominal_pace, self.limit.target)

    @property
    def reaches_aim(self) -> bool | None:
        """Whether the aim is met, if there is one."""
        if self.limit is None or self.limit.aim is None:
            return None
        return self.limit.admits(self.at_nominal_pace, self.limit.aim)

    def document(self) -> dict[str, Any]:
        """The row as a mapping that serializes to JSON."""
        return {
            **asdict(self),
            "at_nominal_pace": self.at_nominal_pace,
            "holds": self.holds,
            "reaches_aim": self.reaches_aim,
        }


def ratio(
    claim: str,
    ours: Sequence[float],
    peers: Sequence[float],
    limit: Limit | None = None,
    *,
    both_in: str,
    **details: Any,
) -> Result:
    """Our figures beside a peer's, taken in turns: medians divided, and the rounds' extremes.

    ``both_in`` is the unit of both sides, such as ``orders/s``.
    """
    rounds = [mine / theirs for mine, theirs in zip(ours, peers, strict=True)]
    return Result(
        claim,
        median(ours) / median(peers),
        "x",
        limit,
        (min(rounds), max(rounds)),
        {
            "ours": median(ours),
            "peer": median(peers),
            "both_in": both_in,
            "rounds": len(rounds),
            **details,
        },
    )


def absolute(
    claim: str, figures: Sequence[float], unit: str, limit: Limit | None = None, **details: Any
) -> Result:
    """Figures beside a fixed limit: their median and their extremes."""
    return Result(claim, median(figures), unit, limit, (min(figures), max(figures)), {**details})
