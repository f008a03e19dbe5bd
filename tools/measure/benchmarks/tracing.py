"""What tracing adds: to a cold start, and to a warm command whose trace is sampled or is not.

A function's process has botocore loaded and nothing of tracing yet. Warm orders are placed in one
process without spans, with those that are not sampled and with those that are, in turns; AWS is
stubbed below signing, and spans are datagrams that are received as by a daemon.
"""

from collections.abc import Sequence
from statistics import median
from typing import Any

from tools.measure import peers
from tools.measure.benchmarks.claims import Limit, Result, at_most
from tools.measure.benchmarks.fresh_process import in_turns

WARM_UP = 200


def measure(*, quick: bool) -> list[Result]:
    """Milliseconds of a cold start, and percents of a warm command."""
    found = in_turns(
        3 if quick else 15,
        "tracing",
        {"ours": [peers.our_package("orders")]},
        *(str(WARM_UP), "30"),
    )["ours"]
    return [
        _row(
            "cold start: imports and first spans",
            [it["cold_ms"] for it in found],
            "ms",
            at_most(3, aim=1),
        ),
        _row("warm order, sampled", _more(found, "sampled"), "%", at_most(12, aim=7)),
        _row("warm order, not sampled", _more(found, "unsampled"), "%", at_most(3, aim=1)),
    ]


def _more(found: Sequence[dict[str, Any]], kind: str) -> list[float]:
    return [(it[kind] / it["untraced"] - 1) * 100 for it in found]


def _row(what: str, rounds: list[float], unit: str, limit: Limit) -> Result:
    return Result(
        f"tracing adds to a {what}", median(rounds), unit, limit, (min(rounds), max(rounds))
    )
