"""The waterfall shows who did what, in whose name, and what is missing."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from tools.base.terminal import Terminal
from tools.emulator.trace_receiver.spans import Link, ReceivedSpan
from tools.operations import trace, waterfall

MS = 1_000_000
TRACE, LATER, THEIRS = "a" * 32, "b" * 32, "c" * 32
BEGUN = 1_796_115_600_000 * MS


def span(
    number: int, parent: int, name: str, service: str, after: int, took: int, **more: Any
) -> ReceivedSpan:
    return ReceivedSpan(
        trace_id=more.get("trace", TRACE),
        span_id=f"{number:016x}",
        parent_id=f"{parent:016x}" if parent else "",
        service=service,
        name=name,
        kind="server",
        started=BEGUN + after * MS,
        ended=BEGUN + (after + took) * MS,
        failed="error" in more,
        attributes={"error.type": more["error"]} if "error" in more else {},
        links=[Link(it, "1" * 16) for it in more.get("links", ())],
    )


ORDER = [
    span(1, 0, "POST /v1/orders", "orders", 0, 30, links=[THEIRS]),
    span(3, 2, "process ReserveStock", "inventory", 120, 20, error="TimeoutError"),
    span(2, 1, "process OrderPlaced", "fulfilment", 60, 300),
    span(9, 8, "process CommandReplied", "fulfilment", 500, 500),
]


def drawn(*spans: ReceivedSpan, width: int = 120) -> str:
    console = Terminal(width=width, file=io.StringIO(), record=True)
    waterfall.draw(console, spans)
    return console.export_text()


def test_children_stand_below_their_parents() -> None:
    found = [(it.span.name, it.depth, it.is_orphan) for it in waterfall.rows(ORDER)]
    assert found == [
        ("POST /v1/orders", 0, False),
        ("process OrderPlaced", 1, False),
        ("process ReserveStock", 2, False),
        ("process CommandReplied", 0, True),
    ]


def test_a_failure_and_a_parent_that_is_not_there_are_said() -> None:
    said = drawn(*ORDER)
    assert "process ReserveStock  TimeoutError" in said
    assert "process CommandReplied  parent missing" in said
    assert "1 spans name a parent that is not there" in said
    assert f"follows from trace {THEIRS}" in said
    assert f"trace {TRACE}  2026-12-01" in said


def test_a_bar_begins_and_ends_with_its_span() -> None:
    rows = {it.split("│")[0].split()[0]: it for it in drawn(*ORDER).splitlines() if "█" in it}
    first = rows["orders"].index("█")
    halfway = rows["fulfilment"]
    assert halfway.rstrip().endswith("█")
    width = len(halfway.rstrip()) - first
    assert abs((halfway.index("█") - first) / width - 0.5) < 0.1


@pytest.mark.parametrize("width", [60, 80, 120, 240])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    assert max(map(len, drawn(*ORDER, width=width).splitlines())) <= width


def test_a_trace_that_followed_is_drawn_after_the_first() -> None:
    resumed = span(20, 0, "resume saga", "fulfilment", 90_000, 10, trace=LATER, links=[TRACE])
    said = drawn(resumed, *ORDER)
    assert said.index(TRACE) < said.index(LATER)


def test_names_from_outside_do_not_act_on_the_terminal() -> None:
    assert "\x1b" not in drawn(span(1, 0, "\x1b[2J[red]", "\x1b]0;x\x07", 0, 1))


class XRay:
    """BatchGetTraces, a page at a time."""

    def __init__(self, *documents: dict[str, Any]) -> None:
        self.asked: list[dict[str, Any]] = []
        self._documents = list(documents)

    def batch_get_traces(self, **request: Any) -> dict[str, Any]:
        self.asked.append(request)
        document = self._documents.pop(0)
        name = request["TraceIds"][0]
        more = {"NextToken": "more"} if self._documents else {}
        return {"Traces": [{"Id": name, "Segments": [{"Document": json.dumps(document)}]}], **more}


def test_what_x_ray_keeps_is_drawn_as_well() -> None:
    client = XRay(
        {
            "id": "1111111111111111",
            "name": "orders",
            "start_time": 1796115600.25,
            "end_time": 1796115600.5,
            "subsegments": [
                {
                    "id": "2222222222222222",
                    "name": "send OrderPlaced",
                    "start_time": 1796115600.3,
                    "end_time": 1796115600.4,
                    "fault": True,
                }
            ],
        },
        {
            "id": "3333333333333333",
            "parent_id": "1111111111111111",
            "name": "sales",
            "start_time": 1,
        },
    )
    found = list(trace.from_x_ray(client, [TRACE]))
    assert [(it.service, it.name, it.parent_id, it.failed) for it in found] == [
        ("orders", "orders", "", False),
        ("orders", "send OrderPlaced", "1" * 16, True),
        ("sales", "sales", "1" * 16, False),
    ]
    assert found[0].trace_id == TRACE
    assert [it["TraceIds"] for it in client.asked] == [["1-aaaaaaaa-" + "a" * 24]] * 2
