"""One run: a seed, a system, some orders, faults for a while, then none, and the verdict."""

from __future__ import annotations

import gc
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TextIO

from tools.simulation import judge
from tools.simulation.aws.functions import Library
from tools.simulation.deployment import Agent, Deployment, handlers
from tools.simulation.dice import FAULTS, Dice
from tools.simulation.operators import Operators
from tools.simulation.seam import Seam
from tools.simulation.shop import Shop
from tools.simulation.virtual import Present, virtual_machine
from tools.simulation.world import World

ORDERS = 5
DAY = 86_400.0
SETTLING = 6 * 3600.0
"""Virtual seconds within which everything must end once no more faults happen."""
WHOLE_CLIENT_EVERY = 10
LOOKS_EVERY, ROTATES_EVERY = 10.0, 30.0
"""Virtual seconds from one look whether all has ended to the next, and from one chance that a key
is rotated to the next."""
COLLECTED_EVERY = 20
"""Seeds after which modules are looked at, and garbage is collected: a world is full of cycles."""
SERVICES = frozenset(
    {
        *("orders", "order-views", "sales", "event-log", "fulfilment"),
        *("inventory", "payments", "shipping", "notifications", "customers"),
    }
)
"""All but the console and reconciliation."""


@dataclass(frozen=True)
class Options:
    """How to run. ``days`` of virtual time bring as many orders; ``kinds`` are the faults."""

    orders: int = ORDERS
    busy_seconds: float = 120.0
    kinds: frozenset[str] = frozenset(FAULTS)
    skipped: frozenset[int] = frozenset()
    whole_client: bool | None = None
    """None: every tenth seed."""


@dataclass
class Result:
    """What came of a seed."""

    seed: int
    violations: list[str]
    faults: Counter[str]
    hits: list[tuple[int, str]]
    orders: int
    calls: int
    virtual_seconds: float
    processor_seconds: float
    whole_client: bool
    events: dict[str, int] = field(default_factory=dict)

    @property
    def holds(self) -> bool:
        """Whether nothing was violated."""
        return not self.violations


def simulate(
    seed: int, library: Library, options: Options = Options(), trace: TextIO | None = None
) -> Result:
    """Run one seed to its end."""
    library.prepare(handlers(SERVICES))
    began = time.process_time()
    dice = Dice(seed, options.kinds, options.skipped)
    whole = options.whole_client
    if whole is None:
        whole = seed % WHOLE_CLIENT_EVERY == 0
    with ExitStack() as stack:
        stack.enter_context(virtual_machine(seed))
        world = World(seed, dice, trace)
        Present.world = world
        Present.shows_lines = whole or trace is not None
        agent = Agent(world)
        Present.http = agent.connection
        deployment = Deployment(world, library, SERVICES)
        Present.web = deployment.providers.connection
        seam = Seam(world, deployment.calls)
        stack.enter_context(seam.whole_client() if whole else seam.shortcut())
        shop = Shop(world, deployment.functions, options.orders)
        try:
            violations = _run(world, deployment, agent, shop, options)
        except Exception as broken:
            frames = "".join(traceback.format_exception(broken)[-4:])
            violations = [
                f"the simulation itself broke: {type(broken).__name__}: {broken}\n{frames}"
            ]
        deployment.functions.end()
        world.end()
        calls = world.calls
        elapsed = world.elapsed
        for what in violations:
            world.tell("VIOLATION", what)
    Present.world = None
    del deployment, shop, world, seam
    if seed % COLLECTED_EVERY == 0:
        library.check()
        gc.collect()
    return Result(
        seed,
        violations,
        dice.counts,
        dice.hits,
        options.orders,
        calls,
        elapsed,
        time.process_time() - began,
        whole,
    )


def _run(
    world: World, deployment: Deployment, agent: Agent, shop: Shop, options: Options
) -> list[str]:
    operators = Operators(world, deployment)
    operators.prepare()
    world.dice.are_over = True
    assert world.run(lambda: operators.is_ready, 60), "the system did not come up"
    world.dice.are_over = False
    world.tell("faults may happen")
    _every(world, ROTATES_EVERY, deployment.secrets.rotate)
    _every(world, ROTATES_EVERY, agent.change)
    operators.watch()
    shop.open(options.busy_seconds)
    world.run(lambda: False, options.busy_seconds + 120)
    world.dice.are_over = True
    world.tell("no more faults")
    calm = not world.dice.counts.total()
    watch = _End(deployment, shop)
    _every(world, LOOKS_EVERY, watch.look)
    world.run(lambda: watch.has_come, SETTLING)
    return [*shop.violations, *watch.waits_for(), *judge.examine(deployment, shop.told, calm=calm)]


def _every(world: World, seconds: float, do: Callable[[], None]) -> None:
    def tick() -> None:
        world.after(seconds, tick)
        do()

    world.after(seconds, tick)


class _End:
    """Whether everything has ended: customers, functions, messages, orders and their sagas."""

    def __init__(self, deployment: Deployment, shop: Shop) -> None:
        self._deployment = deployment
        self._shop = shop
        self.has_come = False

    def look(self) -> None:
        """From time to time."""
        self.has_come = (
            not self._shop.busy
            and self._deployment.is_idle
            and not judge.open_sagas(self._deployment)
        )

    def waits_for(self) -> Iterator[str]:
        """What has not ended, if anything has not."""
        if self.has_come:
            return
        deployment = self._deployment
        yield (
            f"not everything has ended: {self._shop.busy} customers wait, functions "
            f"{[it.name for it in deployment.functions.running.values()]} are at work, "
            f"{deployment.machines.running} executions run, sagas "
            f"{judge.open_sagas(deployment)} are open, messages wait in "
            f"{[it.name for it in deployment.queues.queues.values() if it.messages]}"
        )
