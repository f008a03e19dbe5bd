"""What the console's API answers about views, as it was seen to answer; for tests alone."""

from __future__ import annotations

from typing import Any

from tests.support.console_answers import Document, moment

SUM = "9f3c1b7a5e2d4608b1c9d7e5f3a2b4c6"


def generation(name: str, state: str, since: float | None, **its: Any) -> Document:
    """One generation; ``items`` and ``sum`` are null unless they are given."""
    counted = {"items": None, "sum": None, "summed_at": None}
    at = None if since is None else moment(since)
    return {"name": name, "state": state, "since": at, **counted, **its}


def views() -> list[Document]:
    """One that is being rebuilt, and one that was."""
    summed = {"items": 1840, "sum": SUM, "summed_at": moment(7270)}
    return [
        {
            "name": "order-view",
            "service": "order-views",
            "problem": None,
            "generations": [
                generation("g2", "served", 7260, **summed),
                generation("g1", "kept", 7260, **summed),
            ],
            "equal": True,
            "rebuild": None,
            "run": {
                "status": "SUCCEEDED",
                "started_at": moment(7190),
                "ended_at": moment(7271),
            },
            "may": ["back", "retire"],
        },
        {
            "name": "sales",
            "service": "sales",
            "problem": None,
            "generations": [generation("g1", "served", None), generation("g2", "filled", 7285)],
            "equal": None,
            "rebuild": {
                "generation": "g2",
                "phase": "fold",
                "began_at": moment(7285),
                "objects": 214,
                "bytes": 8_400_000,
                "tasks": 6,
                "partitioned": 6,
                "partitions": 40,
                "folded": 13,
                "records": None,
            },
            "run": {"status": "RUNNING", "started_at": moment(7285), "ended_at": None},
            "may": ["rebuild", "retire"],
        },
    ]
