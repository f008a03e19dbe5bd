"""Recorded plans, and what becomes of them: as the API answers, for one change after another."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.support.console_answers import Document, moment

NEVER = "2099-01-01T00:00:00.000Z"


@dataclass
class RecordedChanges:
    """What is planned, and whether it can be confirmed; a test changes any of it meanwhile."""

    does: list[str] = field(
        default_factory=lambda: ["applies 2 parked records again, in their order on the log"]
    )
    items: list[Document] = field(
        default_factory=lambda: [
            {"shard": "shardId-000000000000", "sequence": "4961", "reason": "no order"},
            {"shard": "shardId-000000000001", "sequence": "4977", "reason": "no order"},
        ]
    )
    capped: bool = False
    expires_at: str = NEVER
    overtaken: bool = False
    """Somebody else has confirmed meanwhile."""
    result: Document = field(default_factory=lambda: {"applied": 2, "still_parked": 0})
    asked: list[tuple[str, Document]] = field(default_factory=list)

    def answer(self, path: str, document: Document) -> tuple[int, Document]:
        """A plan, or what was done, or a problem."""
        self.asked.append((path, document))
        *target, action = path.split("/")
        about: dict[str, Any] = {
            "as_of": moment(7300),
            "action": action,
            "target": "/".join(target[1:]),
        }
        if document["dry_run"]:
            plan = {"does": self.does, "items": self.items, "capped": self.capped}
            ends = {"digest": f"plan {len(self.asked)}", "expires_at": self.expires_at}
            return 200, about | plan | ends
        if self.overtaken:
            return 409, {
                "type": "https://problems.example/plan-changed",
                "title": "This plan cannot be confirmed",
                "status": 409,
                "detail": "it was changed meanwhile",
                "correlation_id": "8c1f6f0e-0000-4000-8000-000000000000",
            }
        return 200, about | {"result": self.result}
