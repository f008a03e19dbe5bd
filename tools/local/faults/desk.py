"""Which fault is on, for whom and until when: the rules, whatever the faults are."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from tools.local.faults.note import Active, Note

AGAIN_SECONDS = 2.0
"""After which something that could not be undone is tried again."""


class Fault(Protocol):
    """One kind of fault."""

    @property
    def choices(self) -> Sequence[str]:
        """What an operator may choose from; the first is usual."""

    def cause(self, choice: str, /) -> None:
        """Cause it."""

    def undo(self) -> None:
        """Undo it whatever was chosen, though it was never caused, or was undone before."""


class UnknownFault(Exception):
    """There is no fault of this name."""


class NoChoice(Exception):
    """The fault knows no such choice."""


class AlreadyOn(Exception):
    """The fault is on: it is undone before it can be caused otherwise."""


class NotCaused(Exception):
    """The system did not let the fault be caused; says why. What was begun is undone."""


class Desk:
    """Causes faults and undoes them: when asked, when their time is over, and at its own end.

    What is on is noted before it is caused. A desk that begins with such a note, as after a crash,
    undoes all of it at its first ``look``.
    """

    def __init__(
        self,
        faults: Mapping[str, Fault],
        note: Note,
        seconds: float,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._faults = faults
        self._note = note
        self._seconds = seconds
        self._clock = clock
        self._working = threading.Lock()
        self.problems: dict[str, str] = {}
        """Why a fault could not be undone yet, by its name."""
        found = note.read()
        if found is None:  # which were on cannot be told: undoing those that are not does no harm
            found = {name: Active(name, "", "", 0.0, 0.0) for name in faults}
        self.active: dict[str, Active] = {
            name: replace(it, until=0.0) for name, it in found.items() if name in faults
        }
        self._not_before: dict[str, float] = {}

    def cause(self, name: str, choice: str, by: str) -> Active:
        """Cause a fault until its time is over.

        Raises:
            UnknownFault, NoChoice, AlreadyOn, NotCaused: see each.
        """
        fault = self._known(name)
        if choice not in fault.choices:
            raise NoChoice(choice)
        with self._working:
            if name in self.active:
                raise AlreadyOn(name)
            now = self._clock()
            active = Active(name, choice, by, now, now + self._seconds)
            self.active[name] = active
            self._note.write(self.active)
            try:
                fault.cause(choice)
            except Exception as error:
                self._undo(name)
                raise NotCaused(f"{type(error).__name__}: {error}") from error
        return active

    def undo(self, name: str) -> bool:
        """Undo a fault now; false if it is not on.

        Raises:
            UnknownFault: there is none of this name.
        """
        self._known(name)
        with self._working:
            return self._undo(name)

    def undo_all(self) -> None:
        """Undo whatever is on."""
        with self._working:
            for name in list(self.active):
                self._undo(name)

    def look(self) -> None:
        """Undo what is over, and what could not be undone before."""
        now = self._clock()
        with self._working:
            for name, active in list(self.active.items()):
                if active.until <= now and self._not_before.get(name, 0.0) <= now:
                    self._undo(name)

    def _undo(self, name: str) -> bool:
        """What cannot be undone stays noted, and is over."""
        active = self.active.get(name)
        if active is None:
            return False
        try:
            self._faults[name].undo()
        except Exception as error:
            now = self._clock()
            self.problems[name] = f"{type(error).__name__}: {error}"
            self._not_before[name] = now + AGAIN_SECONDS
            self.active[name] = replace(active, until=min(active.until, now))
        else:
            del self.active[name]
            self.problems.pop(name, None)
            self._not_before.pop(name, None)
        self._note.write(self.active)
        return True

    def _known(self, name: str) -> Fault:
        try:
            return self._faults[name]
        except KeyError as error:
            raise UnknownFault(name) from error
