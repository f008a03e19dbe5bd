"""The newest record of each shard, as far as somebody has looked: what consumers are compared with.

It is remembered in this process alone. Another one looks again, which takes a turn.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from event_log.adapters.log_tail import Tail

LOOKS_AGAIN = timedelta(seconds=5)
"""After which a shard is worth another look."""


@dataclass(frozen=True, slots=True)
class Newest:
    """A shard's newest record when it was looked at.

    ``arrived_at`` is None if it is one that a consumer has read, and so known there.
    """

    sequence: str
    arrived_at: datetime | None
    looked_at: datetime


class NewestRecords:
    """What was found of each shard."""

    def __init__(self) -> None:
        self._known: dict[str, Newest] = {}

    def found(self, shard: str, after: str, tail: Tail, now: datetime) -> None:
        """Note what a read after a record has brought.

        If it did not reach the end, the newest record came as much later as Kinesis says.
        """
        if tail.records:
            last = tail.records[-1]
            arrived_at = last.arrived_at + timedelta(milliseconds=tail.behind_ms)
            self._known[shard] = Newest(last.sequence, arrived_at, now)
        elif tail.behind_ms == 0:
            known = self._known.get(shard)
            same = known.arrived_at if known and known.sequence == after else None
            self._known[shard] = Newest(after, same, now)

    def gone(self, shard: str, after: str, now: datetime) -> None:
        """Note that the log has nothing after a record: neither it nor perhaps its shard any more.

        A consumer keeps its position in a shard that was split or merged for longer than the log
        keeps the shard. If it were asked for again and again, no other would have its turn.
        """
        self._known[shard] = Newest(after, None, now)

    def passed(self, shard: str, tail: Tail, now: datetime) -> None:
        """Note what somebody who follows the shard has read, if that was its end."""
        if tail.records and tail.behind_ms == 0:
            self.found(shard, "", tail, now)

    def due(self, read: Mapping[str, str], now: datetime) -> tuple[str, str] | None:
        """The shard that is most worth a look, and the record after which to look, if any is.

        ``read`` has, by shard, the last record that a consumer is known to have read.
        """
        waiting = [
            (known.looked_at if known else None, shard)
            for shard in read
            if (known := self._known.get(shard)) is None or now - known.looked_at >= LOOKS_AGAIN
        ]
        if not waiting:
            return None
        _, shard = min(waiting, key=lambda it: (it[0] is not None, it[0] or now, it[1]))
        known = self._known.get(shard)
        return shard, max(read[shard], known.sequence if known else "0", key=int)

    def all(self, shards: Mapping[str, str]) -> dict[str, Newest]:
        """What is known of these shards."""
        return {it: self._known[it] for it in shards if it in self._known}
