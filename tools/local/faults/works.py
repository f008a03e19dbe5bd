"""Everything that the fault process does, put together: faults, their watch, customers, tour."""

from __future__ import annotations

import threading

from tools.base.workspace import Workspace
from tools.local.faults.cards import cards
from tools.local.faults.customers import Customers
from tools.local.faults.deployed import Deployed
from tools.local.faults.desk import Desk, Fault
from tools.local.faults.guide import Guide
from tools.local.faults.later_steps import CONFIGURATION, ConfigurationOfGit, LaterSteps
from tools.local.faults.note import Note
from tools.local.faults.ordering import Ordering
from tools.local.faults.steps import OrderSteps
from tools.local.faults.watch import Watch

LOOK_SECONDS = 0.25


class Works:
    """Of one workspace; a fault lasts ``seconds``, and so does a load."""

    def __init__(self, workspace: Workspace, seconds: float) -> None:
        self.seconds = seconds
        self.deployed = Deployed(workspace)
        self.cards = cards(self.deployed, seconds)
        faults: dict[str, Fault] = {name: card.fault for name, card in self.cards.items()}
        faults[CONFIGURATION] = ConfigurationOfGit(self.deployed)
        self.desk = Desk(faults, Note(workspace.faults_note), seconds)
        self.watch = Watch(self.deployed, self.desk, self.cards)
        self.ordering = Ordering(self.deployed)
        self.customers = Customers(self.ordering.place, seconds)
        parts = (self.deployed, self.desk, self.ordering)
        self.guide = Guide([*OrderSteps(*parts).steps(), *LaterSteps(*parts).steps()])
        self._over = threading.Event()
        self._looking = threading.Thread(target=self._look, daemon=True)
        self._looking.start()

    def undo_all(self) -> None:
        """No load, and no fault."""
        self.customers.choose(0.0)
        self.desk.undo_all()

    def end(self) -> None:
        """The same, for good."""
        self._over.set()
        self.undo_all()

    def _look(self) -> None:
        while not self._over.wait(LOOK_SECONDS):
            self.desk.look()
