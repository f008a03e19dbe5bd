"""A trace drawn as a waterfall: who did what, when it began, and how long it took."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from tools.emulator.trace_receiver.spans import ReceivedSpan

COLOURS = ("cyan", "green", "magenta", "blue", "yellow", "bright_cyan", "bright_green", "white")
"""One for each service, in the order in which they appear."""
NARROWEST_BAR, WIDEST_BAR = 16, 60
LONGEST_NAME = 44
_EIGHTHS = "█▏▎▍▌▋▊▉"
MS = 1_000_000


@dataclass(frozen=True, slots=True)
class Row:
    """A span at its depth; ``is_orphan`` if its parent should be there and is not."""

    span: ReceivedSpan
    depth: int
    is_orphan: bool


def rows(spans: Iterable[ReceivedSpan]) -> list[Row]:
    """A trace's spans as a tree in the order of their times, children below their parents."""
    ordered = sorted(spans, key=lambda it: (it.started, it.ended))
    known = {it.span_id for it in ordered}
    children: dict[str, list[ReceivedSpan]] = {}
    for span in ordered:
        children.setdefault(span.parent_id if span.parent_id in known else "", []).append(span)

    def below(parent_id: str, depth: int) -> Iterator[Row]:
        for span in children.get(parent_id, ()):
            orphan = not parent_id and bool(span.parent_id)
            yield Row(span, depth, orphan)
            yield from below(span.span_id, depth + 1)

    return list(below("", 0))


def lost_at(spans: Iterable[ReceivedSpan]) -> list[str]:
    """The hops before which a trace was lost, by service and name.

    What works on a message is a part of a trace or links to one: else whoever sent the message, or
    passed it on, has dropped its ``traceparent``. A call that was answered has what was done for it
    within it: else whoever was called did not get the header, or does no tracing.
    """
    ordered = sorted(spans, key=lambda it: it.started)
    went_on = {it.parent_id for it in ordered}
    return [f"{it.service}: {_hop(it)}" for it in ordered if _is_lost(it, went_on)]


def _is_lost(span: ReceivedSpan, went_on: Collection[str]) -> bool:
    if span.kind == "client":
        return not span.failed and span.span_id not in went_on
    return span.kind in ("consumer", "producer") and not span.parent_id and not span.links


def _hop(span: ReceivedSpan) -> str:
    """Its name; a message may be sent to several places by one service."""
    to = span.attributes.get("messaging.destination.name")
    return f"{span.name} to {to}" if span.kind == "producer" and to else span.name


def draw(console: Console, spans: Sequence[ReceivedSpan]) -> None:
    """Print every trace among the spans, the one that began first before the others."""
    traces: dict[str, list[ReceivedSpan]] = {}
    for span in sorted(spans, key=lambda it: it.started):
        traces.setdefault(span.trace_id, []).append(span)
    services = list(dict.fromkeys(it.service for it in spans))
    colours = {it: COLOURS[number % len(COLOURS)] for number, it in enumerate(services)}
    for number, of_trace in enumerate(traces.values()):
        if number:
            console.print()
        _draw_one(console, of_trace, colours)
    for hop in lost_at(spans):
        console.print(f"no traceparent reached {hop}", style="yellow")


def _draw_one(console: Console, spans: Sequence[ReceivedSpan], colours: dict[str, str]) -> None:
    begun = min(it.started for it in spans)
    lasted = max(it.ended for it in spans) - begun
    at = datetime.fromtimestamp(begun / 1e9, UTC).isoformat(timespec="milliseconds")
    head = Text.assemble(
        ("trace ", "bold"),
        (spans[0].trace_id, "bold"),
        f"  {at.replace('+00:00', 'Z')}  {_duration(lasted)}  {len(spans)} spans",
    )
    console.print(head)
    linked = {
        it.trace_id: it for span in spans for it in span.links if it.trace_id != span.trace_id
    }
    for link in linked.values():
        console.print(Text(f"  follows from trace {link.trace_id}", style="dim"))
    found = rows(spans)
    bar = max(NARROWEST_BAR, min(WIDEST_BAR, console.width - LONGEST_NAME - 38))
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1), pad_edge=False, show_edge=False)
    table.add_column("service", no_wrap=True)
    table.add_column("what", no_wrap=True, max_width=LONGEST_NAME)
    table.add_column("after", justify="right", no_wrap=True)
    table.add_column("took", justify="right", no_wrap=True)
    table.add_column("", no_wrap=True, width=bar)
    for row in found:
        span = row.span
        colour = "red" if span.failed else colours[span.service]
        table.add_row(
            Text(span.service, style=colour),
            _name(row),
            Text(_duration(span.started - begun), style="dim"),
            _duration(span.ended - span.started),
            _bar(span.started - begun, span.ended - span.started, lasted, bar, colour),
        )
    console.print(table)
    if lost := sum(it.is_orphan for it in found):
        console.print(
            f"{lost} spans name a parent that is not there: it was lost, or is on its way",
            style="yellow",
        )


def _name(row: Row) -> Text:
    name = Text("  " * row.depth + row.span.name)
    if row.span.failed:
        name.append(f"  {row.span.attributes.get('error.type', 'failed')}", style="red")
    if row.is_orphan:
        name.append("  parent missing", style="yellow")
    return name


def _bar(after: int, took: int, whole: int, width: int, colour: str) -> Text:
    """To an eighth of a character, and never nothing."""
    scale = width * 8 / max(whole, 1)
    start = min(int(after * scale), width * 8 - 1)
    cells = start // 8
    eighths = max(1, min(round(took * scale), width * 8 - start))
    full, rest = divmod(eighths, 8)
    return Text(" " * cells + "█" * full + (_EIGHTHS[rest] if rest else ""), style=colour)


def _duration(nanoseconds: int) -> str:
    if nanoseconds < 10 * MS:
        return f"{nanoseconds / MS:.1f} ms"
    if nanoseconds < 10_000 * MS:
        return f"{nanoseconds / MS:.0f} ms"
    return f"{nanoseconds / (1000 * MS):.1f} s"
