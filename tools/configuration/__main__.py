"""`python -m tools.configuration`: config-plan, config-apply and config-drift of the Makefile."""

from __future__ import annotations

import argparse
import sys

from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console

from tools.base import place
from tools.base.clients import THROTTLED_CALLS
from tools.base.errors import OfflineError
from tools.base.target import ENVIRONMENTS
from tools.base.terminal import Terminal, show_errors_plainly
from tools.configuration import commands, services
from tools.configuration.errors import ConfigurationError

WAIT_OFFLINE, WAIT = 180.0, 3600.0
"""Seconds to wait for a deployment that is under way already."""
STRATEGIES = ("at-once", "watched")


def main(arguments: list[str] | None = None) -> int:
    """Run one command; return the exit status: 1 if something is wrong, drift included."""
    options = _parser().parse_args(arguments)
    console = Terminal(soft_wrap=True)
    try:
        return 0 if _run(options, console) else 1
    except (ConfigurationError, OfflineError, BotoCoreError, ClientError) as error:
        complaint = Terminal(stderr=True, soft_wrap=True)
        for line in str(error).splitlines():
            complaint.print(f"error: {line}", style="bold red")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write(
            "\ninterrupted: a deployment that has begun continues; `make config-plan` shows it\n"
        )
        return 130


def _run(options: argparse.Namespace, console: Console) -> bool:
    chosen = services.chosen(options.service) if options.service else None
    if options.command == "check":
        environments = [options.environment] if options.environment else ENVIRONMENTS
        commands.check(
            console,
            environments=environments,
            chosen=chosen,
            uncommitted=not options.committed,
        )
        return True
    target = place.target_of(options, THROTTLED_CALLS)
    console.print(target.name, style="dim")
    match options.command:
        case "plan":
            commands.plan(target, console, chosen=chosen)
        case "drift":
            return commands.drift(target, console, chosen=chosen)
        case "apply":
            default_wait = WAIT_OFFLINE if target.is_offline else WAIT
            commands.apply(
                target,
                console,
                chosen=chosen,
                strategy=options.strategy,
                wait_seconds=default_wait if options.wait is None else options.wait,
                uncommitted=target.is_offline,
            )
    return True


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tools.configuration", description=__doc__)
    kinds = parser.add_subparsers(dest="command", required=True)
    for name, what in (
        ("check", "judge the documents, of every environment or of one"),
        ("plan", "what git has and what is deployed"),
        ("apply", "deploy what differs"),
        ("drift", "what was changed by hand; exit status 1 if anything was"),
    ):
        command = kinds.add_parser(name, help=what)
        command.add_argument("--service", action="append", help="only this one; may be repeated")
        whose = "of the documents" if name == "check" else "of an account; without it, offline"
        command.add_argument("--environment", choices=ENVIRONMENTS, help=whose)
        if name != "check":
            place.add_where(command)
        else:
            command.add_argument(
                "--committed", action="store_true", help="refuse documents that are not committed"
            )
        if name == "apply":
            command.add_argument(
                "--strategy",
                choices=STRATEGIES,
                default="",
                help="in place of the environment's own",
            )
            command.add_argument(
                "--wait",
                type=float,
                metavar="SECONDS",
                help="for a deployment that is under way already; 0 refuses at once",
            )
    return parser


if __name__ == "__main__":
    show_errors_plainly()
    sys.exit(main())
