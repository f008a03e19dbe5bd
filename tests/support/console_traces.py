"""An order's spans as the fault process tells them, for the screens' own tests."""

from __future__ import annotations

from tests.support.console_answers import Document
from tools.emulator.trace_receiver.edges import counted
from tools.emulator.trace_receiver.spans import ReceivedSpan
from tools.local.faults import arrows
from tools.local.faults.traces import told

MS = 1_000_000
BEGAN = 1_796_115_600_000 * MS
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


def span(
    number: int,
    parent: int,
    name: str,
    service: str,
    after: float,
    took: float,
    *,
    failed: bool = False,
    trace: str = TRACE,
) -> ReceivedSpan:
    """One that began so many milliseconds after the trace."""
    started = BEGAN + int(after * MS)
    return ReceivedSpan(
        trace_id=trace,
        span_id=f"{number:016x}",
        parent_id=f"{parent:016x}" if parent else "",
        service=service,
        name=name,
        kind="server" if not parent else "consumer",
        started=started,
        ended=started + int(took * MS),
        failed=failed,
        attributes={},
        links=[],
    )


SPANS = (
    span(1, 0, "POST /v1/orders", "orders", 0, 31),
    span(2, 1, "put OrderPlaced", "orders", 9, 12),
    span(3, 2, "publish OrderPlaced", "orders", 60, 18),
    span(4, 3, "process OrderPlaced", "order-views", 95, 22),
    span(5, 3, "process OrderPlaced", "fulfilment", 110, 40),
    span(6, 5, "send ReserveStock", "fulfilment", 160, 15),
    span(7, 6, "process ReserveStock", "inventory", 190, 28),
    span(8, 5, "send AuthorizePayment", "fulfilment", 260, 14),
    span(9, 8, "process AuthorizePayment", "payments", 300, 410, failed=True),
    span(10, 77, "process CommandReplied", "fulfilment", 720, 20),
)


def traces(order_id: str) -> Document:
    """One trace: a span has failed, and the parent of another is missing."""
    return told(order_id, SPANS, BEGAN / 1e9 + 60)


def service_map(*, traced: bool) -> Document:
    """The arrows of this order's spans, if any span is kept."""
    return arrows.told(counted(SPANS) if traced else [], BEGAN / 1e9)
