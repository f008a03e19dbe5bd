"""Whether the books agree while orders are under way: what the invariants' checker says, sorted."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Literal

from tools.local.invariants import ENDED, Finding, Records, examine

MOST = 20
"""Findings that are told."""
STANDS_SECONDS = 8.0
"""Tables are read one after the other while orders go on: a finding that is one stands so long."""

State = Literal["agree", "disagree"]


@dataclass(frozen=True, slots=True)
class Reading:
    """One reading of all books. ``under_way`` are orders that nothing can be said of yet.

    ``excused`` are what undos have left that failed for good and wait for an operator.
    """

    at: float
    seconds: float
    state: State
    orders: int
    under_way: int
    findings: tuple[str, ...]
    capped: bool
    excused: int


class BooksLight:
    """Tells findings that stand from those that two readings do not share."""

    def __init__(self) -> None:
        self._since: dict[str, float] = {}

    def judge(
        self, records: Records, running: Collection[str], at: float, seconds: float
    ) -> Reading:
        """What a reading of that moment says; ``running`` are orders whose saga has not ended."""
        under_way = {id for id, it in records.orders.items() if it.status not in ENDED}
        under_way |= set(running)
        report = examine(records)
        found = [it for it in report.violations if it.order_id not in under_way]
        if under_way:  # pieces of all orders together are right only when all have ended
            found = [it for it in found if it.order_id not in records.stock or _is_negative(it)]
        self._since = _still(self._since, [str(it) for it in found], at)
        standing = [it for it, since in self._since.items() if at - since >= STANDS_SECONDS]
        return Reading(
            at=at,
            seconds=seconds,
            state="disagree" if standing else "agree",
            orders=len(records.orders),
            under_way=len(under_way),
            findings=tuple(standing[:MOST]),
            capped=len(standing) > MOST,
            excused=len(report.failed_undos),
        )


def _still(before: Mapping[str, float], found: list[str], at: float) -> dict[str, float]:
    return {it: before.get(it, at) for it in found}


def _is_negative(finding: Finding) -> bool:
    return finding.what.startswith("negative")
