"""Rehydration: an order with 1,000 events, beside the repository of PyPI's ``eventsourcing``.

Both read stored JSON through their own adapter, and neither does any input or output: ours through
``DynamoDbEventStore`` on a client that answers with parsed items, the peer through its repository
on its own recorder in memory. Both make an event object of every record, with whatever else their
records carry, and fold them into the aggregate. The peer's snapshots are off, as is any cache.
"""

from tools.measure import peers
from tools.measure.benchmarks.claims import Result, at_least, ratio
from tools.measure.benchmarks.fresh_process import in_turns


def measure(*, quick: bool) -> list[Result]:
    """Events per second, ours over the peer's."""
    found = in_turns(
        3 if quick else 9,
        "rehydration",
        {
            "ours": [peers.our_package("orders")],
            "peer": [peers.peer_handlers(), peers.libraries("eventsourcing", "typing-extensions")],
        },
        "20",
    )
    return [
        ratio(
            "rehydration of an order with 1,000 events, beside eventsourcing",
            [measured["per_second"] for measured in found["ours"]],
            [measured["per_second"] for measured in found["peer"]],
            at_least(7, aim=50),
            both_in="events/s of processor time",
        )
    ]
