"""An operator sees which alarms fire, on the map as well, and what waits in the queues."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.support.browser import Console
from tests.support.console_alarms import alarm
from tests.support.console_api import ConsoleApi, hostile


def test_what_fires_and_what_waits_is_listed_with_what_is_left_out(
    console: Console, api: ConsoleApi
) -> None:
    api.alarms["capped"] = True
    page = console.open("#/alarms")
    firing = page.get_by_role("table", name="Alarms that fire")
    expect(firing.get_by_role("row")).to_have_count(1 + len(api.alarms["alarms"]))
    expect(firing).to_contain_text("messages wait in Commands")
    expect(page.get_by_text("More fire than the 3 that are listed")).to_be_visible()
    queues = page.get_by_role("table", name="Queues")
    payments = queues.get_by_role("row").filter(has_text="payments")
    expect(payments.locator(".bad")).to_have_text("3")
    expect(payments).to_contain_text("1,250")
    expect(queues.get_by_role("row").filter(has_text="ReadTimeoutError")).to_have_count(1)


def test_a_service_whose_alarm_fires_is_marked_on_the_map_until_it_is_well(
    console: Console, api: ConsoleApi
) -> None:
    page = console.open("#/")
    node = page.locator(".node.alarmed")
    expect(node).to_have_count(1)
    expect(node).to_contain_text("payments")
    assert "2 alarms fire" in (node.get_attribute("aria-description") or "")
    expect(page.get_by_role("button", name="signing 1 alarm")).to_be_visible()
    node.click()
    expect(page.locator(".beside")).to_contain_text("messages are not taken from Commands")
    page.get_by_role("link", name="3 alarms fire").click()
    expect(page.get_by_role("heading", name="Alarms")).to_be_visible()

    api.alarms = {"alarms": [], "capped": False, "counts_capped": False}
    api.alarms["counts"] = {"ok": 169, "alarm": 0, "no_data": 0}
    page = console.open("#/")
    expect(page.get_by_role("link", name="no alarm fires")).to_be_visible()
    expect(page.locator(".node.alarmed")).to_have_count(0)


def test_hostile_texts_of_an_alarm_are_shown_as_they_are(console: Console, api: ConsoleApi) -> None:
    evil = hostile("<img src=x onerror=alert(1)>\u202egnp\x1b[31m" + "x" * 2000)
    api.alarms["alarms"] = [evil(alarm("payments", "x", "y"))]
    page = console.open("#/alarms")
    expect(page.get_by_role("table", name="Alarms that fire")).to_contain_text("<img src=x")
    assert page.locator("main img").count() == 0
    wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(wide) <= 0


def test_the_dead_letters_of_a_queue_are_redriven_from_its_row(
    console: Console, api: ConsoleApi
) -> None:
    api.changes.items = [{"message": "ReserveStock", "order": None, "reason": "failed 10 times"}]
    page = console.open("#/alarms")
    row = page.get_by_role("table", name="Queues").get_by_role("row").filter(has_text="payments")
    ask = page.get_by_role("button", name="Redrive")
    expect(ask).to_have_count(1)  # the others have no dead letters
    row.get_by_role("button", name="Redrive").click()
    change = page.get_by_role("dialog", name="Redrive")
    expect(change).to_contain_text("failed 10 times")
    change.get_by_role("button", name="Redrive now").click()
    expect(change.get_by_role("status")).to_be_visible()
    assert [path for path, _ in api.changes.asked] == ["queues/payments/Commands/redrive"] * 2


def test_a_queue_whose_owner_publishes_no_redrive_has_no_button(
    console: Console, api: ConsoleApi
) -> None:
    for it in api.queues:
        it["redrivable"] = False
    page = console.open("#/alarms")
    expect(page.get_by_text("not from here")).to_have_count(1)
    expect(page.get_by_role("button", name="Redrive")).to_have_count(0)
