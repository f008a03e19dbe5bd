"""A service map has an arrow for each border that a span has crossed, and no other."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from tests.support.console_contract import problems
from tools.base.errors import OperationFailed
from tools.base.terminal import Terminal
from tools.emulator.trace_receiver import TraceReceiver
from tools.emulator.trace_receiver.edges import Counted, Edge, counted
from tools.emulator.trace_receiver.spans import ReceivedSpan
from tools.local.faults import arrows
from tools.operations import service_map

TRACE = "a" * 32


def span(
    number: int, parent: int, service: str, kind: str, failed: bool = False, **about: str
) -> ReceivedSpan:
    names = {"system": "messaging.system", "to": "messaging.destination.name"}
    names["type"] = "app.message.type"
    return ReceivedSpan(
        trace_id=TRACE,
        span_id=f"{number:016x}",
        parent_id=f"{parent:016x}" if parent else "",
        service=service,
        name=f"{kind} of {service}",
        kind=kind,
        started=number,
        ended=number + 1,
        failed=failed,
        attributes={names[key]: value for key, value in about.items()},
        links=[],
    )


REQUEST = span(1, 0, "orders", "server")
RELAY = span(2, 1, "orders", "producer", system="aws_kinesis", to="event-log", type="OrderPlaced")
PUBLISHER = span(3, 1, "orders", "producer", system="aws_eventbridge", to="bus", type="OrderPlaced")
VIEW = span(4, 1, "sales", "consumer", system="aws_kinesis", to="event-log", type="OrderPlaced")
SAGA = span(5, 1, "fulfilment", "consumer", system="aws_sqs", to="Q", type="OrderPlaced")
STEP = span(6, 5, "fulfilment", "consumer", system="aws_stepfunctions", to="Saga")
PAID = span(7, 5, "payments", "consumer", system="aws_sqs", to="Commands", type="Authorize")
CALL = span(8, 7, "payments", "client")
PROVIDER = span(9, 8, "payment-provider", "server")
INTAKE = span(10, 7, "event-log", "producer", system="aws_kinesis", to="event-log", type="Paid")
ALL = [REQUEST, RELAY, PUBLISHER, VIEW, SAGA, STEP, PAID, CALL, PROVIDER, INTAKE]
EDGES = {
    Edge("callers", "orders", "call", "server of orders"),
    Edge("orders", "event-log", "log", "OrderPlaced"),
    Edge("event-log", "sales", "log", "OrderPlaced"),
    Edge("orders", "fulfilment", "queue", "OrderPlaced"),
    Edge("fulfilment", "payments", "queue", "Authorize"),
    Edge("payments", "payment-provider", "call", "server of payment-provider"),
    Edge("payments", "event-log", "log", "Paid"),
}


def test_each_border_that_is_crossed_is_an_arrow() -> None:
    assert {it.edge for it in counted(ALL)} == EDGES


def test_an_arrow_is_drawn_once_and_counted_with_its_failures() -> None:
    again = span(11, 5, "payments", "consumer", True, system="aws_sqs", type="Authorize")
    (found,) = [it for it in counted([*ALL, again]) if it.edge.end == "payments"]
    assert (found.count, found.failed) == (2, 1)


def test_a_parent_that_is_not_there_makes_no_arrow() -> None:
    assert counted([PAID, PROVIDER]) == []


def test_a_page_says_what_was_drawn() -> None:
    text = service_map.page(EDGES)
    assert service_map.edges_in(text) == EDGES
    assert "n_fulfilment -.-> n_payments" in text
    assert "n_payments --> n_payment_provider" in text


def test_the_console_is_told_of_each_arrow_and_of_how_many_are_left_out() -> None:
    few = arrows.told(counted(ALL), 1_796_115_600.0)
    assert problems("ServiceMap", few) == []
    assert {Edge(it["begin"], it["end"], it["way"], it["name"]) for it in few["arrows"]} == EDGES
    assert few["left_out"] == 0
    many = [Counted(Edge("a", "b", "call", f"{it:04}"), 1, 0) for it in range(arrows.MOST + 7)]
    cut = arrows.told(many, 1_796_115_600.0)
    assert (len(cut["arrows"]), cut["left_out"]) == (arrows.MOST, 7)


class Offline:
    is_offline = True


class Account:
    is_offline = False


def shown(monkeypatch: pytest.MonkeyPatch, found: list[Counted], out: Path | None = None) -> str:
    monkeypatch.setattr(TraceReceiver, "edges", lambda _self: found)
    console = Terminal(width=160, file=io.StringIO(), record=True)
    service_map.show(Offline(), console, workspace=Path(), out=out)  # type: ignore[arg-type]
    return console.export_text()


def test_the_map_is_printed_or_written(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    said = shown(monkeypatch, counted(ALL))
    assert said.count("OrderPlaced") == 3
    page = tmp_path / "map.md"
    shown(monkeypatch, counted(ALL), page)
    assert service_map.edges_in(page.read_text()) == EDGES


def test_where_there_is_nothing_to_draw_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(OperationFailed, match="place an order"):
        shown(monkeypatch, [])
    with pytest.raises(OperationFailed, match="Trace Map"):
        service_map.show(Account(), Terminal(), workspace=Path(), out=None)  # type: ignore[arg-type]
