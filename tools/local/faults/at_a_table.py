"""What goes wrong at a table: DynamoDB throttles it."""

from __future__ import annotations

from collections.abc import Mapping

from tools.emulator.engine_throttling import LONGEST, PATH
from tools.local.faults.deployed import Deployed

_TABLES: Mapping[str, tuple[str, str]] = {
    "order-view": ("order-views", "OrderView"),
    "reservations": ("inventory", "Reservations"),
    "notifications": ("notifications", "Ledger"),
}
PASSES = 5
"""Of so many requests one passes: retries then get through some day, as in life."""


class ThrottledTable:
    """The emulator refuses requests to a table as DynamoDB does without capacity."""

    choices = tuple(_TABLES)

    def __init__(self, deployed: Deployed, seconds: float) -> None:
        self._deployed = deployed
        self._seconds = min(seconds, LONGEST)

    def cause(self, choice: str) -> None:
        """Refuse four of five requests. The emulator ends it by itself, too."""
        asked = {"table": self._name(choice), "seconds": self._seconds, "every": PASSES}
        self._deployed.ask("POST", PATH, asked)

    def undo(self) -> None:
        """Refuse nothing."""
        self._deployed.ask("DELETE", PATH)

    def effect(self) -> str:
        """How many requests were refused."""
        found = self._deployed.ask("GET", PATH)["throttles"]
        refused, asked = (sum(it[what] for it in found) for what in ("refused", "asked"))
        return f"{refused} of {asked} requests refused"

    def _name(self, choice: str) -> str:
        service, table = _TABLES[choice]
        return self._deployed.named(service, "tables", table)
