"""`python -m tools.operations`: what docs/operations.md tells operators to do."""

from __future__ import annotations

import argparse
import sys
from datetime import datetime
from pathlib import Path
from uuid import UUID

from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console

from shared.runtime import clock
from stacks.services import consumers, views
from tools.base import place
from tools.base.arguments import whole_number
from tools.base.clients import LONG_CALLS
from tools.base.errors import OfflineError, OperationFailed
from tools.base.target import Target
from tools.base.terminal import Terminal, show_errors_plainly
from tools.emulator.batches import BATCH_OFFLINE
from tools.operations import (
    dead_letters,
    history,
    parked,
    quota,
    rebuild,
    reconcile,
    service_map,
    stuck,
    trace,
)
from tools.operations.history import Moment

SETTLE_OFFLINE, SETTLE = 5, 900
"""Seconds that an event may be on its way to the archive."""
PIPE_WIDTH = 240
MOST_EVENTS = 10**9
"""Of one order; a version is how many it has had."""


def main(arguments: list[str] | None = None) -> int:
    """Run one command; return the exit status: 1 failed, 2 found something to do, 130 on Ctrl-C."""
    options = _parser().parse_args(arguments)
    # Into a file or a pipe, lines are not broken.
    console = Terminal(width=None if sys.stdout.isatty() else PIPE_WIDTH)
    try:
        target = place.target_of(options, LONG_CALLS)
        console.print(target.name, style="dim")
        return 0 if _run(options, target, console) else 2
    except (OperationFailed, OfflineError, BotoCoreError, ClientError) as error:
        complaint = Terminal(stderr=True, soft_wrap=True)
        complaint.print(f"error: {error}", style="bold red")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write(
            "\ninterrupted: what is done stays done; run the same command again to continue\n"
        )
        return 130


def _run(options: argparse.Namespace, target: Target, console: Console) -> bool:
    match options.command:
        case "where":
            pass  # it has been said
        case "redrive":
            return parked.redrive(
                target, console, consumer=options.consumer, confirm=options.confirm
            )
        case "park":
            parked.park(
                target,
                console,
                consumer=options.consumer,
                shard=options.shard,
                sequence=options.sequence,
                reason=options.reason,
            )
        case "discard":
            return parked.discard(
                target,
                console,
                consumer=options.consumer,
                shard=options.shard,
                sequence=options.sequence,
                confirm=options.confirm,
            )
        case "quota":
            quota.check(target, console)
        case "providers":
            from tools.operations import providers  # loads the CDK, as mail does

            providers.check(target, console)
        case "mail":
            from tools.operations import mail  # loads the CDK, for which no other command waits

            mail.check(target, console)
        case "spans":
            from tools.operations import spans  # loads the CDK, as mail does

            spans.check(target, console)
        case "redrive-queue":
            if options.queue is None:
                return dead_letters.show_queues(target, console)
            return dead_letters.redrive(
                target, console, queue=options.queue, confirm=options.confirm
            )
        case "stuck":
            return stuck.show(target, console)
        case "resume":
            return stuck.resume(target, console, order_id=options.order, confirm=options.confirm)
        case "history":
            moment = Moment(options.at, options.version)
            history.show_events(target, console, order_id=options.order, moment=moment)
        case "trace":
            trace.show(target, console, order_id=options.order, workspace=options.workspace)
        case "service-map":
            service_map.show(target, console, workspace=options.workspace, out=options.out)
        case "view":
            moment = Moment(options.at, options.version)
            history.show_view(
                target, console, view=options.view, order_id=options.order, moment=moment
            )
        case "reconcile":
            settle = SETTLE_OFFLINE if target.is_offline else SETTLE
            scope = reconcile.Scope(
                hours=None if options.all else options.hours,
                settle_seconds=settle if options.settle is None else options.settle,
            )
            by_machine = options.engine == "machine" or (
                options.engine is None and not target.is_offline
            )
            return reconcile.reconcile(
                target,
                console,
                confirm=options.confirm,
                scope=scope,
                verbose=options.verbose,
                by_machine=by_machine,
            )
        case "rebuild":
            batch_seconds = BATCH_OFFLINE if target.is_offline else rebuild.BATCH_SECONDS
            pace = rebuild.Pace(
                batch_seconds if options.batch_seconds is None else options.batch_seconds,
                options.task_bytes,
                options.partition_bytes,
            )
            by_machine = options.engine == "machine" or (
                options.engine is None and not target.is_offline
            )
            run = rebuild.by_machine if by_machine else rebuild.from_here
            run(target, console, view=options.view, pace=pace)
        case "rebuild-back":
            rebuild.back(target, console, view=options.view)
        case "rebuild-retire":
            batch_seconds = BATCH_OFFLINE if target.is_offline else rebuild.BATCH_SECONDS
            return rebuild.retire(
                target,
                console,
                view=options.view,
                confirm=options.confirm,
                batch_seconds=batch_seconds
                if options.batch_seconds is None
                else options.batch_seconds,
            )
        case "checksum":
            rebuild.show_checksums(target, console, view=options.view)
    return True


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tools.operations", description=__doc__)
    place.add_arguments(parser)
    kinds = parser.add_subparsers(dest="command", required=True)

    kinds.add_parser("where", help="say where the other commands work, and whose account it is")

    command = kinds.add_parser("redrive", help="show parked records; apply them again")
    command.add_argument("--consumer", required=True, choices=consumers())
    command.add_argument("--confirm", action="store_true", help="apply them again")

    command = kinds.add_parser("park", help="set aside a record that crashes its consumer")
    command.add_argument("--consumer", required=True, choices=consumers())
    command.add_argument("--shard", required=True)
    command.add_argument("--sequence", required=True, type=_number)
    command.add_argument("--reason", default="set aside by an operator")

    command = kinds.add_parser("discard", help="take a parked record off the list unapplied")
    command.add_argument("--consumer", required=True, choices=consumers())
    command.add_argument("--shard", required=True)
    command.add_argument("--sequence", required=True)
    command.add_argument("--confirm", action="store_true", help="do it")

    kinds.add_parser("quota", help="check that the account may run enough functions at once")

    kinds.add_parser("providers", help="check that payment providers can be asked")
    kinds.add_parser("mail", help="check that the domain that mail comes from can be verified")

    kinds.add_parser("spans", help="check that the account takes the spans that functions send")

    command = kinds.add_parser("redrive-queue", help="show dead letters; send them again")
    command.add_argument("--queue", help="such as payments/Commands; without it, all are listed")
    command.add_argument("--confirm", action="store_true", help="send them to their queue again")

    kinds.add_parser("stuck", help="show the sagas that wait for an operator")

    command = kinds.add_parser("resume", help="let an order's saga go on where it ended")
    command.add_argument("--order", required=True, type=_order_id)
    command.add_argument("--confirm", action="store_true", help="start it")

    command = kinds.add_parser("trace", help="what happened to an order, drawn as a waterfall")
    command.add_argument("--order", required=True, type=_order_id)

    command = kinds.add_parser("service-map", help="which service had to do with which")
    command.add_argument("--out", type=Path, help="write it as a page into this file")

    for name, what in (("history", "an order's events"), ("view", "what a view said of an order")):
        command = kinds.add_parser(name, help=what)
        command.add_argument("--order", required=True, type=_order_id)
        moment = command.add_mutually_exclusive_group()
        moment.add_argument("--at", type=_time, help="a time with an offset, 2026-12-01T09:30:00Z")
        moment.add_argument("--version", type=whole_number(1, MOST_EVENTS))
        if name == "view":
            command.add_argument("--view", choices=views(), default="order-view")

    command = kinds.add_parser("reconcile", help="compare event store, log and archive")
    command.add_argument("--confirm", action="store_true", help="repair what is missing")
    command.add_argument("--settle", type=int, help="leave out events that are younger, in seconds")
    command.add_argument("--all", action="store_true", help="everything, not what happened lately")
    command.add_argument(
        "--hours", type=int, default=reconcile.WINDOW_HOURS, help="compare so many hours"
    )
    command.add_argument("--engine", choices=("here", "machine"), help="who drives it")
    command.add_argument("--verbose", action="store_true", help="show hours without a difference")

    for name, what in (
        ("rebuild", "a new generation of a view from the archive; again, to go on"),
        ("rebuild-back", "serve the generation before again"),
        ("rebuild-retire", "show, and erase, the generation that is not served"),
        ("checksum", "sum up a view's generations"),
    ):
        command = kinds.add_parser(name, help=what)
        command.add_argument("--view", required=True, choices=views())
        if name == "rebuild":
            command.add_argument("--engine", choices=("here", "machine"), help="who drives it")
            command.add_argument("--task-bytes", type=int, default=rebuild.TASK_BYTES)
            command.add_argument("--partition-bytes", type=int, default=rebuild.PARTITION_BYTES)
        if name in ("rebuild", "rebuild-retire"):
            command.add_argument("--batch-seconds", type=int, help="a projector's longest batch")
        if name == "rebuild-retire":
            command.add_argument("--confirm", action="store_true", help="erase it")
    return parser


def _order_id(text: str) -> str:
    try:
        return str(UUID(text))
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not the id of an order") from error


def _number(text: str) -> str:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a sequence number")
    return text


def _time(text: str) -> datetime:
    try:
        return clock.parse_time(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


if __name__ == "__main__":
    show_errors_plainly()
    sys.exit(main())
