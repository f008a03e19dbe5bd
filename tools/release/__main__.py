"""`make release`: a version of a service gets a share of the calls, and then all or none."""

from __future__ import annotations

import argparse
import sys

from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console

from tools.base import region
from tools.base.errors import OfflineError, OperationFailed
from tools.base.target import ENVIRONMENTS, account, offline
from tools.base.terminal import Terminal, show_errors_plainly
from tools.base.workspace import Workspace
from tools.emulator.pricing.system import PricingSystem
from tools.release.execution import Ended, Execution, line_of
from tools.release.offline import beside


def main(arguments: list[str] | None = None) -> int:
    """Return the exit status: 0 promoted, 2 not, 1 when it could not be begun or followed."""
    options = _parser().parse_args(arguments)
    console = Terminal()
    try:
        if options.environment:
            target = account(options.environment, region.chosen(options.region))
            console.print(target.name, style="dim")
            return _lead(Execution.begin(target, options.service, options.version), console)
        workspace = Workspace()
        target = offline(workspace.root)
        console.print(target.name, style="dim")
        with beside(PricingSystem(workspace), options.version, options.fault) as callers:
            status = _lead(Execution.begin(target, options.service, options.version), console)
            console.print(f"callers: {callers.answers.total()} calls, {callers.failed} failed")
            return status
    except (OperationFailed, OfflineError, BotoCoreError, ClientError) as error:
        Terminal(stderr=True, soft_wrap=True).print(f"error: {error}", style="bold red")
        return 1


def _lead(execution: Execution, console: Console) -> int:
    for seen in execution.follow():
        if isinstance(seen, Ended):
            if seen.is_promoted:
                console.print("promoted: it has all calls", style="bold green")
                return 0
            console.print(f"{seen.error}: {seen.cause}", style="bold red")
            return 2
        console.print(line_of(seen), soft_wrap=True)
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tools.release", description=__doc__)
    parser.add_argument("--service", required=True, help="such as pricing")
    parser.add_argument("--version", required=True, help="of its images; offline any name")
    parser.add_argument("--environment", choices=ENVIRONMENTS, help="of an account; else offline")
    parser.add_argument("--region")
    parser.add_argument("--fault", help="offline, what is wrong with it: errors=0.05, slow=0.3")
    return parser


if __name__ == "__main__":
    show_errors_plainly()
    sys.exit(main())
