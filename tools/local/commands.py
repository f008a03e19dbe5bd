"""The commands of `python -m tools.local`, each one function."""

from __future__ import annotations

import os
import time
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tools.base import outputs
from tools.base.errors import OfflineError
from tools.base.interruption import Interrupted
from tools.base.outputs import Outputs
from tools.base.workspace import Workspace
from tools.containers import environment as containers_environment
from tools.emulator import function_logs
from tools.emulator.emulator import Emulator
from tools.emulator.pricing.system import PricingSystem
from tools.local import (
    demo_order,
    operators,
    partner_story,
    pictures,
    release_stories,
    rotation,
    stories,
    tokens,
)
from tools.local import load as loads
from tools.local import soak as soaks
from tools.local import tour as tours
from tools.local.bring_up import bring_up, phase
from tools.local.faults import FaultProcess
from tools.local.parts import beside, has_pricing, parts_of, total
from tools.toolchain.containers import missing_platform


def up(
    workspace: Workspace,
    console: Console,
    *,
    auth: bool,
    persistence: bool,
    verbose: bool,
    containers: bool = False,
) -> Outputs:
    """Start the emulator unless it runs, and deploy what has changed.

    With ``containers`` pricing and partners run, too; where it cannot, a sentence says so.
    """
    containers = containers and _containers_can_run(console)
    with workspace.reserved(), _running(workspace, console, auth, persistence) as emulator:
        deployed = bring_up(emulator, console, verbose=verbose, with_containers=containers)
    _show_urls(deployed, console)
    console.print(f"everything else: {os.path.relpath(workspace.outputs)}")
    _show_the_way_in(operators.known(workspace), workspace, console)
    return deployed


def run(
    workspace: Workspace,
    console: Console,
    *,
    auth: bool,
    persistence: bool,
    verbose: bool,
    containers: bool = False,
    picture: Path | None = None,
) -> None:
    """Bring everything up, stay in the foreground, and take down what was started at the end.

    ``picture`` is where the orders' part of what was printed is kept as SVG, if the console
    records: from the first order to the saga that is undone, which is one screen.
    """
    was_running = Emulator.of(workspace).is_healthy()
    try:
        deployed = up(
            workspace,
            console,
            auth=auth,
            persistence=persistence,
            verbose=verbose,
            containers=containers,
        )
        emulator = Emulator.of(workspace)
        if picture is not None:
            pictures.forget_what_was_printed(console)
        demo_order.show_order(deployed, emulator.cloud, workspace, console)
        demo_order.show_history(deployed, emulator.cloud, workspace, console)
        stories.tell(deployed, emulator.cloud, workspace, console)
        if picture is not None:
            pictures.save(console, picture)
        stories.tell_of_a_silent_carrier(deployed, emulator.cloud, workspace, console)
        if "partners" in deployed["services"]:
            partner_story.show(deployed, emulator.cloud, workspace, console)
        if has_pricing(workspace):
            release_stories.tell(emulator.cloud, workspace, console)
        console.print("\nrunning; Ctrl-C ends it", style="bold")
        _show_the_way_in(operators.known(workspace), workspace, console)
        console.print("meanwhile, in another terminal: make tour, make load", style="dim")
        while emulator.is_healthy():
            time.sleep(1)
            revive(emulator, console)
        raise OfflineError("the emulator has ended by itself", emulator.log_tail())
    finally:
        if not was_running:
            down(workspace, console, forget=False)


def down(workspace: Workspace, console: Console, *, forget: bool) -> None:
    """End every process of this workspace; with `forget`, remove all that was kept here too."""
    with workspace.reserved():
        FaultProcess(workspace).stop()  # it undoes what is on, while there is something to undo in
        ended = Emulator.of(workspace).stop()
        console.print(f"stopped, {len(ended)} processes ended" if ended else "nothing was running")
    if forget:
        workspace.forget()


def status(workspace: Workspace, console: Console) -> bool:
    """Show what runs and what is deployed; whether every part of it lives."""
    emulator = Emulator.of(workspace)
    if not emulator.is_healthy():
        console.print("not running")
        return False
    found = parts_of(emulator)
    console.print(f"running at {emulator.endpoint}, {total(found) / 2**30:.2f} GB of memory")
    table = Table("part", "processes", "memory", box=None, pad_edge=False)
    for part in found:
        held = "ended" if part.has_ended else f"{part.memory / 2**20:,.0f} MB"
        table.add_row(part.name, str(part.processes), held)
    console.print(table, soft_wrap=False)
    pages = emulator.cloud.client("cloudformation").get_paginator("describe_stacks").paginate()
    stacks = [stack for page in pages for stack in page["Stacks"]]
    table = Table("stack", "status", box=None, pad_edge=False)
    for stack in sorted(stacks, key=lambda it: it["StackName"]):
        table.add_row(stack["StackName"], stack["StackStatus"])
    console.print(table, soft_wrap=False)
    if workspace.outputs.exists():
        _show_urls(outputs.read(workspace.outputs), console)
    ended = [it.name for it in found if it.has_ended]
    for name in ended:
        console.print(f"{name} has ended: `make up` starts it again", style="bold red")
    return not ended


def logs(workspace: Workspace, console: Console, *, service: str | None, follow: bool) -> None:
    """Print what functions logged, of one service or of all."""
    services = outputs.read(workspace.outputs)["services"]
    if service is not None and service not in services:
        raise OfflineError(f"no service {service} is deployed; there are {', '.join(services)}")
    functions = {
        f"{name}/{logical_name}": function
        for name, resources in services.items()
        if service in (None, name)
        for logical_name, function in resources.get("functions", {}).items()
    }
    cloud = _running_emulator(workspace).cloud
    found = function_logs.follow if follow else function_logs.lines
    for line in found(cloud, functions):
        console.print(str(line))


def token(workspace: Workspace, console: Console, *, user: str, scopes: str | None) -> None:
    """Print a fresh token, and nothing else, so that it can be used in a shell."""
    cloud = _running_emulator(workspace).cloud
    deployed = outputs.read(workspace.outputs)
    text = tokens.token(deployed, cloud, workspace, user=user, scopes=scopes)
    console.print(text)


def load(workspace: Workspace, console: Console, *, rate: float, duration: float, mix: str) -> bool:
    """Place orders at a rate, wait for their ends; whether every invariant holds."""
    emulator = _running_emulator(workspace)
    deployed = outputs.read(workspace.outputs)
    outcome = loads.Load(emulator, deployed, rate, duration, loads.parse_mix(mix)).run(console)
    return loads.show(outcome, console)


def soak(workspace: Workspace, console: Console, *, minutes: float, rate: float) -> bool:
    """Place orders for a long time under faults; whether nothing was lost and nothing grows."""
    emulator = _running_emulator(workspace)
    run = soaks.Soak(emulator, outputs.read(workspace.outputs), workspace, minutes, rate)
    return soaks.report(run, run.run(console), console)


def open_console(workspace: Workspace, console: Console) -> None:
    """Open the console in the browser that this machine's user has chosen."""
    _running_emulator(workspace)
    operator = operators.known(workspace)
    _show_the_way_in(operator, workspace, console)
    if not webbrowser.open(operator.url):
        raise OfflineError(f"no browser was found here: open {operator.url} yourself")


def tour(workspace: Workspace, console: Console) -> None:
    """Show configuration and secrets at work on what is up."""
    cloud = _running_emulator(workspace).cloud
    tours.guide(outputs.read(workspace.outputs), cloud, workspace, console)


def rotate(workspace: Workspace, console: Console, *, service: str, secret: str | None) -> None:
    """Rotate a service's secrets, as Secrets Manager does every month."""
    cloud = _running_emulator(workspace).cloud
    deployed = outputs.read(workspace.outputs)
    for name in rotation.secrets_of(deployed, service, secret):
        rotated = rotation.rotate(deployed, cloud, service, name)
        how = "went on with" if rotated.was_under_way else "took"
        console.print(f"{service} {name}: {how} the four steps")
        console.print(f"  before  {rotated.before}, which is AWSPREVIOUS now", style="dim")
        console.print(f"  now     {rotated.after}", style="dim")


def revive(emulator: Emulator, console: Console) -> None:
    """Start what has ended beside the emulator again, where it was and with what it knew."""
    for it in beside(emulator):
        if not it.process.is_running():
            console.print(f"the {it.name} has ended by itself: it is started again")
            it.start()
    if has_pricing(emulator.workspace):
        pricing = PricingSystem(emulator.workspace)
        alive = {name for name, pids in pricing.processes().items() if pids}
        if ended := sorted(pricing.needed() - alive):
            console.print(f"pricing's {' and '.join(ended)} ended by itself: it is started again")
            pricing.start()


def _containers_can_run(console: Console) -> bool:
    reason = missing_platform()
    if reason is None and not containers_environment.is_there():
        reason = f"containers: their tools are not installed: {containers_environment.HOW}"
    if reason is not None:
        console.print(reason, style="bold yellow")
    return reason is None


@contextmanager
def _running(
    workspace: Workspace, console: Console, auth: bool, persistence: bool
) -> Iterator[Emulator]:
    """A running emulator. One that was started here ends again if the user interrupts."""
    emulator = Emulator(workspace.root, auth=auth, persistence=persistence)
    was_running = emulator.is_healthy()
    try:
        with phase(console, "emulator"):
            emulator.start()
        if emulator.lost_since is not None:
            console.print(
                "the emulator did not end in order last time: what happened after "
                f"{emulator.lost_since:%H:%M:%S on %d %B} is lost, at the payment providers too. "
                "`make reconcile` shows what was on its way to the log then, and puts it there",
                style="bold yellow",
            )
        yield emulator
    except (Interrupted, KeyboardInterrupt):
        if not was_running:
            emulator.stop()
        raise


def _running_emulator(workspace: Workspace) -> Emulator:
    emulator = Emulator.of(workspace)
    if not emulator.is_healthy():
        raise OfflineError("the emulator is not running: start it with `make up`")
    return emulator


def _show_the_way_in(operator: operators.Operator, workspace: Workspace, console: Console) -> None:
    """Address and user; the password on a terminal only, since what is piped is kept somewhere."""
    console.print(f"\nconsole: {operator.url}", style="bold")
    password = (
        operator.password if console.is_terminal else f"in {os.path.relpath(workspace.operator)}"
    )
    console.print(f"log in as {operator.username}, password {password}")


def _show_urls(deployed: Outputs, console: Console) -> None:
    for service, resources in deployed["services"].items():
        for url in resources["urls"].values():
            console.print(f"{service:<16}{url}")
