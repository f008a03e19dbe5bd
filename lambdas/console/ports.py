"""What the console needs of the outside."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from console.domain.activity import Activity
from console.domain.order_row import OrderRow


class NotKept(Exception):
    """Others write at the same time; trying again later helps."""


@dataclass(frozen=True, slots=True)
class KeptRow:
    """A line of the list, and how often it was saved."""

    row: OrderRow
    revision: int


class Messages(Protocol):
    """What the bus carried lately."""

    def keep(self, messages: Sequence[Activity]) -> None:
        """Keep each once: one whose id is there already changes nothing."""

    def since(self, earliest: datetime, latest: datetime, most: int) -> Sequence[Activity]:
        """The last ones that were recorded in that time, newest first."""


class Orders(Protocol):
    """The orders of late."""

    def of(self, order_ids: Sequence[str]) -> Mapping[str, KeptRow]:
        """Those of them that are known."""

    def save(self, row: OrderRow, revision: int, *, is_moved: bool) -> bool:
        """Save the line as that revision, unless somebody has; whether that was done.

        ``is_moved``: it is new in the list, or at another place than before.
        """

    def listed(
        self, earliest: datetime, latest: datetime, before: tuple[str, str] | None, most: int
    ) -> Sequence[OrderRow]:
        """The orders of that time, newest first, after the one with that time and id."""


class Unanswered(Exception):
    """An owner did not answer, or not in time; the text says why and quotes nothing."""


class FunctionFailed(Unanswered):
    """An owner's function raised; ``kind`` is the name of what it raised."""

    def __init__(self, kind: str) -> None:
        super().__init__("its function failed")  # its own words may quote what it was given
        self.kind = kind


class Functions(Protocol):
    """What owners publish as functions."""

    def ask(self, arn: str, request: Mapping[str, Any]) -> Any:
        """What a function answers. Raises Unanswered, or as one FunctionFailed."""


LONG_AGO = "1970-01-01T00:00:00.000Z"


class Claims(Protocol):
    """Who is changing what: one change of a subject at a time."""

    def claim(self, subject: str, *, planned_before: str, until: str) -> str | None:
        """Take the subject until then, unless a change of it ended after that plan was made, or may
        be at work still: then None. Otherwise when the last change ended; LONG_AGO without one.
        """

    def end(self, subject: str, *, until: str, ended_at: str) -> None:
        """The change that took it until then has ended; ``ended_at`` of the one before, if it never
        began.
        """
