"""An operator sees which step each order is at, and one order's way through the machine."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.support.browser import Console
from tests.support.console_answers import identifier
from tests.support.console_api import ConsoleApi
from tests.support.console_sagas import step

STUCK, DONE = identifier("order 2"), identifier("order 3")


def test_steps_by_orders_lead_to_the_machine_of_one(console: Console) -> None:
    page = console.open("#/sagas")
    row = page.get_by_role("row").filter(has_text=STUCK[:8])
    expect(row).to_contain_text("stuck")
    expect(row).to_contain_text("undone")
    asked = next(it for it in console.api.calls if it.startswith("sagas"))
    assert asked == "sagas"
    row.get_by_role("link").click()
    machine = page.get_by_role("region", name="The machine")
    told = machine.get_by_role("img")
    expect(told).to_have_attribute("aria-label", "Reserve stock: done; Authorize payment: done; "
        "Gather quotes: done; Book shipment: done; Capture payment: done; Confirm order: refused; "
        "Refund payment: failed; Release stock: undone; Stuck: failed")  # fmt: skip
    expect(machine.locator(".box.bad")).to_have_count(2)
    carriers = page.get_by_role("region", name="Carriers")
    expect(carriers.get_by_role("listitem")).to_have_count(3)
    expect(carriers.get_by_role("listitem").filter(has_text="late")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(page.get_by_role("heading", name="Sagas")).to_be_visible()


@pytest.mark.nightly
def test_the_picture_follows_the_order(console: Console) -> None:
    order = identifier("order 0")
    page = console.open(f"#/sagas/{order}")
    running = page.locator(".machine .box.busy")
    expect(running).to_contain_text("Gather quotes")
    row = next(it for it in console.api.sagas["sagas"] if it["order_id"] == order)
    row["steps"] = [*row["steps"][:2], step("gather-quotes", 7290, "done")]
    row["steps"].append(step("book-shipment", 7294, "running"))
    console.api.place("order 0")
    expect(running).to_contain_text("Book shipment")


def test_a_silent_shipping_and_an_order_without_a_saga_are_told(console: Console) -> None:
    silent = {"quotes": [], "quotes_capped": False, "quotes_problem": "no answer within 5 seconds"}
    console.api.quotes = silent
    page = console.open(f"#/sagas/{DONE}")
    carriers = page.get_by_role("region", name="Carriers")
    expect(carriers).to_contain_text("no answer within 5 seconds")
    expect(page.get_by_role("region", name="Steps")).to_contain_text("confirm-order")
    page = console.open(f"#/sagas/{identifier('nobody')}")
    expect(page.get_by_role("heading", name="This order has no saga.")).to_be_visible()


def test_how_the_last_sagas_ended_is_told_with_its_cap_and_its_silence(
    console: Console, api: ConsoleApi
) -> None:
    page = console.open("#/sagas")
    ended = page.get_by_role("group", name="How the last sagas ended")
    expect(ended).to_contain_text("181")
    expect(ended).to_contain_text("the last 200 that ended")
    api.sagas |= {"ended": None, "ended_problem": "no answer within 5 seconds"}
    page = console.open("#/sagas?again")
    expect(page.get_by_text("no answer within 5 seconds")).to_be_visible()
    expect(page.get_by_role("table", name="Sagas")).to_be_visible()
