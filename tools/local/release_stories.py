"""Two releases to watch: a version that fails is taken back, a sound one gets all calls."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from rich.console import Console

from tools.base.endpoint import Cloud
from tools.base.errors import OfflineError, OperationFailed
from tools.base.target import Target, of_emulator
from tools.base.workspace import Workspace
from tools.emulator.pricing.system import PricingSystem
from tools.release.execution import Ended, Execution, line_of
from tools.release.offline import beside

PATIENCE_SECONDS = 120.0
FAULT = "errors=0.5"
Seen: TypeAlias = Mapping[str, Any] | Ended


def tell(cloud: Cloud, workspace: Workspace, console: Console) -> None:
    """Play both, with callers meanwhile, and print what each look saw.

    Raises:
        OfflineError: one of them did not end as the story goes.
    """
    title = "Half the calls of a new version of pricing fail: it is taken back"
    _play(cloud, workspace, console, title, "v2", FAULT)
    _play(cloud, workspace, console, "The next one is sound: it gets all calls", "v3", None)


def _play(
    cloud: Cloud,
    workspace: Workspace,
    console: Console,
    title: str,
    version: str,
    fault: str | None,
) -> None:
    console.print()
    console.print(title, style="bold")
    with beside(PricingSystem(workspace), version, fault) as callers:
        try:
            ended = _followed(of_emulator(cloud), version, console)
        except OperationFailed as failed:
            raise OfflineError(str(failed)) from failed
        console.print(f"callers: {callers.answers.total()} calls, {callers.failed} failed")
    if ended.is_promoted is (fault is not None):
        raise OfflineError(f"{version} should not end so: {ended.error} {ended.cause}")


def _followed(target: Target, version: str, console: Console) -> Ended:
    *_, ended = (
        _shown(seen, console)
        for seen in Execution.begin(target, "pricing", version).follow(patience=PATIENCE_SECONDS)
    )
    assert isinstance(ended, Ended)
    return ended


def _shown(seen: Seen, console: Console) -> Seen:
    if isinstance(seen, Ended):
        _print_end(console, seen)
    else:
        console.print(line_of(seen))
    return seen


def _print_end(console: Console, ended: Ended) -> None:
    if ended.is_promoted:
        console.print("promoted: it has all calls", style="green")
    else:
        console.print(f"{ended.error}: {ended.cause}", style="red")
