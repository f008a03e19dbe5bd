"""How far an operator has read a shard of the log: what Kinesis calls an iterator, and when it was
given out.

An iterator is good for five minutes. So is its place here, whoever asks.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from console.domain.sealed_text import NotSealed, opened, sealed

GOOD_FOR = timedelta(minutes=5)
_KIND = "log"


class PlaceExpired(Exception):
    """The place was given out too long ago."""


@dataclass(frozen=True, slots=True)
class LogPlace:
    """``iterator`` is Kinesis' own, of that shard."""

    shard: str
    iterator: str
    given_at: datetime

    def text(self) -> str:
        """What an operator gets and gives back."""
        milliseconds = int(self.given_at.timestamp() * 1000)
        return sealed(_KIND, f"{milliseconds} {self.shard} {self.iterator}".encode())


def place_of(text: str, shard: str, now: datetime) -> LogPlace:
    """The place that was written so.

    Raises:
        NotSealed: it was changed, is of another shard, or is none at all.
        PlaceExpired: it was given out more than GOOD_FOR ago.
    """
    try:
        milliseconds, its_shard, iterator = opened(_KIND, text).decode("ascii").split(" ")
        given_at = datetime.fromtimestamp(int(milliseconds) / 1000, UTC)
    except (ValueError, OverflowError, OSError) as malformed:
        raise NotSealed from malformed
    if its_shard != shard:
        raise NotSealed
    if now - given_at > GOOD_FOR:
        raise PlaceExpired
    return LogPlace(shard, iterator, given_at)
