"""What happened to an order, as spans: its traces and those that followed from them, drawn."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from shared.runtime.tracing.context import parse
from tools.base.errors import OperationFailed
from tools.base.target import Target
from tools.base.workspace import Workspace
from tools.emulator.trace_receiver import TraceReceiver
from tools.emulator.trace_receiver.spans import Link, ReceivedSpan
from tools.operations import waterfall
from tools.operations.history import Moment, events_until

AT_ONCE = 5
"""Traces in one call of BatchGetTraces (X-Ray API reference)."""


def show(target: Target, console: Console, *, order_id: str, workspace: Path) -> None:
    """Draw the traces of an order.

    Raises:
        OperationFailed: there is no such order, or none of its traces was sampled or kept.
    """
    trace_ids = trace_ids_of(target, order_id)
    if target.is_offline:
        spans = offline_spans(TraceReceiver(Workspace(workspace)), target, order_id)
    else:
        spans = list(from_x_ray(target.client("xray"), trace_ids))
    if not spans:
        raise OperationFailed(
            f"no span of order {order_id} is kept: its traces {', '.join(trace_ids) or '(none)'} "
            "were not sampled, are too old, or are still on their way"
        )
    waterfall.draw(console, spans)


def offline_spans(receiver: TraceReceiver, target: Target, order_id: str) -> list[ReceivedSpan]:
    """The spans of an order's traces, and of its journeys' messages that lost their trace.

    Raises:
        OperationFailed: there is no such order.
        TraceReceiverError: the receiver does not answer.
    """
    spans = receiver.spans_of(trace_ids_of(target, order_id))
    for journey in {it.correlation_id for it in events_until(target, order_id, Moment())}:
        lost = {it.trace_id for it in receiver.spans_of_journey(journey)}
        spans += receiver.spans_of(sorted(lost)) if lost else []
    before = {link.trace_id for it in spans for link in it.links} - {it.trace_id for it in spans}
    spans += receiver.spans_of(sorted(before)) if before else []  # who called the first of them
    return list({(it.trace_id, it.span_id): it for it in spans}.values())


def trace_ids_of(target: Target, order_id: str) -> list[str]:
    """The traces in which the order's events were made, each once, the first one first.

    Raises:
        OperationFailed: there is no such order.
    """
    contexts = [parse(it.traceparent) for it in events_until(target, order_id, Moment())]
    return list(dict.fromkeys(it.trace_id for it in contexts if it is not None))


def from_x_ray(client: Any, trace_ids: Sequence[str]) -> Iterator[ReceivedSpan]:
    """Spans that X-Ray keeps, which calls them segments; ``client`` is a botocore X-Ray client."""
    for start in range(0, len(trace_ids), AT_ONCE):
        names = [f"1-{it[:8]}-{it[8:]}" for it in trace_ids[start : start + AT_ONCE]]
        request: dict[str, Any] = {"TraceIds": names}
        while True:
            answer = client.batch_get_traces(**request)
            for trace in answer["Traces"]:
                for segment in trace["Segments"]:
                    yield from _spans_in(json.loads(segment["Document"]), trace["Id"], "", "")
            if not answer.get("NextToken"):
                break
            request["NextToken"] = answer["NextToken"]


def _spans_in(
    document: dict[str, Any], trace: str, service: str, parent_id: str
) -> Iterator[ReceivedSpan]:
    own = document.get("name", "") if not parent_id else service
    trace_id = trace.removeprefix("1-").replace("-", "")
    started = int(document["start_time"] * 1e9)
    yield ReceivedSpan(
        trace_id=trace_id,
        span_id=document["id"],
        parent_id=document.get("parent_id") or parent_id,
        service=own,
        name=document.get("name", ""),
        kind="",
        started=started,
        ended=int(document.get("end_time", document["start_time"]) * 1e9),
        failed=bool(document.get("fault") or document.get("error")),
        attributes={},
        links=[
            Link(it["trace_id"].removeprefix("1-").replace("-", ""), it["id"])
            for it in document.get("links", [])
        ],
    )
    for part in document.get("subsegments", []):
        yield from _spans_in(part, trace, own, document["id"])
