"""`python -m tools.measure.costs`: what the system costs when idle, and for a million orders."""

from __future__ import annotations

import argparse
import json
import sys
from datetime import UTC, datetime

from rich.console import Console
from rich.table import Table

from tools.base.arguments import whole_number
from tools.base.errors import OfflineError
from tools.base.target import ENVIRONMENTS
from tools.base.templates import CDK_JSON, templates
from tools.measure.costs import assumptions, page, prices, survey
from tools.measure.costs.baseline import baseline, ours
from tools.measure.costs.bill import MOST_LINES, Numbers, bill
from tools.measure.costs.errors import CostError
from tools.measure.costs.idle import Idle, idle
from tools.measure.costs.million import MILLION, by_part, total
from tools.measure.costs.orders import Counted, count
from tools.measure.costs.prices import PriceList
from tools.measure.costs.shop import shop


def main(arguments: list[str] | None = None) -> int:
    """Return the exit status: 1 if something has no price, or could not be counted."""
    options = _parser().parse_args(arguments)
    console = Console(highlight=False)
    try:
        if warning := prices.read().warning(datetime.now(UTC).date()):
            Console(stderr=True, markup=False).print(f"costs: {warning}", style="yellow")
        if options.command == "idle":
            return _idle(options, console)
        if options.command == "bill":
            return _bill(options, console)
        return _orders(options, console, record=options.command == "record")
    except (CostError, OfflineError) as error:
        Console(stderr=True, markup=False).print(f"costs: {error}", style="red")
        return 1


def _idle(options: argparse.Namespace, console: Console) -> int:
    listed = prices.read()
    found = _reckon_idle(options, listed)
    _show_idle(found, options.environment, listed, console)
    for type in sorted(found.unknown):
        console.print(f"not in it: {type}; costs/idle_rates.py does not know it", style="red")
    return 1 if found.unknown else 0


def _reckon_idle(options: argparse.Namespace, listed: PriceList) -> Idle:
    context = dict(it.split("=", 1) for it in options.context)
    return idle(templates(options.environment, context), listed, assumptions.read())


def _bill(options: argparse.Namespace, console: Console) -> int:
    listed, counted = prices.read(), survey.read()
    numbers = Numbers(options.orders, options.lines, options.log_days)
    found = bill(
        _reckon_idle(options, listed),
        options.environment,
        counted,
        numbers,
        listed,
        assumptions.read(),
    )
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(f"USD a month, {options.environment}")
    table.add_column("idle", justify="right")
    table.add_column("orders", justify="right")
    table.add_column("stored", justify="right")
    table.add_column("total", justify="right")
    for name, parts in found.services.items():
        idle_usd = sum(usd for part, usd in parts.items() if part.endswith("(idle)"))
        stored = sum(usd for part, usd in parts.items() if part.endswith("stored"))
        total_usd = sum(parts.values())
        used = total_usd - idle_usd - stored
        table.add_row(name, *map(_usd, (idle_usd, used, stored, total_usd)))
    table.add_section()
    table.add_row("total", "", "", "", _usd(found.total), style="bold")
    console.print(table)
    for part, usd in found.parts.items():
        most = "  at most" if part in found.at_most else ""
        console.print(f"  {part:36} {_usd(usd) or '0.00':>12}{most}")
    console.print(
        f"{numbers.orders:,} orders a month of {numbers.lines} lines, logs kept for "
        f"{numbers.log_days} days, after {numbers.months} months; counted on "
        f"{counted.counted_on}, list prices of {listed.region}, {listed.read_on}, free tiers left "
        "out",
        style="dim",
    )
    return 0


def _orders(options: argparse.Namespace, console: Console, *, record: bool) -> int:
    listed, assumed = prices.read(), assumptions.read()
    with shop(console) as opened:
        counted = count(opened, options.count, assumed)
        here = ours(list(opened.proxy.calls), options.count, opened, assumed)
        there = baseline(opened, options.count, assumed)
        few = count(opened, max(options.count // 2, 1), assumed, survey.FEW) if record else None
    _show_orders(counted, listed, console)
    if record and few:
        found = _reckon_idle(options, listed)
        today = datetime.now(UTC).date()
        survey.FILE.write_text(
            survey.written(today, few.charges, counted.charges, (few.orders, counted.orders))
        )
        page.write(
            {
                "idle": page.idle_section(found, options.environment, listed),
                "orders": page.orders_section(counted, listed, today),
                "command": page.command_section(here, there, listed),
                "assumptions": page.assumptions_section(assumed, counted, listed),
                "prices": page.prices_section(listed, survey.read().order(survey.MANY)),
            }
        )
        console.print(f"written into docs/{page.PAGE.name}")
    return 0


def _show_idle(found: Idle, environment: str, listed: PriceList, console: Console) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(f"USD a month, idle, {environment}")
    for part in [*found.parts, "total"]:
        table.add_column(part, justify="right")
    for name, parts in found.stacks.items():
        cells = [_usd(parts.get(part, 0)) for part in found.parts]
        table.add_row(name, *cells, _usd(sum(parts.values())))
    sums = [sum(parts.get(part, 0) for parts in found.stacks.values()) for part in found.parts]
    table.add_section()
    table.add_row("total", *map(_usd, sums), _usd(found.total), style="bold")
    console.print(table)
    console.print(f"not in it: {page.business_line(listed)}", style="dim")
    guessed = [it.name for it in listed.prices.values() if it.checked == "memory"]
    console.print(
        f"list prices of {listed.region}, {listed.read_on}, free tiers left out; {len(guessed)} of "
        f"{len(listed.prices)} are from memory: see docs/costs.md",
        style="dim",
    )


def _show_orders(counted: Counted, listed: PriceList, console: Console) -> None:
    rows = by_part(counted.charges, counted.orders, listed)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("part", "for one order", "unit", "USD for a million"):
        table.add_column(heading, justify="left" if heading in ("part", "unit") else "right")
    for row in rows:
        table.add_row(row.name, f"{row.each:.3g}", row.unit, _usd(row.usd))
    table.add_section()
    table.add_row("total", "", "", _usd(total(rows)), style="bold")
    console.print(table)
    if counted.repeated:
        console.print(f"{counted.repeated} requests were sent again and are not counted")


def _usd(value: float) -> str:
    return f"{value:,.2f}" if value else ""


def _parser() -> argparse.ArgumentParser:
    chosen = json.loads(CDK_JSON.read_text())["context"].get("environment", "dev")
    parser = argparse.ArgumentParser(prog="python -m tools.measure.costs", description=__doc__)
    kinds = parser.add_subparsers(dest="command", required=True)
    reckon = kinds.add_parser("bill", help="a month with your own numbers, by service and part")
    reckon.add_argument("--environment", choices=ENVIRONMENTS, default=chosen)
    reckon.add_argument("--context", action="append", default=[], metavar="NAME=VALUE")
    reckon.add_argument("--orders", type=whole_number(0, 10**10), default=MILLION, help="a month")
    reckon.add_argument("--lines", type=whole_number(1, MOST_LINES), default=3, help="of an order")
    reckon.add_argument("--log-days", type=whole_number(1, 3653), default=30, help="logs are kept")
    for name, what in (
        ("idle", "a month in which nothing happens, from the templates"),
        ("orders", "a million orders, from some that are counted on an emulator"),
        ("record", "both, written into docs/costs.md"),
    ):
        command = kinds.add_parser(name, help=what)
        if name != "orders":
            command.add_argument("--environment", choices=ENVIRONMENTS, default=chosen)
            command.add_argument(
                "--context",
                action="append",
                default=[],
                metavar="NAME=VALUE",
                help="a context value that switches an option on, such as containers=true",
            )
        if name != "idle":
            command.add_argument(
                "--count", type=whole_number(1, MILLION), default=20, help="orders (default: 20)"
            )
    return parser


if __name__ == "__main__":
    sys.exit(main())
