"""Orders for a long time, one fault after the other, and what the system uses meanwhile."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, field

from rich.console import Console
from rich.table import Table

from tools.base.outputs import Outputs
from tools.base.workspace import Workspace
from tools.emulator.emulator import Emulator
from tools.local import usage
from tools.local.faults.cards import cards
from tools.local.faults.deployed import Deployed
from tools.local.faults.desk import Desk, NotCaused
from tools.local.faults.note import Note
from tools.local.load import Load, Outcome, parse_mix, show

MIX = "good=85,declined=5,out-of-stock=4,nowhere=3,cancelled=3"
PATIENCE_SECONDS = 300.0
"""After the last order: what waited for something that was down ends by then."""
SAMPLES = 200
"""In a run, and no two within LEAST_BETWEEN seconds."""
LEAST_BETWEEN = 1.0
FAULT_SECONDS, QUIET_SECONDS = 20.0, 40.0
"""How long a fault is on, and how long none is until the next."""


@dataclass
class Soak:
    """One run against what is up; ``minutes`` of orders at ``rate`` a second."""

    emulator: Emulator
    outputs: Outputs
    workspace: Workspace
    minutes: float
    rate: float
    fault_seconds: float = FAULT_SECONDS
    quiet_seconds: float = QUIET_SECONDS
    samples: list[usage.Sample] = field(default_factory=list)
    caused: Counter[str] = field(default_factory=Counter)
    """How often each fault was on, by its name."""
    not_caused: dict[str, str] = field(default_factory=dict)
    """Why a fault could not be caused, by its name."""

    def run(self, console: Console) -> Outcome:
        """Place orders, cause faults, and look at what is used, until the time is over.

        Whatever fault is on is undone at the end, by Ctrl-C too.

        Raises:
            OfflineError: nothing was accepted, or orders had not ended when patience did.
        """
        seconds = self.minutes * 60
        load = Load(
            self.emulator, self.outputs, self.rate, seconds, parse_mix(MIX), PATIENCE_SECONDS
        )
        over = threading.Event()
        beside = [
            threading.Thread(target=self._look, args=(load, over, seconds)),
            threading.Thread(target=self._cause, args=(over, seconds)),
        ]
        for each in beside:
            each.start()
        try:
            return load.run(console)
        finally:
            over.set()
            for each in beside:
                each.join()

    def _look(self, load: Load, over: threading.Event, seconds: float) -> None:
        begun = time.monotonic()
        between = max(LEAST_BETWEEN, seconds / SAMPLES)
        while (at := time.monotonic() - begun) < seconds and not over.wait(between):
            self.samples.append(usage.sample(self.workspace.root, at, len(load.placed)))

    def _cause(self, over: threading.Event, seconds: float) -> None:
        """Every fault in turn, in an order that is drawn anew each time."""
        found = cards(Deployed(self.workspace), self.fault_seconds)
        # A note of its own: the console's process undoes what its own note names.
        note = Note(self.workspace.soak_note)
        desk = Desk({name: card.fault for name, card in found.items()}, note, self.fault_seconds)
        ends = time.monotonic() + seconds - self.quiet_seconds
        waiting: list[str] = []
        try:
            desk.look()
            while not over.wait(self.quiet_seconds) and time.monotonic() < ends:
                if not waiting:
                    waiting = random.sample(sorted(found), len(found))
                name = waiting.pop()
                try:
                    desk.cause(name, random.choice(found[name].fault.choices), "soak")  # noqa: S311
                except NotCaused as why:
                    self.not_caused[name] = str(why)
                else:
                    self.caused[name] += 1
                over.wait(self.fault_seconds)
                desk.undo(name)
        finally:
            desk.undo_all()


def report(soak: Soak, outcome: Outcome, console: Console) -> bool:
    """Print how the orders went and what was used; whether all of it holds."""
    held = show(outcome, console)
    causes = ", ".join(f"{count} {name}" for name, count in sorted(soak.caused.items()))
    console.print(f"faults: {causes or 'none'}")
    for name, why in soak.not_caused.items():
        console.print(f"not caused: {name}: {why}", style="yellow")
    try:
        found = usage.growths(soak.samples)
    except usage.TooShort:
        console.print("too short a run to say whether anything grows", style="yellow")
        return held
    table = Table(box=None, pad_edge=False)
    table.add_column("what is used")
    for heading in ("second quarter", "last quarter", "may be", "an order"):
        table.add_column(heading, justify="right")
    for it in found:
        table.add_row(
            it.what,
            f"{it.early:.1f} {it.unit}".strip(),
            f"{it.late:.1f} {it.unit}".strip(),
            "" if it.may_be is None else f"{it.may_be:.1f} {it.unit}".strip(),
            f"{it.an_order * 1024:.1f} KB" if it.may_be is None else "",
            style=None if it.holds else "red",
        )
    console.print(table)
    return held and all(it.holds for it in found)
