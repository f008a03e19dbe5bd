"""An operator reckons a month's bill with their own numbers, and sees of when the prices are."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta

from playwright.sync_api import Browser, Page, expect

from bundling.workspace import ROOT
from tests.support.browser import Console, open_console
from tests.support.console_api import ConsoleApi

FIGURES = json.loads((ROOT / "web" / "src" / "figures" / "bill.json").read_text("utf-8"))
READ_ON = date.fromisoformat(FIGURES["prices_read_on"])


def idle(stage: str, *, containers: bool) -> float:
    """USD a month, as the file has it."""
    services = FIGURES["idle"][stage].items()
    return sum(
        sum(parts.values())
        for name, parts in services
        if containers or name not in FIGURES["containers"]
    )


def open_at(page: Page, day: date, address: str) -> None:
    """The screen as it is on that day."""
    page.clock.set_fixed_time(datetime(day.year, day.month, day.day, 12, tzinfo=UTC))
    page.goto("about:blank")
    page.goto(address)
    page.wait_for_selector("main#content h1")


def test_one_reckons_with_numbers_of_ones_own(console: Console) -> None:
    page = console.open("#/bill?orders=0")
    total = page.get_by_role("status", name="Together")
    dev = idle("dev", containers=False)
    expect(total).to_have_text(f"{dev:,.2f} USD a month")
    page.get_by_role("combobox", name="stage").select_option("prod")
    page.get_by_label("with services in containers").check()
    expect(total).to_have_text(f"{idle('prod', containers=True):,.2f} USD a month")
    page.get_by_label("orders a month").fill("1000000")
    expect(total).not_to_have_text(f"{idle('prod', containers=True):,.2f} USD a month")
    rows = page.get_by_role("table", name="Your month by service").get_by_role("row")
    expect(rows.filter(has_text="fulfilment")).not_to_contain_text("0.00 0.00")
    assert page.url.endswith("#/bill?orders=1000000&stage=prod&containers=yes")
    parts = page.get_by_role("table", name="Your month by part")
    expect(parts.get_by_role("row").filter(has_text="archive, stored")).to_contain_text("at most")


def test_a_number_that_is_none_is_not_taken(console: Console) -> None:
    page = console.open("#/bill")
    lines = page.get_by_label("lines of an order")
    expect(lines).to_have_value("3")
    for wrong in ("0", "51", "two", ""):
        lines.fill(wrong)
        expect(page.get_by_text("a whole number from 1 to 50: 3 is taken")).to_be_visible()
        expect(lines).to_have_attribute("aria-invalid", "true")
    lines.fill("2")
    expect(lines).to_have_attribute("aria-invalid", "false")


def test_each_stage_and_a_million_orders_stand_beside_each_other(console: Console) -> None:
    page = console.open("#/bill")
    stages = page.get_by_role("table", name="Idle by stage").get_by_role("row")
    for stage in FIGURES["idle"]:
        row = stages.filter(has_text=stage)
        expect(row).to_contain_text(f"{idle(stage, containers=False):,.2f}")
        expect(row).to_contain_text(f"{idle(stage, containers=True):,.2f}")
    million = page.get_by_role("table", name="A million orders by service").get_by_role("row")
    expect(million.nth(1)).to_contain_text("fulfilment")
    expect(page.get_by_text(f"read on {FIGURES['prices_read_on']}")).to_be_visible()
    for name in FIGURES["not_read"]:
        expect(page.get_by_text("Prices from memory")).to_contain_text(name)


def test_old_prices_are_said_to_be_old_and_then_nothing_is_reckoned(
    browser: Browser, api: ConsoleApi
) -> None:
    with open_console(browser, api) as console:
        page = console.page
        bill = f"{api.url}#/bill"
        open_at(page, READ_ON + timedelta(days=FIGURES["old_after_days"] + 2), bill)
        expect(page.get_by_text("Read them again before a budget")).to_be_visible()
        expect(page.get_by_role("table", name="Your month by service")).to_be_visible()
        open_at(page, READ_ON + timedelta(days=FIGURES["too_old_after_days"] + 2), bill)
        expect(page.get_by_text("nothing is reckoned with them")).to_be_visible()
        expect(page.get_by_role("table")).to_have_count(0)
