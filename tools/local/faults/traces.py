"""The spans of an order, as the console's page draws them: of the receiver on this machine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tools.base.errors import OfflineError, OperationFailed
from tools.base.target import offline
from tools.base.workspace import Workspace
from tools.emulator.trace_receiver import TraceReceiver
from tools.emulator.trace_receiver.spans import ReceivedSpan
from tools.local.faults import answers
from tools.operations import trace, waterfall

MOST = 400
"""Spans in one answer: an order has some sixty."""
LONGEST_NAME = 120


class NoTrace(Exception):
    """No such order, or none of its spans is kept; the text says which."""


def spans_of(workspace: Workspace, order_id: str) -> Sequence[ReceivedSpan]:
    """What is kept of an order's traces.

    Raises:
        NoTrace: there is no such order.
        OfflineError: nothing is up, or the receiver does not answer.
    """
    target = offline(workspace.root)
    try:
        return trace.offline_spans(TraceReceiver(workspace), target, order_id)
    except OfflineError:
        raise
    except OperationFailed as unknown:
        raise NoTrace(str(unknown)) from unknown


def told(order_id: str, spans: Sequence[ReceivedSpan], now: float) -> dict[str, Any]:
    """Traces in the order in which they began, and in each its spans below their parents.

    Neither attributes nor what failed in which words are told. ``now`` is in seconds since 1970.

    Raises:
        NoTrace: there are none.
    """
    if not spans:
        raise NoTrace("no span of it is kept: it was not sampled, or the last 20,000 are of others")
    by_trace: dict[str, list[ReceivedSpan]] = {}
    for span in sorted(spans, key=lambda it: it.started):
        by_trace.setdefault(span.trace_id, []).append(span)
    left, listed = MOST, []
    for trace_id, own in by_trace.items():
        rows = waterfall.rows(own)[:left]
        left -= len(rows)
        if rows:
            listed.append(
                {
                    "trace_id": trace_id,
                    "began_at": answers.moment(own[0].started / 1e9),
                    "ms": _ms(max(it.ended for it in own) - own[0].started),
                    "spans": [_row(it, own[0].started) for it in rows],
                }
            )
    return {
        "as_of": answers.moment(now),
        "order_id": order_id,
        "traces": listed,
        "left_out": max(0, len(spans) - MOST),
        "lost_at": waterfall.lost_at(spans)[:20],
    }


def _row(row: waterfall.Row, began: int) -> dict[str, Any]:
    span = row.span
    return {
        "id": span.span_id,
        "service": span.service[:LONGEST_NAME],
        "name": span.name[:LONGEST_NAME],
        "kind": span.kind,
        "depth": row.depth,
        "after_ms": _ms(span.started - began),
        "ms": _ms(span.ended - span.started),
        "failed": span.failed,
        "parent_is_missing": row.is_orphan,
    }


def _ms(nanoseconds: int) -> float:
    return round(nanoseconds / 1e6, 1)
