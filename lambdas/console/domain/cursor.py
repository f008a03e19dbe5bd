"""How far an operator has read of what the bus carried.

What is written now may be found a moment later than what is written next: writers run side by side,
and a read may be of a moment ago. So a reader goes back a little each time, and the cursor names
what was told of that time, by four bytes of each id.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from console.domain.sealed_text import NotSealed, opened, sealed

MOST_TOLD = 600
"""How many ids fit: of more, what is found late is not told."""
_KIND = "pulse"
_ID, _TIME = 4, 8
_EARLIEST, _LATEST = datetime(2020, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Cursor:
    """All that was recorded before ``since`` is told, and of what came later, ``told``."""

    since: datetime
    told: frozenset[bytes] = frozenset()

    def has_told(self, its_id: str) -> bool:
        """Whether that message was told already."""
        return _short(its_id) in self.told

    def text(self) -> str:
        """What an operator gets and gives back."""
        milliseconds = (self.since - _EARLIEST) // _MILLISECOND
        return sealed(_KIND, milliseconds.to_bytes(_TIME, "big") + b"".join(sorted(self.told)))


def cursor(since: datetime, told: Iterable[str]) -> Cursor:
    """A cursor that names these ids."""
    return Cursor(since, frozenset(map(_short, told)))


def cursor_of(text: str) -> Cursor:
    """The cursor that was written so. Raises NotSealed: it was changed, or is none at all."""
    content = opened(_KIND, text)
    told = content[_TIME:]
    if len(content) < _TIME or len(told) % _ID or len(told) > _ID * MOST_TOLD:
        raise NotSealed
    milliseconds = int.from_bytes(content[:_TIME], "big")
    if milliseconds > (_LATEST - _EARLIEST) // _MILLISECOND:
        raise NotSealed
    ids = frozenset(told[at : at + _ID] for at in range(0, len(told), _ID))
    return Cursor(_EARLIEST + milliseconds * _MILLISECOND, ids)


def _short(its_id: str) -> bytes:
    return hashlib.sha256(its_id.encode()).digest()[:_ID]
