"""`python -m tools.local`: everything that runs on this machine and never on AWS."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console

from tools.base import proxies
from tools.base.arguments import positive
from tools.base.errors import OfflineError
from tools.base.interruption import Interrupted, interruptible
from tools.base.terminal import Terminal, show_errors_plainly
from tools.base.workspace import Workspace
from tools.emulator.emulator import Emulator
from tools.local import commands, pictures


def main(arguments: list[str] | None = None) -> int:
    """Run one command; return the exit status."""
    options = _parser().parse_args(arguments)
    proxies.bypass(os.environ)
    workspace = Workspace(options.workspace.resolve())
    try:
        with interruptible():
            return _dispatch(options, workspace, _console())
    except OfflineError as error:
        return _complain(error, error.evidence)
    except (BotoCoreError, ClientError) as error:
        return _complain(error, Emulator.of(workspace).log_tail())
    except Interrupted as interruption:
        return interruption.status
    except BrokenPipeError:  # `python -m tools.local logs | head`
        return 0


def _console(*, stderr: bool = False) -> Console:
    """Lines as they are: paths stay whole, and brackets in log lines are no markup."""
    return Terminal(stderr=stderr, soft_wrap=True)


def _complain(error: Exception, evidence: tuple[str, ...]) -> int:
    console = _console(stderr=True)
    console.print(f"error: {error}", style="bold red")
    for line in evidence:
        console.print(f"  {line}")
    return 1


def _dispatch(options: argparse.Namespace, workspace: Workspace, console: Console) -> int:
    match options.command:
        case "up":
            commands.up(
                workspace,
                console,
                auth=options.auth,
                persistence=options.persist,
                verbose=options.verbose,
                containers=options.containers,
            )
        case "run":
            commands.run(
                workspace,
                pictures.recording() if options.picture else console,
                auth=options.auth,
                persistence=options.persist,
                verbose=options.verbose,
                containers=options.containers,
                picture=options.picture,
            )
        case "down":
            commands.down(workspace, console, forget=options.forget)
        case "status":
            return 0 if commands.status(workspace, console) else 3
        case "logs":
            commands.logs(workspace, console, service=options.service, follow=options.follow)
        case "token":
            commands.token(workspace, console, user=options.user, scopes=options.scopes)
        case "load":
            held = commands.load(
                workspace, console, rate=options.rate, duration=options.duration, mix=options.mix
            )
            return 0 if held else 1
        case "soak":
            held = commands.soak(workspace, console, minutes=options.minutes, rate=options.rate)
            return 0 if held else 1
        case "open":
            commands.open_console(workspace, console)
        case "tour":
            commands.tour(workspace, console)
        case "rotate":
            commands.rotate(workspace, console, service=options.service, secret=options.secret)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tools.local", description=__doc__)
    parser.add_argument(
        "--workspace",
        type=Path,
        default=Workspace().root,
        metavar="FOLDER",
        help="keep emulator, log and outputs here; each folder has an emulator of its own",
    )
    kinds = parser.add_subparsers(dest="command", required=True)
    for name, what in (
        ("up", "start the emulator and deploy what changed"),
        ("run", "the same in the foreground, until Ctrl-C"),
    ):
        command = kinds.add_parser(name, help=what)
        command.add_argument("--auth", action="store_true", help="enforce IAM policies")
        command.add_argument("--persist", action="store_true", help="keep state over a restart")
        command.add_argument("--verbose", action="store_true", help="name all that is left out")
        command.add_argument(
            "--containers", action="store_true", help="start pricing and partners behind Envoy, too"
        )
        if name == "run":
            command.add_argument("--picture", type=Path, help="keep what is printed, as SVG")
    command = kinds.add_parser("down", help="end every process that was started here")
    command.add_argument("--forget", action="store_true", help="remove what was kept, too")
    kinds.add_parser("status", help="what runs and what is deployed; exit status 3 if nothing")
    command = kinds.add_parser("logs", help="what functions logged")
    command.add_argument("service", nargs="?", help="only this service's functions")
    command.add_argument("-f", "--follow", action="store_true", help="go on with new lines")
    command = kinds.add_parser("token", help="a fresh access token of a demo user")
    command.add_argument("--user", default="demo", help="made when first named (default: demo)")
    command.add_argument(
        "--scopes", help='such as "orders/read" (default: all that customers may ask for)'
    )
    command = kinds.add_parser("load", help="place orders at a rate, and check the invariants")
    command.add_argument("--rate", type=positive, default=5.0, help="orders a second (default: 5)")
    command.add_argument(
        "--duration", type=positive, default=20.0, help="seconds (default: 20)", metavar="SECONDS"
    )
    command.add_argument(
        "--mix",
        default="good=85,declined=5,out-of-stock=4,nowhere=3,cancelled=3",
        help="weights of what customers do (default: %(default)s)",
    )
    command = kinds.add_parser("soak", help="orders for long, under faults: does anything grow?")
    command.add_argument("--minutes", type=positive, default=60.0, help="(default: 60)")
    command.add_argument(
        "--rate", type=positive, default=0.5, help="orders a second (default: 0.5)"
    )
    kinds.add_parser("open", help="open the console in the browser")
    kinds.add_parser("tour", help="flags, refusals, a rollback, a rotation under load")
    command = kinds.add_parser("rotate", help="replace a service's secrets, all four steps")
    command.add_argument("service", help="such as payments or signing")
    command.add_argument("--secret", help="only this one, such as ProviderKey")
    return parser


if __name__ == "__main__":
    show_errors_plainly()
    sys.exit(main())
