"""Brings everything up: emulator, packages and templates, deployment, outputs."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from rich.console import Console

from local import opening, outputs
from local.assembly import setting, synthesized
from local.deploy import deploy
from local.emulator import Emulator
from local.errors import DeploymentError
from local.offline_copy import make_offline_copy, summary
from local.outputs import Outputs
from local.payment_provider import PaymentProvider

ENVIRONMENT = "dev"


def bring_up(emulator: Emulator, console: Console, *, verbose: bool = False) -> Outputs:
    """Deploy the repository as it is now to a running emulator; return what was written down.

    Raises:
        OfflineError: one of the phases failed.
    """
    workspace = emulator.workspace
    cloud = emulator.cloud
    provider = PaymentProvider(workspace)
    with phase(console, "payment provider"):
        provider.start(persistence=emulator.persistence)
    with ExitStack() as held:
        with phase(console, "packages and templates"):
            assembly = held.enter_context(synthesized(environment=ENVIRONMENT))
        with phase(console, "offline copy"):
            copy, removed = make_offline_copy(
                assembly,
                workspace.offline_assembly,
                cloud.client("cloudformation"),
                auth=emulator.auth,
                stand_ins={setting("payment_provider_url"): provider.url},
            )
    if removed:
        console.print(f"  not offline: {summary(removed)}", style="dim")
    if verbose:
        for item in removed:
            console.print(f"    {item.stack}: {item.logical_id} ({item.kind})")
    with phase(console, "deployment"):
        try:
            changes = deploy(copy, cloud)
        except DeploymentError as error:
            error.evidence += ("the emulator's log ends with", *emulator.log_tail())
            raise
    with phase(console, "opening"):
        opening.stock_the_shelves(cloud, environment=ENVIRONMENT)
        opening.introduce_to_payments(provider, cloud, environment=ENVIRONMENT)
    with phase(console, "outputs"):
        found = outputs.collect(copy, cloud, environment=ENVIRONMENT)
        outputs.write(found, workspace.outputs)
    for name, change in changes.items():
        if change != "unchanged":
            console.print(f"  {name}: {change}", style="dim")
    return found


@contextmanager
def phase(console: Console, name: str) -> Iterator[None]:
    """Show what is going on, and then how long it took."""
    begun = time.monotonic()
    with console.status(name):
        yield
    console.print(f"{name:<24}{time.monotonic() - begun:5.1f} s")
