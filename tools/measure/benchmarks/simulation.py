"""`make simulate`: orders of a second of one core's time, five orders a seed.

Every round runs seeds of its own, by the shortcut and through the whole client. What is imported
and compiled once is not measured. A seed that is violated ends the benchmark.
"""

import re
import subprocess
import sys

from tools.measure.benchmarks.claims import Result, absolute, ratio
from tools.measure.peers import ROOT

SEEDS = {"shortcut": 60, "whole": 15}
"""Of one round. Seeds differ by ten times and more, for some are storms."""
_RATE = re.compile(r"([0-9.]+) a second on one core: all held")


def measure(*, quick: bool) -> list[Result]:
    """Rates, and how much faster the shortcut is."""
    rounds = [
        {client: _rate(client, 1 + 1000 * number, seeds) for client, seeds in SEEDS.items()}
        for number in range(2 if quick else 5)
    ]
    shortcut, whole = ([it[client] for it in rounds] for client in SEEDS)
    return [
        absolute("orders simulated by the shortcut", shortcut, "orders/s"),
        absolute("... through the whole client", whole, "orders/s"),
        ratio(
            "the shortcut beside the whole client",
            shortcut,
            whole,
            both_in="orders/s of processor time",
        ),
    ]


def _rate(client: str, first: int, seeds: int) -> float:
    range_of_seeds = f"{first}-{first + seeds - 1}"
    command = ["-m", "tools.simulation", "--seeds", range_of_seeds, "--client", client]
    run = subprocess.run([sys.executable, *command], cwd=ROOT, capture_output=True, text=True)
    found = _RATE.search(run.stdout)
    if found is None:
        raise AssertionError(f"{' '.join(command)}:\n{run.stdout[-2000:]}\n{run.stderr[-2000:]}")
    return float(found[1])
