"""Puts the figures into docs/costs.md, between its marks; nobody writes them by hand."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path

from stacks.objectives import BUSINESS_DIMENSIONS
from tools.base.workspace import CHECKOUT
from tools.measure.costs.assumptions import Assumptions
from tools.measure.costs.baseline import Command
from tools.measure.costs.errors import CostError
from tools.measure.costs.idle import Idle
from tools.measure.costs.million import (
    MILLION,
    MOST_OBSERVING,
    Row,
    by_owner,
    by_part,
    observing,
    total,
)
from tools.measure.costs.orders import Counted
from tools.measure.costs.prices import Charge, PriceList

PLAIN = ("OrdersPlaced", "OrdersConfirmed", "OrdersCancelled", "SecondsToConfirm")
"""Metrics of the business that have no dimension besides the service."""
PAGE = CHECKOUT / "docs" / "costs.md"
BEGIN = "<!-- {}: written by `python -m tools.measure.costs record` -->\n"
WORDS = {
    "",
    "stack",
    "part",
    "service",
    "function",
    "call",
    "unit",
    "name",
    "for",
    "source",
    "checked",
    "while",
}
"""Headings of columns that hold no figures."""
END = "<!-- end of {} -->\n"


def write(sections: dict[str, str], page: Path = PAGE) -> None:
    """Replace each section's text.

    Raises:
        CostError: the page has lost a mark; it is left as it was.
    """
    text = page.read_text()
    for name, content in sections.items():
        text = in_place(text, name, content)
    page.write_text(text)


def in_place(text: str, name: str, content: str, begin: str = BEGIN) -> str:
    """The page's text with a section's content between its marks; ``begin`` is the first of them.

    Raises:
        CostError: the page has lost a mark.
    """
    before, mark, rest = text.partition(begin.format(name))
    _, end, after = rest.partition(END.format(name))
    if not mark or not end:
        raise CostError(f"{PAGE.name} has no place for {name}: it needs both marks")
    return f"{before}{mark}\n{content.strip()}\n\n{end}{after}"


def idle_section(found: Idle, environment: str, prices: PriceList) -> str:
    """Stacks down, parts across."""
    rows = [
        [name, *(_usd(parts.get(part, 0)) for part in found.parts), _usd(sum(parts.values()))]
        for name, parts in found.stacks.items()
    ]
    sums = [sum(parts.get(part, 0) for parts in found.stacks.values()) for part in found.parts]
    rows.append(["**total**", *map(_usd, sums), f"**{_usd(found.total)}**"])
    return f"Environment {environment}, USD a month, {_prices(prices)}.\n\n" + table(
        ["stack", *found.parts, "total"], rows
    )


def orders_section(counted: Counted, prices: PriceList, day: date) -> str:
    """By part, by service, and what was counted."""
    parts = by_part(counted.charges, counted.orders, prices)
    owners = by_owner(counted.charges, counted.orders, prices)
    each = {
        "AWS calls by functions": sum(counted.calls.values()),
        "invocations": sum(counted.invocations.values()),
        "state transitions": counted.transitions,
    }
    figures = ", ".join(f"{count / counted.orders:.1f} {what}" for what, count in each.items())
    return "\n\n".join(
        [
            f"Counted on {day} over {counted.orders} orders, each placed, confirmed and read once: "
            f"{figures} an order. {_prices(prices).capitalize()}.",
            table(
                ["part", "for one order", "unit", "USD for a million"],
                [*_rows(parts), ["**total**", "", "", f"**{_usd(total(parts))}**"]],
            ),
            "The same by service:",
            table(
                ["service", "USD for a million"],
                [[name, _usd(usd)] for name, usd in owners.items()],
            ),
            "The calls, for one order:",
            table(["function", "call", "times"], _calls(counted)),
        ]
    )


def command_section(ours: Command, baseline: Command, prices: PriceList) -> str:
    """Two ways to place an order, side by side."""
    sides = [by_part(it.charges, it.orders, prices) for it in (ours, baseline)]
    names = sorted(
        {(row.name, row.unit) for side in sides for row in side},
        key=lambda name: -max(_find(side, name).usd for side in sides),
    )
    rows = [[name[0], *(_cell(_find(side, name)) for side in sides), name[1]] for name in names]
    rows.append(["**total, USD for a million**", *(f"**{_usd(total(it))}**" for it in sides), ""])
    rows.insert(0, ["AWS calls", *(_calls_of(it) for it in (ours, baseline)), ""])
    return table(["", "here", "the usual way", "unit"], rows)


def prices_section(prices: PriceList, order: Sequence[Charge]) -> str:
    """The whole list; those that were not read on any page are marked, and named with a bound.

    ``order`` is what one order of three lines is billed as.
    """
    rows = [
        [
            price.name,
            f"{price.usd:.10f}".rstrip("0").rstrip("."),
            f"{price.per:,.0f} {price.unit}",
            f"[AWS]({price.source})",
            f"[page]({price.seen})" if price.seen else "**memory**",
        ]
        for price in prices.prices.values()
    ]
    listed = table(["name", "USD", "for", "source", "checked"], rows)
    return f"{_prices(prices).capitalize()}.\n\n{listed}\n{_unread(prices, order)}"


def _unread(prices: PriceList, order: Sequence[Charge]) -> str:
    """What hangs on prices that nobody has read, if each of them is twice as high."""
    unread = [it.name for it in prices.prices.values() if it.checked == "memory"]
    if not unread:
        return "\nEvery price was read on a page."
    more = MILLION * prices.cost(it for it in order if it.price in unread)
    return (
        f"\nNot read on any page: {', '.join(unread)}. If each of these were twice as high, a "
        f"million orders would cost {_usd(more) or '0.00'} USD more."
    )


def assumptions_section(assumed: Assumptions, counted: Counted, prices: PriceList) -> str:
    """What hangs on them, in figures."""
    rows = by_part(counted.charges, counted.orders, prices)
    costs = {row.name: row.usd for row in rows}
    tenth = prices["lambda-compute"].of(0.5 * 0.1 * 1_000_000)
    return (
        f"Of the {_usd(total(rows))} above, {_usd(costs.get('function time (assumed)', 0))} are "
        f"functions' time, assumed to be {assumed.own_milliseconds:g} ms for an invocation and "
        f"{assumed.call_milliseconds:g} ms for each AWS call in it; {_usd(costs.get('traces', 0))} "
        f"are traces, assumed for {assumed.sampled:.0%} of all invocations; "
        f"{_usd(costs.get('keys', 0))} are keys, assumed to be requested by each client every "
        f"{assumed.minutes_between_requests:g} minutes; "
        f"{_usd(costs.get('configuration', 0))} are AppConfig, assumed to be asked for each "
        f"document every {assumed.agent_seconds:g} seconds. These amounts grow in proportion to "
        f"what is assumed. Each 100 ms that a function of 512 MB waits "
        f"for another system, such as the payment provider or a carrier, adds {_usd(tenth)}. "
        f"{observing_line(rows)}"
    )


def observing_line(rows: Sequence[Row]) -> str:
    """How much of it is for seeing what happens."""
    return (
        f"Logs and traces together are {observing(rows):.1%} of it, and may be "
        f"{MOST_OBSERVING:.0%}."
    )


def business_line(prices: PriceList) -> str:
    """What the metrics of the business cost, of which there is one for each value."""
    count = len(PLAIN) + sum(len(values) for _, values in BUSINESS_DIMENSIONS.values())
    return (
        f"business metrics: {count} custom metrics, {_usd(prices['custom-metrics'].of(count))} USD "
        "in a month in which each has a value"
    )


def _calls(counted: Counted) -> list[list[str]]:
    return [
        [caller, f"{service}:{operation}", f"{times / counted.orders:.2f}"]
        for (caller, service, operation), times in sorted(counted.calls.items())
    ]


def _calls_of(command: Command) -> str:
    each = [f"{name} x{count / command.orders:g}" for name, count in command.calls.items()]
    return f"{sum(command.calls.values()) / command.orders:g}: {', '.join(each)}"


def _find(rows: Iterable[Row], name: tuple[str, str]) -> Row:
    return next((row for row in rows if (row.name, row.unit) == name), Row(*name[:1], 0, "", 0))


def _cell(row: Row) -> str:
    return f"{row.each:.3g} ({_usd(row.usd)})" if row.each else ""


def _rows(rows: Iterable[Row]) -> list[list[str]]:
    return [[row.name, f"{row.each:.3g}", row.unit, _usd(row.usd)] for row in rows]


def _prices(prices: PriceList) -> str:
    return f"list prices of {prices.region}, read on {prices.read_on}, without free tiers"


def _usd(value: float) -> str:
    return f"{value:,.2f}" if value else ""


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """In Markdown; columns of figures are set to the right."""
    marks = ["---" if it in WORDS else "---:" for it in headings]
    lines = [headings, marks, *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
