"""Brings everything up: emulator, packages and templates, deployment, outputs."""

from __future__ import annotations

import textwrap
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

from rich.console import Console

from tools.base import outputs
from tools.base.assembly import Assembly, context_value, synthesized
from tools.base.endpoint import REGION
from tools.base.errors import DeploymentError
from tools.base.outputs import Outputs
from tools.base.target import OFFLINE, of_emulator
from tools.configuration import commands as configuration
from tools.configuration.errors import ConfigurationError
from tools.emulator.configuration_agent import ConfigurationAgent
from tools.emulator.deploy import deploy
from tools.emulator.emulator import Emulator
from tools.emulator.function_code import give_functions_their_code
from tools.emulator.offline_copy import make_offline_copy, summary
from tools.emulator.partners.system import PartnersSystem
from tools.emulator.payment_provider import PaymentProvider
from tools.emulator.payment_provider.process import Name
from tools.emulator.pricing.system import PricingSystem
from tools.emulator.removal import Removed
from tools.emulator.trace_receiver import TraceReceiver
from tools.local import opening, operators
from tools.local.faults import FaultProcess

CONFIGURATION_SECONDS = 150.0
"""How long a rollout of configuration that somebody has begun may still take."""
PROVIDER_URLS: dict[Name, str] = {
    "primary": "payment_provider_url",
    "backup": "backup_payment_provider_url",
}
"""The context keys of the providers' addresses."""


def bring_up(
    emulator: Emulator,
    console: Console,
    *,
    verbose: bool = False,
    with_containers: bool = False,
    providers: Sequence[PaymentProvider] | None = None,
) -> Outputs:
    """Deploy the repository as it is now to a running emulator; return what was written down.

    ``with_containers`` starts pricing and partners, too, each behind an Envoy. ``providers`` are
    those of the payments; without them, the workspace has its own.

    Raises:
        OfflineError: one of the phases failed.
    """
    workspace = emulator.workspace
    cloud = emulator.cloud
    with _told_as_deployment():  # before anything changes
        configuration.check(Console(quiet=True), environments=[OFFLINE])
    providers = PaymentProvider.all_of(workspace) if providers is None else providers
    with phase(console, "payment providers"):
        for provider in providers:
            provider.start(persistence=emulator.persistence)
    agent = ConfigurationAgent(workspace)
    with phase(console, "configuration agent"):
        agent.start(emulator.endpoint)
    with phase(console, "receiver of spans"):
        TraceReceiver(workspace).start()
    with ExitStack() as held:
        with phase(console, "packages and templates"):
            place = {} if emulator.region == REGION else {"region": emulator.region}
            assembly = held.enter_context(synthesized(environment=OFFLINE, context=place))
        with phase(console, "offline copy"):
            copy, removed = offline_copy(assembly, emulator, providers)
    if removed:
        console.print(_indented(f"not offline: {summary(removed)}"), style="dim")
    if verbose:
        for item in removed:
            console.print(f"    {item.stack}: {item.logical_id} ({item.kind})")
    with phase(console, "deployment"):
        try:
            changes = deploy(copy, cloud)
            give_functions_their_code(cloud)  # what `make dev` gave them may be other code
        except DeploymentError as error:
            error.evidence += ("the emulator's log ends with", *emulator.log_tail())
            raise
    with phase(console, "opening"):
        opening.stock_the_shelves(cloud, environment=OFFLINE)
        for provider in providers:
            opening.introduce_to_payments(provider, cloud, environment=OFFLINE)
    with phase(console, "configuration"), _told_as_deployment():
        target, told = of_emulator(cloud), console if verbose else Console(quiet=True)
        deployed = configuration.apply(target, told, wait_seconds=CONFIGURATION_SECONDS)
    found = outputs.collect(copy, cloud, environment=OFFLINE)
    if with_containers:
        with phase(console, "pricing behind Envoy"):
            pricing = PricingSystem(workspace)
            pricing.start()
            pricing.show(found)
        with phase(console, "partners behind their gateway"):
            partners = PartnersSystem(workspace)
            partners.start(found)
            partners.show(found)
    with phase(console, "outputs"):
        outputs.write(found, workspace.outputs)
    with phase(console, "operator"):
        operators.introduce(found, cloud, workspace)
    with phase(console, "fault process"):
        FaultProcess(workspace).start()
    for name, change in changes.items():
        if change != "unchanged":
            console.print(f"  {name}: {change}", style="dim")
    if deployed:
        console.print(f"  configuration: {deployed} documents deployed", style="dim")
    return found


def offline_copy(
    assembly: Assembly, emulator: Emulator, providers: Sequence[PaymentProvider] | None = None
) -> tuple[Assembly, list[Removed]]:
    """What can be deployed of an assembly, with the addresses of what runs beside the emulator."""
    providers = PaymentProvider.all_of(emulator.workspace) if providers is None else providers
    return make_offline_copy(
        assembly,
        emulator.workspace.offline_assembly,
        emulator.cloud.client("cloudformation"),
        auth=emulator.auth,
        endpoint=emulator.endpoint,
        stand_ins={
            **{context_value(PROVIDER_URLS[it.name]): it.url for it in providers},
            context_value("configuration_agent_url"): ConfigurationAgent(emulator.workspace).url,
        },
    )


def _indented(text: str) -> str:
    return textwrap.fill(text, 96, initial_indent="  ", subsequent_indent="    ")


@contextmanager
def _told_as_deployment() -> Iterator[None]:
    try:
        yield
    except ConfigurationError as error:
        raise DeploymentError(f"configuration: {error}") from error


@contextmanager
def phase(console: Console, name: str) -> Iterator[None]:
    """Show what is going on, and then how long it took."""
    begun = time.monotonic()
    with console.status(name):
        yield
    console.print(f"{name:<24}{time.monotonic() - begun:5.1f} s")
