"""Projection: batches of 1,000 records of the log into the order view, beside the usual way.

The peer is ``baseline/project_orders.py``. Both get the same Kinesis event, in which all orders are
new, and must write every view. Counted is the processor's time. Each call is built and signed by
botocore and then answered; it costs both sides the same, and the difference is in how many calls
there are. "Without botocore" ends calls at the client's methods, which leaves each side's own work.
Several is ten; an order of this system has two to three events.
"""

from tools.measure import peers
from tools.measure.benchmarks.claims import Limit, Result, at_least, ratio
from tools.measure.benchmarks.fresh_process import in_turns
from tools.measure.peers import Form

SEVERAL = 10


def measure(*, quick: bool) -> list[Result]:
    """Records per second, ours over the peer's."""
    sides = {
        "ours": [peers.our_package("order_views")],
        "peer": [peers.peer_package(Form.COMPILED)],
    }
    rounds = 3 if quick else 5

    def row(claim: str, events: int, depth: str, limit: Limit | None = None) -> Result:
        found = in_turns(rounds, "projection", sides, str(events), depth)
        return ratio(
            claim,
            [measured["per_second"] for measured in found["ours"]],
            [measured["per_second"] for measured in found["peer"]],
            limit,
            both_in="records/s of processor time",
            writes={side: measured[0]["writes"] for side, measured in found.items()},
        )

    return [
        row(
            "projection of 1,000 records, several for each order",
            SEVERAL,
            "signed",
            at_least(10, aim=15),
        ),
        row("projection of 1,000 records, one for each order", 1, "signed", at_least(4)),
        row("... two for each order", 2, "signed"),
        row("... several for each order, without botocore", SEVERAL, "client"),
        row("... one for each order, without botocore", 1, "client"),
    ]
