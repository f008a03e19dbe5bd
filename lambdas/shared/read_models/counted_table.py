"""A table that remembers which steps it has made: for numbers that count each of them once."""

from collections.abc import Mapping, Sequence
from typing import Generic, TypeVar

from shared.read_models.parked_records import ParkedRecord
from shared.read_models.projector import Change, Checkpoint, Table

StateT = TypeVar("StateT")
Step = tuple[StateT | None, StateT | None]
"""A state before and after."""


class CountedTable(Generic[StateT]):
    """Implements ``projector.Table`` with another one; ``steps`` are those that it has taken.

    A step that somebody else made first is not among them.
    """

    def __init__(self, table: Table[StateT]) -> None:
        self._table = table
        self.steps: list[Step[StateT]] = []

    def load(self, ids: Sequence[str]) -> Mapping[str, Checkpoint[StateT]]:
        """As the other table does."""
        return self._table.load(ids)

    def save(self, change: Change[StateT]) -> bool:
        """As the other table does."""
        saved = self._table.save(change)
        if saved:
            self._note(change)
        return saved

    def insert(self, changes: Sequence[Change[StateT]]) -> set[str]:
        """As the other table does."""
        made = self._table.insert(changes)
        for change in changes:
            if change.aggregate_id in made:
                self._note(change)
        return made

    def park(self, parked: ParkedRecord) -> None:
        """As the other table does."""
        self._table.park(parked)

    def _note(self, change: Change[StateT]) -> None:
        before = change.base.state if change.base else None
        self.steps.append((before, change.to.state))
