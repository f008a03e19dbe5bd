"""Rebuild of a view from the archive, beside the time that only reading and parsing it takes.

Both read the same compressed objects in a process of their own; counted is the processor's time.
The rebuild divides them by order, writes and reads its scratch, checks each order's event against
its schema and folds it through the view's own projector; what concerns no order's state it passes
over without parsing it. What DynamoDB takes for the writes is left out.
"""

from statistics import median

from tools.measure import peers
from tools.measure.benchmarks.archived_orders import RECORDS, Kind, archive
from tools.measure.benchmarks.claims import Limit, Result, absolute, at_most, ratio
from tools.measure.benchmarks.fresh_process import in_turns

SMALL, LARGE = 100_000, 1_000_000
WITHIN = at_most(2, aim=1.5)


def measure(*, quick: bool) -> list[Result]:
    """Time over that of parsing for both sizes; the larger one's memory over the smaller one's."""
    rounds = 3 if quick else 5
    small, memory = _rebuild("journeys", SMALL, rounds, WITHIN)
    worst, _ = _rebuild("orders", SMALL, rounds, None)
    if quick:
        return [*small, *worst]
    large, memory_of_large = _rebuild("journeys", LARGE, 3, WITHIN)
    flat = ratio(
        "rebuild: peak memory at ten times the events",
        memory_of_large,
        memory[: len(memory_of_large)],
        at_most(1.2),
        both_in="MB",
    )
    return [*small, *large, flat, *worst]


def _rebuild(
    kind: Kind, events: int, rounds: int, limit: Limit | None
) -> tuple[list[Result], list[float]]:
    folder = archive(peers.FOLDERS, events, kind)
    package = peers.our_package("order_views")
    found = in_turns(rounds, "rebuild", {"ours": [package], "peer": [package]}, str(folder))
    ours, parsing = found["ours"], found["peer"]
    orders = events // RECORDS[kind]
    if any((it["orders"], it["events"]) != (orders, 2 * orders) for it in ours):
        raise AssertionError(f"{orders} orders of two events each were not all folded")
    archived = parsing[0]["events"]
    seconds = [it["seconds"] for it in ours]
    memory = [it["megabytes"] for it in ours]
    name = f"rebuild of {events:,} events" + (", orders' own alone" if kind == "orders" else "")
    return [
        ratio(
            f"{name}: time, beside reading and parsing alone",
            seconds,
            [it["seconds"] for it in parsing],
            limit,
            both_in="s of processor time",
            dividing=median(it["divided"] for it in ours),
        ),
        absolute(f"{name}", [archived / it for it in seconds], "events/s"),
        absolute(f"{name}: peak memory", memory, "MB"),
    ], memory
