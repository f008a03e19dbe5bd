"""The service map: which service had to do with which, drawn from the spans that were recorded."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table

from tools.base.errors import OperationFailed, in_words
from tools.base.target import Target
from tools.base.workspace import Workspace
from tools.emulator.trace_receiver import TraceReceiver
from tools.emulator.trace_receiver.edges import OUTSIDE, Counted, Edge

PAGE = Path("docs/service-map.md")
COMMAND = f"make service-map OUT={PAGE}"
_HEAD = f"""# Service map

Made of the spans of one confirmed order and one declined order on the emulator:
`{COMMAND}`, after `make run` and two such orders. A test places them
and compares. Solid arrows are calls, dashed ones are messages: through a queue, or through the
event log. What a service put on the bus leads to whoever took it from there.
Both are orders of customers: a partner's goes from callers through gateway and partners to pricing
and to orders, in one trace, and on as theirs do.

```mermaid
flowchart LR
"""
_TABLE = """```

| from | to | way | what |
| --- | --- | --- | --- |
"""


def show(target: Target, console: Console, *, workspace: Path, out: Path | None) -> None:
    """Print the map of all spans that are kept here, or write it as a page.

    Raises:
        OperationFailed: it is an account's, which draws its own, or no span is kept.
        TraceReceiverError: the receiver does not answer.
    """
    if not target.is_offline:
        raise OperationFailed(
            "X-Ray draws an account's map itself: CloudWatch, X-Ray traces, Trace Map"
        )
    found = TraceReceiver(Workspace(workspace)).edges()
    if not found:
        raise OperationFailed("no span is kept yet: place an order, and ask again")
    if out is not None:
        try:
            out.write_text(page(it.edge for it in found))
        except OSError as error:
            raise OperationFailed(f"the page cannot be written: {in_words(error)}") from error
        console.print(f"{out} is written")
        return
    console.print(_table(found))


def page(edges: Iterable[Edge]) -> str:
    """The map as a page: a picture, and what it shows as a table."""
    listed = sorted(set(edges))
    by_arrow: dict[tuple[str, str, bool], None] = dict.fromkeys(
        (it.begin, it.end, it.way == "call") for it in listed
    )
    nodes = dict.fromkeys(it for begin, end, _ in by_arrow for it in (begin, end))
    lines = [f'    n_{_id(it)}["{it}"]' for it in nodes]
    lines += [
        f"    n_{_id(begin)} {'-->' if is_call else '-.->'} n_{_id(end)}"
        for begin, end, is_call in by_arrow
    ]
    rows = [f"| {it.begin} | {it.end} | {it.way} | {it.name} |" for it in listed]
    return _HEAD + "\n".join(lines) + "\n" + _TABLE + "\n".join(rows) + "\n"


def edges_in(text: str) -> Collection[Edge]:
    """What a page's table says."""
    rows = text.partition(_TABLE)[2].splitlines()
    return {Edge(*(part.strip() for part in row.strip("| ").split("|"))) for row in rows}


def _id(name: str) -> str:
    return "".join(it if it.isalnum() else "_" for it in name)


def _table(found: Iterable[Counted]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1), pad_edge=False, show_edge=False)
    for heading in ("from", "to", "way", "what"):
        table.add_column(heading, no_wrap=heading != "what")
    table.add_column("times", justify="right")
    table.add_column("failed", justify="right")
    for it in found:
        edge = it.edge
        failed = f"[red]{it.failed}[/red]" if it.failed else ""
        begin = f"[dim]{edge.begin}[/dim]" if edge.begin == OUTSIDE else edge.begin
        table.add_row(begin, edge.end, edge.way, edge.name, str(it.count), failed)
    return table
