"""Cost: what a million orders cost by counted calls, and one command beside the usual way.

Both run against one emulator, behind one proxy that counts their calls. The same figures by part
are in docs/costs.md, where `python -m tools.measure.costs record` writes them.
"""

from rich.console import Console

from tools.measure.benchmarks.claims import Result, at_most
from tools.measure.costs import assumptions, prices
from tools.measure.costs.baseline import baseline, ours
from tools.measure.costs.million import by_part, total
from tools.measure.costs.orders import count
from tools.measure.costs.shop import shop


def measure(*, quick: bool) -> list[Result]:
    """AWS calls and USD."""
    assumed, listed = assumptions.read(), prices.read()
    orders = 2 if quick else 10
    with shop(Console(quiet=True)) as opened:
        counted = count(opened, orders, assumed)
        here = ours(list(opened.proxy.calls), orders, opened, assumed)
        there = baseline(opened, orders, assumed)
    calls = [sum(it.calls.values()) / orders for it in (here, there)]
    usd = [total(by_part(it.charges, orders, listed)) for it in (here, there)]
    return [
        Result(
            "AWS calls to place an order", calls[0], "", at_most(1), details={"baseline": calls[1]}
        ),
        Result(
            "price of placing an order, beside the usual way",
            usd[0] / usd[1],
            "x",
            at_most(0.75),
            details={"ours": usd[0], "peer": usd[1], "both_in": "USD for a million"},
        ),
        Result(
            "a million orders, from placed to confirmed, at list prices",
            total(by_part(counted.charges, orders, listed)),
            "USD",
        ),
    ]
