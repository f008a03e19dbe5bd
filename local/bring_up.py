"""Brings everything up: emulator, packages and templates, deployment, outputs."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console

from local import outputs
from local.assembly import synthesize
from local.deploy import deploy
from local.emulator import Emulator
from local.offline_copy import make_offline_copy, summary
from local.outputs import Outputs

ENVIRONMENT = "dev"


def bring_up(emulator: Emulator, console: Console, *, verbose: bool = False) -> Outputs:
    """Deploy the repository as it is now to a running emulator; return what was written down.

    Raises:
        OfflineError: one of the phases failed.
    """
    workspace = emulator.workspace
    cloud = emulator.cloud
    with phase(console, "packages and templates"):
        assembly = synthesize(workspace, environment=ENVIRONMENT)
    with phase(console, "offline copy"):
        copy, removed = make_offline_copy(
            assembly,
            workspace.offline_assembly,
            cloud.client("cloudformation"),
            auth=emulator.auth,
        )
    if removed:
        console.print(f"  not offline: {summary(removed)}", style="dim", highlight=False)
    if verbose:
        for item in removed:
            console.print(f"    {item.stack}: {item.logical_id} ({item.kind})", highlight=False)
    with phase(console, "deployment"):
        changes = deploy(copy, cloud)
    with phase(console, "outputs"):
        found = outputs.collect(copy, cloud, environment=ENVIRONMENT)
        outputs.write(found, workspace.outputs)
    for name, change in changes.items():
        if change != "unchanged":
            console.print(f"  {name}: {change}", style="dim", highlight=False)
    return found


@contextmanager
def phase(console: Console, name: str) -> Iterator[None]:
    """Show what is going on, and then how long it took."""
    begun = time.monotonic()
    with console.status(name):
        yield
    console.print(f"{name:<24}{time.monotonic() - begun:5.1f} s", highlight=False)
