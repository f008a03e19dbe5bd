"""The tour's last two steps: configuration that rolls back, and a read model that is made again."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from io import StringIO

from tools.base.terminal import Terminal
from tools.local import tokens, tour
from tools.local.faults.at_the_log import PoisonRecord
from tools.local.faults.deployed import Deployed
from tools.local.faults.desk import Desk
from tools.local.faults.guide import Step, StepFailed, Walk
from tools.local.faults.ordering import Ordering
from tools.operations import rebuild

CONFIGURATION = "configuration"
VIEW = "sales"
BATCH_SECONDS = 1
"""A projector's batch takes less here, so that a generation may be switched so soon."""
BETWEEN_ORDERS_SECONDS = 0.5


class ConfigurationOfGit:
    """A fault without a card: values that git does not have are served, until it is undone.

    So what a step has begun ends though the process is killed.
    """

    choices = ("other-values",)

    def __init__(self, deployed: Deployed) -> None:
        self._deployed = deployed

    def cause(self, _choice: str) -> None:
        """Whoever causes it deploys the values."""

    def undo(self) -> None:
        """Deploy what git has, unless that is what is served."""
        stage(self._deployed, StringIO()).apply()


def stage(deployed: Deployed, said: StringIO) -> tour.Stage:
    """Where ``make tour`` plays; what it prints goes to a text."""
    return tour.Stage(
        deployed.outputs,
        deployed.cloud,
        tokens.token(deployed.outputs, deployed.cloud, deployed.workspace),
        deployed.workspace,
        deployed.target,
        Terminal(file=said, width=200, soft_wrap=True),
    )


class LaterSteps:
    """They leave everything as it was."""

    def __init__(self, deployed: Deployed, desk: Desk, ordering: Ordering) -> None:
        self._deployed = deployed
        self._desk = desk
        self._ordering = ordering

    def steps(self) -> tuple[Step, ...]:
        """In the order of the tour."""
        return (
            Step(
                "flag",
                "Flip a flag, and watch a bad rollout roll back",
                "Values change while processes run. A rollout in steps is called back by an alarm "
                "when the first readers have it, and what was served before is served again.",
                self._flag,
            ),
            Step(
                "rebuild",
                "Rebuild a read model while orders go on",
                "A new generation of the view is made from the archive beside the one that is "
                "served, catches up with the log, and takes its place. Both hold the same.",
                self._rebuild,
            ),
        )

    def _flag(self, walk: Walk, operator: str) -> None:
        said = StringIO()
        scene = stage(self._deployed, said)
        self._desk.undo(CONFIGURATION)
        self._desk.cause(CONFIGURATION, "other-values", operator)
        try:
            scene.apply()
            walk.tell("Ordering is switched off by its flag, and on again.", "#/services/orders")
            said.truncate(0)
            tour.flip_a_flag(scene)
            for line in _with("s after config-apply", said):
                walk.tell(line)
            walk.tell("Orders of one line at most are rolled out in steps.", "#/services/orders")
            tour.roll_back(scene)
            for line in (*_with("not completed: ", said), *_with("served before", said)):
                walk.tell(line)
        finally:
            self._desk.undo(CONFIGURATION)

    def _rebuild(self, walk: Walk, _: str) -> None:
        target, said = self._deployed.target, StringIO()
        console = Terminal(file=said, width=200, soft_wrap=True)
        pace = rebuild.Pace(batch_seconds=BATCH_SECONDS)
        with _Orders(self._ordering) as orders:
            rebuild.retire(target, console, view=VIEW, confirm=True, batch_seconds=BATCH_SECONDS)
            rebuild.from_here(target, console, view=VIEW, pace=pace)
            for line in _with("is served", said)[-1:]:
                walk.tell(line.partition(":")[2].strip().partition(";")[0] + ".", "#/views")
        walk.tell(f"{orders.placed} orders were placed meanwhile.", "#/orders")
        if not orders.placed or orders.refused:
            raise StepFailed(f"{orders.refused} orders were refused meanwhile")
        if PoisonRecord(self._deployed).redriven(VIEW):
            walk.tell("The archive still has a poison record: it was parked anew, and redriven.")
        walk.until(lambda: self._same(walk), "both generations have the same sum")
        rebuild.retire(target, console, view=VIEW, confirm=True, batch_seconds=BATCH_SECONDS)
        walk.tell("The generation before is erased.")

    def _same(self, walk: Walk) -> bool:
        target = self._deployed.target
        said = rebuild.generations(target, VIEW)
        sums = [rebuild.checksum(target, VIEW, it) for it in said]
        if len(sums) != 2 or sums[0] != sums[1]:
            return False
        for generation, it in zip(said, sums, strict=True):
            walk.tell(f"{generation}: {it['items']} items, sum {it['sum']}")
        return True


class _Orders:
    """Orders that go on for as long as it is entered."""

    def __init__(self, ordering: Ordering) -> None:
        self._ordering = ordering
        self._over = threading.Event()
        self.placed = 0
        self.refused = 0

    def __enter__(self) -> _Orders:
        self._thread = threading.Thread(target=self._go_on, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _go_on(self) -> None:
        while not self._over.is_set():
            begun = time.monotonic()
            if self._ordering.place("good"):
                self.placed += 1
            else:
                self.refused += 1
            self._over.wait(max(0.0, BETWEEN_ORDERS_SECONDS - (time.monotonic() - begun)))


def _with(words: str, said: StringIO) -> Sequence[str]:
    """The lines that hold these words."""
    return [" ".join(it.split()) for it in said.getvalue().splitlines() if words in it]
