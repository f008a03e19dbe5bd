"""An operator sees an order's spans, or why there are none."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.support.browser import Console
from tests.support.console_answers import identifier
from tests.support.console_api import ConsoleApi
from tests.support.console_traces import SPANS, service_map

SCREEN = f"#/orders/{identifier('order 1')}?view=trace"


def test_an_orders_spans_are_drawn_below_their_parents(console: Console) -> None:
    page = console.open(SCREEN)
    spans = page.locator(".waterfall li")
    expect(spans).to_have_count(len(SPANS))
    expect(spans.first).to_contain_text("POST /v1/orders")
    expect(page.locator(".waterfall .failed")).to_contain_text("process AuthorizePayment")
    expect(page.get_by_text("its parent is missing")).to_have_count(1)
    narrow = "bar => bar.width.baseVal.value"
    assert spans.nth(8).locator("rect").evaluate(narrow) > spans.nth(1).locator("rect").evaluate(
        narrow
    )
    wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(wide) <= 0


def test_which_service_had_to_do_with_which_stands_below_the_services(console: Console) -> None:
    page = console.open("#/services")
    rows = page.get_by_role("table", name="Service map").locator("tbody tr")
    drawn = [(it["begin"], it["end"], it["name"]) for it in service_map(traced=True)["arrows"]]
    assert drawn
    expect(rows).to_have_count(len(drawn))
    for row, said in zip(rows.all(), drawn, strict=True):
        for text in said:
            expect(row).to_contain_text(text)


def test_without_a_span_there_is_no_map(console: Console, api: ConsoleApi) -> None:
    api.traced = False
    page = console.open("#/services")
    expect(page.get_by_role("heading", name="No span is kept yet.")).to_be_visible()


def test_an_order_that_was_not_traced_is_told_so(console: Console, api: ConsoleApi) -> None:
    api.traced = False
    page = console.open(SCREEN)
    expect(page.get_by_role("heading", name="No span of this order is kept.")).to_be_visible()
