"""Cold start of every handler: what ``place_order_cold`` measures of one, of all the others.

Each handler of each service is imported in a fresh process from the package that is deployed, with
a DynamoDB client, whether it uses one or not. Beside it the usual way's place-order handler as it
is installed.
"""

import re
from pathlib import Path

from tools.measure import peers
from tools.measure.benchmarks.claims import Result, at_most, ratio
from tools.measure.benchmarks.fresh_process import in_turns
from tools.measure.peers import ROOT, Form

_HANDLER = re.compile(r"^(def handler\(|handler = )", re.MULTILINE)


def measure(*, quick: bool) -> list[Result]:
    """The slowest handler's import beside the peer's; the details have each one's."""
    packages: dict[str, Path] = {}
    for module in handlers():
        service = module.partition(".")[0]
        if service not in packages:
            packages[service] = peers.our_package(service)
    sides = {module: [packages[module.partition(".")[0]]] for module in handlers()}
    found = in_turns(
        2 if quick else 7,
        "import_handler",
        {**sides, "peer": [peers.peer_package(Form.AS_INSTALLED)]},
    )
    times = {side: [it["import_ms"] for it in measured] for side, measured in found.items()}
    peer = times.pop("peer")
    slowest = max(times, key=lambda module: sorted(times[module])[len(peer) // 2])
    return [
        ratio(
            f"the slowest of {len(times)} handlers: import as deployed, beside the usual way",
            times[slowest],
            peer,
            at_most(0.25),
            both_in="ms",
            slowest=slowest,
            least_ms={module: round(min(measured), 1) for module, measured in times.items()},
        )
    ]


def handlers() -> list[str]:
    """The modules of all handlers, such as ``orders.handlers.place_order``."""
    lambdas = ROOT / "lambdas"
    return [
        ".".join(path.relative_to(lambdas).with_suffix("").parts)
        for path in sorted(lambdas.glob("*/handlers/*.py"))
        if _HANDLER.search(path.read_text("utf-8"))
    ]
