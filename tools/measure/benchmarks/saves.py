"""`make dev`: from a save to the running system, and what watching costs while nothing is saved.

A copy of the checkout is edited, and a system of its own is kept up to date with it. A handler is
served when it answers with what was saved; a document and a stack when `make dev` says so, which is
after AppConfig and CloudFormation have.
"""

import re
import tempfile
import time
from pathlib import Path
from statistics import quantiles

import psutil

from contracts.product import PRODUCT
from tools.measure.benchmarks.claims import Result, absolute, at_most
from tools.measure.edited_checkout import PROBE, EditedCheckout

DOCUMENT = "config/dev/orders.json"
STACK = "stacks/sales.py"
IDLE_SECONDS = 20.0
PAUSE_SECONDS = 1.0
"""Between two saves; a hundredth of a second more each time, so that no two meet alike."""


def measure(*, quick: bool) -> list[Result]:
    """Seconds from a save to what it is for, and percent of a core."""
    saves, others = (6, 2) if quick else (30, 6)
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        EditedCheckout(Path(folder)) as edited,
    ):
        idle = _idle(edited)
        handler = [_handler(edited, number) for number in range(saves)]
        document = [_document(edited, 5 + number) for number in range(others)]
        stack = [_stack(edited, number) for number in range(others)]
    return [
        Result(
            "a saved handler is served, p95",
            quantiles(handler, n=20)[-1],
            "s",
            at_most(1.0, aim=0.5),
            (min(handler), max(handler)),
            {"saves": saves},
        ),
        absolute("... the median", handler, "s"),
        absolute("a changed document is in force", document, "s", at_most(3, aim=1.5)),
        absolute("a changed stack is deployed", stack, "s", at_most(6, aim=4)),
        Result("processor of make dev while nothing is saved", idle, "% of a core", at_most(2)),
    ]


def _idle(edited: EditedCheckout) -> float:
    process = psutil.Process(edited.command.pid)
    family = [process, *process.children(recursive=True)]
    own = [it for it in family if "tools.dev" in " ".join(it.cmdline()) or "trial.py" in str(it)]

    def used() -> float:
        return sum(it.cpu_times().user + it.cpu_times().system for it in own)

    before = used()
    time.sleep(IDLE_SECONDS)
    return (used() - before) / IDLE_SECONDS * 100


def _handler(edited: EditedCheckout, number: int) -> float:
    time.sleep(PAUSE_SECONDS + number / 100)
    edited.save(PROBE, edited.with_mark(number))
    return edited.until(lambda: edited.served() == number)


def _document(edited: EditedCheckout, lines: int) -> float:
    return _said(edited, DOCUMENT, r'("max_lines":\s*)\d+', rf"\g<1>{lines}", "is in force  ")


def _stack(edited: EditedCheckout, number: int) -> float:
    replacement = rf"\g<1>{number}: "
    return _said(edited, STACK, r'(description=")', replacement, f"{PRODUCT}-dev-sales updated")


def _said(edited: EditedCheckout, file: str, place: str, replacement: str, line: str) -> float:
    time.sleep(PAUSE_SECONDS)
    times = edited.said().count(line)
    edited.save(file, re.sub(place, replacement, edited.original(file), count=1))
    return edited.until(lambda: edited.said().count(line) > times, 120)
