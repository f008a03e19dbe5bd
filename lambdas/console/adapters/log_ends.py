"""The newest record of each shard, which consumers' positions are compared with.

The log's owner looks at one shard in two seconds at most, whoever asks. So what it says of a shard
may be some seconds old, and of a log with many shards half a minute. Where it has said nothing, the
furthest of the consumers stands for the newest record.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from console.adapters.asking import Answer, ask_all
from console.ports import Functions, Unanswered
from shared.runtime import clock

Position = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class LogEnd:
    """When a shard's newest record came, in seconds since the epoch.

    ``looked_at`` is when the log was looked at, None if consumers alone say so.
    """

    arrived: float
    looked_at: str | None

    def behind(self, position: Position) -> float:
        """How much earlier the last record came that was read, in seconds."""
        return round(max(0.0, self.arrived - _arrival(position)), 3)


def log_ends(
    functions: Functions, show_log: str, answers: Mapping[str, Answer]
) -> dict[str, LogEnd]:
    """By shard, for all shards that a consumer has read. ``answers`` are those of consumers."""
    furthest: dict[str, Position] = {}
    for answer in answers.values():
        for it in () if isinstance(answer, Unanswered) else answer["positions"]:
            known = furthest.get(it["shard"])
            if known is None or int(it["sequence"]) > int(known["sequence"]):
                furthest[it["shard"]] = it
    newest = _newest(functions, show_log, furthest) if furthest else {}
    return {shard: _end(it, newest.get(shard)) for shard, it in furthest.items()}


def _newest(
    functions: Functions, show_log: str, furthest: Mapping[str, Position]
) -> Mapping[str, Any]:
    asked = {"newer_than": {shard: it["sequence"] for shard, it in furthest.items()}}
    answer = ask_all({"log": lambda: functions.ask(show_log, asked)["newest"]})["log"]
    return {} if isinstance(answer, Unanswered) else answer


def _end(furthest: Position, newest: Mapping[str, Any] | None) -> LogEnd:
    arrived = _arrival(furthest)
    if newest is None:
        return LogEnd(arrived, None)
    if newest["arrived_at"] is not None and int(newest["sequence"]) > int(furthest["sequence"]):
        arrived = max(arrived, clock.parse_time(newest["arrived_at"]).timestamp())
    return LogEnd(arrived, newest["looked_at"])


def _arrival(position: Position) -> float:
    """When the record came; what was applied without a time came then at the latest."""
    return clock.parse_time(position["arrived_at"] or position["applied_at"]).timestamp()
