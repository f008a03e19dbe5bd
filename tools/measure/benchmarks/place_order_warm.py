"""Warm command: orders placed per second by a warm handler, beside the usual way.

AWS is stubbed below signing in both: each request is built, serialized, signed, answered by an
event hook in place of the network, and parsed. Counted is the processor's time, since nothing
waits. Each order has a key of its own and three lines, and every answer is checked. Both write
their logs, and the peer its metric and its trace, to nowhere.
"""

from tools.measure import peers
from tools.measure.benchmarks.claims import Result, at_least, ratio
from tools.measure.benchmarks.fresh_process import in_turns
from tools.measure.peers import Form

WARM_UP = 200


def measure(*, quick: bool) -> list[Result]:
    """Orders per second and core, ours over the peer's."""
    found = in_turns(
        3 if quick else 15,
        "place_order",
        {
            "ours": [peers.our_package("orders")],
            "peer": [peers.peer_package(Form.COMPILED)],
        },
        *(str(WARM_UP), "1000"),
    )
    return [
        ratio(
            "place-order handler: warm orders per second, beside the usual way",
            [measured["per_second"] for measured in found["ours"]],
            [measured["per_second"] for measured in found["peer"]],
            at_least(3.5, aim=4.5),
            both_in="orders/s of processor time",
        )
    ]
