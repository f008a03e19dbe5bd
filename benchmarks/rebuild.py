"""Rebuild of a view from the archive, beside the time that only reading and parsing it takes.

Both read the same compressed objects in a process of their own and parse the same envelopes. The
rebuild also divides them by order, writes and reads its scratch, checks each event against its
schema and folds it through the view's own projector. What DynamoDB takes for its writes is left out.
"""

from statistics import median

from benchmarks import peers
from benchmarks.archived_orders import archive
from benchmarks.claims import Result, absolute, at_most, ratio
from benchmarks.fresh_process import in_turns

SMALL, LARGE = 100_000, 1_000_000


def measure(*, quick: bool) -> list[Result]:
    """Time over that of parsing for both sizes; the larger one's memory over the smaller one's."""
    package = peers.our_package("order_views")
    results, memory = [], {}
    for events in (SMALL,) if quick else (SMALL, LARGE):
        folder = archive(peers.FOLDERS, events)
        rounds = 3 if events == SMALL else 2
        found = in_turns(rounds, "rebuild", {"ours": [package], "peer": [package]}, str(folder))
        ours, parsing = found["ours"], found["peer"]
        assert all(it["events"] == events for it in (*ours, *parsing))
        memory[events] = [it["megabytes"] for it in ours]
        seconds = [it["seconds"] for it in ours]
        results += [
            ratio(
                f"rebuild of {events:,} events: time, beside reading and parsing alone",
                seconds,
                [it["seconds"] for it in parsing],
                at_most(2, aim=1.5),
                divided=median(it["divided"] for it in ours),
                events_per_second=events / median(seconds),
            ),
            absolute(f"rebuild of {events:,} events", [events / it for it in seconds], "events/s"),
            absolute(f"rebuild of {events:,} events: peak memory", memory[events], "MB"),
        ]
    if LARGE in memory:
        results.append(
            ratio(
                "rebuild: peak memory at ten times the events",
                memory[LARGE],
                memory[SMALL][: len(memory[LARGE])],
                at_most(1.2),
            )
        )
    return results
