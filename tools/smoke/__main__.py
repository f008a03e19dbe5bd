"""`make smoke`: ask a deployment what only AWS decides, and say what each answer proves."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterable, Iterator

from botocore.exceptions import BotoCoreError, ClientError
from rich.table import Table
from rich.text import Text

from tools.base import outputs, place
from tools.base.clients import LONG_CALLS
from tools.base.errors import OfflineError, OperationFailed
from tools.base.terminal import Terminal, show_errors_plainly
from tools.smoke import account as accounts
from tools.smoke import operators, orders, permissions, recovery
from tools.smoke.check import Check, Failed, NotAsked, Outcome, Result
from tools.smoke.system import System

CHECKS: tuple[Check, ...] = (
    *orders.CHECKS,
    *operators.CHECKS,
    *accounts.CHECKS,
    *permissions.CHECKS,
    *recovery.CHECKS,
)
PIPE_WIDTH = 200
STYLES = {Outcome.PASSED: "green", Outcome.FAILED: "bold red", Outcome.NOT_ASKED: "dim"}

_BROKEN = (OperationFailed, OfflineError, BotoCoreError, ClientError)


def main(arguments: list[str] | None = None) -> int:
    """Run every check; return the exit status: 1 if one failed or something was left behind."""
    options = _parser().parse_args(arguments)
    console = Terminal(width=None if sys.stdout.isatty() else PIPE_WIDTH)
    try:
        system = _system(options)
    except _BROKEN as error:
        Terminal(stderr=True, soft_wrap=True).print(f"error: {error}", style="bold red")
        return 1
    console.print(f"{system.target.name}: {system.name}", style="dim")
    results = []
    try:
        for result in run(system, CHECKS):
            results.append(result)
            style = STYLES[result.outcome]
            console.print(f"{result.outcome:<9} {result.check.name}", style=style)
    finally:
        left = system.clean_up()
    console.print(_table(results))
    for what in left:
        console.print(f"left behind, take it away by hand: {what}", style="bold red")
    failed = [it for it in results if it.outcome is Outcome.FAILED]
    counts = {it: sum(1 for result in results if result.outcome is it) for it in Outcome}
    console.print(", ".join(f"{count} {outcome}" for outcome, count in counts.items()))
    return 1 if failed or left else 0


def run(system: System, checks: Iterable[Check]) -> Iterator[Result]:
    """One check after the other; one that cannot be made has failed, and the others go on."""
    for check in checks:
        began = time.monotonic()
        try:
            if check.offline and system.target.is_offline:
                raise NotAsked(check.offline)
            outcome, found = Outcome.PASSED, check.run(system)
        except NotAsked as reason:
            outcome, found = Outcome.NOT_ASKED, str(reason)
        except Failed as failure:
            outcome, found = Outcome.FAILED, str(failure)
        except (OSError, LookupError, *_BROKEN) as error:
            outcome, found = Outcome.FAILED, f"{type(error).__name__}: {error}"
        yield Result(check, outcome, found, time.monotonic() - began)


def _system(options: argparse.Namespace) -> System:
    target = place.target_of(options, LONG_CALLS)
    if options.environment:
        return System(target, lambda service: target.find(service, "api-url"))
    services = outputs.read(options.workspace / "outputs.json")["services"]
    return System(target, lambda service: services[service]["urls"]["Api"])


def _table(results: Iterable[Result]) -> Table:
    table = Table("check", "proves", "", "found", "s", box=None)
    for it in results:
        table.add_row(
            it.check.name,
            it.check.proves,
            Text(it.outcome, style=STYLES[it.outcome]),
            it.found,
            f"{it.seconds:.1f}",
        )
    return table


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tools.smoke", description=__doc__)
    place.add_arguments(parser)
    return parser


if __name__ == "__main__":
    show_errors_plainly()
    sys.exit(main())
