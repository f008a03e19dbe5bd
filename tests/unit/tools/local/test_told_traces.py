"""The console is told an order's spans in their order, bounded, without what they carry."""

from __future__ import annotations

import pytest

from tests.support.console_contract import problems
from tests.support.console_traces import BEGAN, SPANS, TRACE, span
from tools.local.faults.traces import MOST, NoTrace, told

NOW = BEGAN / 1e9


def test_spans_are_told_below_their_parents_and_fit_the_contract() -> None:
    answer = told("o-1", SPANS[::-1], NOW)
    assert problems("Traces", answer) == []
    [trace] = answer["traces"]
    assert (trace["trace_id"], trace["ms"]) == (TRACE, 740.0)
    assert [it["depth"] for it in trace["spans"]] == [0, 1, 2, 3, 3, 4, 5, 4, 5, 0]
    missing = [it["name"] for it in trace["spans"] if it["parent_is_missing"]]
    assert missing == ["process CommandReplied"]
    assert [it["name"] for it in trace["spans"] if it["failed"]] == ["process AuthorizePayment"]


def test_no_more_spans_are_told_than_four_hundred_and_the_rest_is_counted() -> None:
    many = [
        span(it + 1, 0, "GET", "orders", it, 1, trace=f"{it % 3:032x}") for it in range(MOST + 7)
    ]
    answer = told("o-1", many, NOW)
    assert sum(len(it["spans"]) for it in answer["traces"]) == MOST
    assert answer["left_out"] == 7


def test_an_order_without_spans_has_no_trace() -> None:
    with pytest.raises(NoTrace):
        told("o-1", [], NOW)
