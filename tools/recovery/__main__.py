"""Rebuild a lost region, fence one, and drill both, as `make drill` does.

`restore` and `fence` show what they would do; `--confirm` does it.
"""

from __future__ import annotations

import argparse
import shutil
import sys

from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from rich.table import Table

from tools.base import place
from tools.base.clients import LONG_CALLS
from tools.base.errors import OfflineError, OperationFailed
from tools.base.target import Target
from tools.base.terminal import Terminal, show_errors_plainly
from tools.base.workspace import CHECKOUT
from tools.measure.benchmarks.pace import seconds_of_additions
from tools.recovery import fence, page, restore
from tools.recovery.drill import Drill, Figures
from tools.recovery.exports import Exports, export
from tools.recovery.restore import Restore, Sources

FOLDER = CHECKOUT / ".local" / "drill"


def main(arguments: list[str] | None = None) -> int:
    """Run one command; the exit status: 1 failed, 2 something waits or differs, 130 on Ctrl-C."""
    options = _parser().parse_args(arguments)
    console = Terminal()
    try:
        return 0 if _run(options, console) else 2
    except (OperationFailed, OfflineError, BotoCoreError, ClientError) as error:
        Terminal(stderr=True, soft_wrap=True).print(f"error: {error}", style="bold red")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("\ninterrupted: the same command goes on where it ended\n")
        return 130


def _run(options: argparse.Namespace, console: Console) -> bool:
    if options.command in ("drill", "record"):
        return _drill(console, record=options.command == "record")
    target = place.target_of(options, LONG_CALLS)
    console.print(target.name, style="dim")
    match options.command:
        case "export":
            counts = export(target, Exports(target.client("s3"), options.bucket))
            for name, count in sorted(counts.items()):
                console.print(f"{name:<32}{count:>8}")
            return True
        case "restore":
            sources = Sources(Exports(target.client("s3"), options.bucket), options.copy)
            found = restore.plan(target, sources)
            restore.show(found, console)
            if not options.confirm:
                console.print("nothing was changed; --confirm restores", style="bold")
                return False
            done = Restore(target, sources, found, console).run()
            for order_id in done.undecided:
                console.print(f"order {order_id}: its saga has not come to its decision yet")
            return not done.undecided
        case _:
            return _fence(options, target, console)


def _fence(options: argparse.Namespace, target: Target, console: Console) -> bool:
    wanted = options.command == "fence"
    found = fence.look(target)
    if options.confirm:
        found = fence.close(target) if wanted else fence.open_again(target)
    console.print(f"tables that refuse writes: {len(found.tables)} ({len(found.open_tables)} take)")
    console.print(f"event sources off: {len(found.mappings)} ({len(found.open_mappings)} on)")
    if not options.confirm:
        console.print("nothing was changed; --confirm does it", style="bold")
        return False
    return found.is_closed if wanted else not found.tables


def _drill(console: Console, *, record: bool) -> bool:
    before = seconds_of_additions()
    try:
        figures = Drill(FOLDER, console).run()
    finally:
        shutil.rmtree(FOLDER, ignore_errors=True)
    show(figures, console)
    if record:
        page.write(figures, (before + seconds_of_additions()) / 2)
        console.print(f"written: {page.PAGE.relative_to(CHECKOUT)}")
    return all(holds for it in figures for holds in it.checks.values())


def show(figures: list[Figures], console: Console) -> None:
    """A column for each way."""
    table = Table("", *(f"{it.from_region} to {it.to_region}" for it in figures), box=None)
    table.add_row("orders promised", *(str(it.placed) for it in figures))
    table.add_row("under way", *(str(it.under_way) for it in figures))
    table.add_row("backup's age", *(f"{it.backup_age:.1f} s" for it in figures))
    table.add_row("archive's age", *(f"{it.archive_age:.1f} s" for it in figures))
    table.add_row("until new orders are taken", *(f"{it.recovered:.1f} s" for it in figures))
    table.add_row("orders lost", *(str(len(it.lost)) for it in figures))
    console.print(table)
    for each in figures:
        for what, holds in each.checks.items():
            console.print(f"{'yes' if holds else 'NO'}: {what}", style="green" if holds else "red")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tools.recovery", description=__doc__)
    place.add_arguments(parser)
    kinds = parser.add_subparsers(dest="command", required=True)
    kinds.add_parser("drill", help="lose a region offline, go on in another, and return")
    kinds.add_parser("record", help="the same, and write docs/drill.md")
    command = kinds.add_parser("export", help="export every table that is backed up")
    command.add_argument("--bucket", required=True, help="where to, in this region")
    command = kinds.add_parser("restore", help="show, and restore, what exports and archive have")
    command.add_argument("--bucket", required=True, help="of the exports, in this region")
    command.add_argument("--copy", required=True, help="the archive's copy, in this region")
    command.add_argument("--confirm", action="store_true", help="do it")
    for name, what in (("fence", "let nothing write here"), ("unfence", "let it write again")):
        command = kinds.add_parser(name, help=what)
        command.add_argument("--confirm", action="store_true", help="do it")
    return parser


if __name__ == "__main__":
    show_errors_plainly()
    sys.exit(main())
