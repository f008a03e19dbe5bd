"""The event log as the console's API tells it, for the screens' own tests: recorded records."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from datetime import timedelta

from tests.support import console_answers as recorded
from tests.support.console_answers import Document

BETWEEN = 2.0
"""Seconds from one read to the next, whoever asks."""
MOST = 500


def _name(number: int) -> str:
    return f"shardId-{number:012}"


@dataclass
class RecordedLog:
    """Two shards, of which the first was split out of a closed one.

    ``reads`` has the times of all reads; ``expired`` makes every cursor of before one that has
    expired.
    """

    shards: dict[str, list[Document]] = field(default_factory=lambda: {_name(1): [], _name(2): []})
    closed: list[str] = field(default_factory=lambda: [_name(0)])
    between: float = BETWEEN
    reads: list[float] = field(default_factory=list)
    generation: int = 0
    _turns: threading.Lock = field(default_factory=threading.Lock)

    def say(self, message: Document, *, problem: str | None = None) -> None:
        """A message of the bus reaches the log, if it is one that does."""
        if message["kind"] == "reply":
            return
        number = sum(map(len, self.shards.values()))
        shard = sorted(self.shards)[int(message["order_id"][-1], 16) % len(self.shards)]
        told = {name: message[name] for name in ("type", "service", "order_id", "version")}
        event = {"event_id": message["id"], "occurred_at": message["occurred_at"]}
        moment = recorded.START + timedelta(seconds=7200, milliseconds=number)
        self.shards[shard].append(
            {
                "sequence": f"4966852394051234567890123456789012345678{number:010}",
                "arrived_at": moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
                "size": 640 + number,
                "problem": problem,
                **(dict.fromkeys([*told, *event]) if problem else told | event),
                "fields": {} if problem else {"total": 8470, "currency": "EUR"},
            }
        )

    def expire(self) -> None:
        """No cursor that was given out is good any more."""
        self.generation += 1

    def answer(self, query: dict[str, str]) -> tuple[int, Document]:
        """Status and document."""
        shard, after = query.get("shard"), query.get("after")
        listed = [{"shard": it, "parents": [], "open": False} for it in self.closed]
        parents = [*self.closed]
        listed += [{"shard": it, "parents": parents, "open": True} for it in sorted(self.shards)]
        answer: Document = {
            "as_of": recorded.moment(7300),
            "shards": listed,
            "shard": shard,
            "records": [],
            "cursor": after,
            "behind_ms": None,
            "read": False,
            "wait_ms": 0,
        }
        if shard is None:
            return 200, answer
        records = self.shards[shard]
        start = sum(it["arrived_at"] < query.get("since", "") for it in records)
        if after is not None:
            generation, _, place = after.partition("/")
            if int(generation) != self.generation:
                return 410, {"title": "The place in the log has expired", "status": 410}
            start = int(place)
        wait = self._turn()
        if wait > 0:
            return 200, answer | {"wait_ms": int(wait * 1000) + 1}
        told = records[start : start + MOST]
        end = start + len(told)
        return 200, answer | {
            "records": told,
            "cursor": f"{self.generation}/{end}",
            "behind_ms": 0 if end == len(records) else 100 * (len(records) - end),
            "read": True,
            "wait_ms": int(self.between * 1000),
        }

    def _turn(self) -> float:
        """0 if it may be read now; else the seconds until then."""
        with self._turns:
            now = time.monotonic()
            wait = self.reads[-1] + self.between - now if self.reads else 0
            if wait <= 0:
                self.reads.append(now)
            return wait
