"""Which service had to do with which, as the console draws it: of the receiver on this machine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tools.emulator.trace_receiver.edges import Counted
from tools.local.faults import answers

MOST = 400
"""Arrows in one answer: all of the system has some sixty."""
LONGEST_NAME = 120


def told(found: Sequence[Counted], now: float) -> dict[str, Any]:
    """Every arrow with how often it was, and how often it failed. ``now`` is in seconds since
    1970.
    """
    return {
        "as_of": answers.moment(now),
        "arrows": [
            {
                "begin": it.edge.begin[:LONGEST_NAME],
                "end": it.edge.end[:LONGEST_NAME],
                "way": it.edge.way,
                "name": it.edge.name[:LONGEST_NAME],
                "count": it.count,
                "failed": it.failed,
            }
            for it in found[:MOST]
        ],
        "left_out": max(0, len(found) - MOST),
    }
