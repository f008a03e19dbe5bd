"""`make bench`: measures, shows, keeps; exit status 1 for a miss."""

import argparse
import importlib
import shlex
import sys
from dataclasses import replace

from rich.console import Console

from tools.base.workspace import Workspace
from tools.measure.benchmarks import report
from tools.measure.benchmarks.claims import Result
from tools.measure.benchmarks.pace import pace, seconds_of_additions
from tools.measure.peers import ROOT

RESULTS = ROOT / ".local" / "benchmarks.json"
BENCHMARKS = (
    "place_order_cold",
    "handlers_cold",
    "place_order_warm",
    "tracing",
    "graph",
    "package_size",
    "synth",
    "bring_up",
    "post_to_view",
    "projection",
    "rehydration",
    "consumer_lag",
    "rebuild",
    "saga",
    "configuration",
    "saves",
    "console",
    "pricing",
    "partners",
    "releases",
    "simulation",
    "cost",
)
"""Modules of this package, each with ``measure(*, quick: bool) -> list[Result]``."""


def main(arguments: list[str] | None = None) -> int:
    """Run what was named, or everything; 1 if a target is missed."""
    options = _options(arguments)
    console = Console()
    command = shlex.join(["python", "-m", "tools.measure.benchmarks", *(arguments or sys.argv[1:])])
    Workspace(RESULTS.parent).prepare()
    results: dict[str, list[Result]] = {}
    for name in options.names or BENCHMARKS:
        with console.status(name):
            module = importlib.import_module(f"tools.measure.benchmarks.{name}")
            before = seconds_of_additions()
            measured: list[Result] = module.measure(quick=options.quick)
            around = pace(before, seconds_of_additions())
        results[name] = [replace(row, pace=around) for row in measured]
        report.show({name: results[name]}, console)
        report.keep(results, command, RESULTS)  # what is measured stays, if a later one breaks
    missed = [row.claim for rows in results.values() for row in rows if not row.holds]
    for claim in missed:
        console.print(f"missed: {claim}", style="red")
    return 1 if missed else 0


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tools.measure.benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds: a look, no evidence")
    parser.add_argument("names", nargs="*", metavar="name", help=", ".join(BENCHMARKS))
    options = parser.parse_args(arguments)
    if unknown := sorted(set(options.names) - set(BENCHMARKS)):
        parser.error(f"no benchmark {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}")
    return options


if __name__ == "__main__":
    sys.exit(main())
