"""docs/drill.md: what a drill measured, written by the machine that ran it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from tools.base.workspace import CHECKOUT
from tools.recovery.drill import Figures

PAGE = CHECKOUT / "docs" / "drill.md"
SHOWN = 10
"""Lost orders that are named."""


def write(figures: Sequence[Figures], pace: float) -> None:
    """Replace the page."""
    PAGE.write_text("\n".join(_lines(figures, pace)) + "\n", "utf-8")


def _lines(figures: Sequence[Figures], pace: float) -> Iterator[str]:
    day = datetime.now(UTC).date().isoformat()
    yield "# The drill: a region is lost, and returned to"
    yield ""
    yield (
        "`make drill` loses a region while orders are under way, rebuilds it in another one, and "
        "returns. Both regions are emulators of one machine, killed and started; the payment "
        "providers and the carriers are outside of both and go on. What is copied between them is "
        "what AWS copies: the archive object by object, and exports of the tables "
        "([ADR 0075](adr/0075-backups-beside-the-archive.md), "
        "[ADR 0076](adr/0076-a-region-is-rebuilt-and-one-region-writes.md))."
    )
    yield ""
    yield (
        f"Measured on {day} by `python -m tools.recovery record`, on a machine that takes "
        f"{pace:.2f} s for ten million additions in Python (nominal: 0.23 s). The times are of "
        "emulators with some dozens of orders. In an account, the deployment alone takes some "
        "twenty minutes, and a restore reads and writes every item: nobody has measured it there."
    )
    for each in figures:
        yield from _way(each)
    yield ""
    yield "## What the figures are in an account"
    yield ""
    yield (
        "Lost is what had not reached the copy of the archive. Firehose delivers once a minute, "
        "and S3 replicates most objects within 15 minutes; an alarm tells of an hour. Of tables "
        "that no event tells of, up to an hour is lost, since they are backed up hourly. Logins "
        "are lost: a user pool has no backup."
    )


def _way(figures: Figures) -> Iterator[str]:
    yield ""
    yield f"## From {figures.from_region} to {figures.to_region}"
    yield ""
    yield "| | |"
    yield "| --- | --- |"
    yield f"| orders that customers had an answer to | {figures.placed} |"
    yield f"| requests that were cut off | {figures.unanswered} |"
    yield f"| orders under way | {figures.under_way} |"
    yield f"| age of the backup at the loss | {figures.backup_age:.1f} s |"
    yield f"| age of the newest archived message at the loss | {figures.archive_age:.1f} s |"
    yield f"| deployment | {figures.deployed:.1f} s |"
    for step, seconds in figures.steps.items():
        yield f"| restored: {step} | {seconds:.1f} s |"
    yield f"| **until new orders are taken** | **{figures.recovered:.1f} s** |"
    yield f"| and until every order had ended | {figures.ended:.1f} s |"
    yield f"| events that only the archive had | {figures.from_archive} |"
    yield f"| sagas resumed | {figures.resumed} |"
    yield f"| sagas that had not come to their decision in time | {figures.undecided} |"
    yield f"| **orders lost** | **{len(figures.lost)}** |"
    if figures.lost:
        yield f"| promised at most ... before the loss | {max(figures.lost.values()):.1f} s |"
    yield ""
    for what, holds in figures.checks.items():
        yield f"- {what}: {'yes' if holds else '**no**'}"
    for order_id, seconds in list(figures.lost.items())[:SHOWN]:
        yield f"- lost: order {order_id}, promised {seconds:.1f} s before"
