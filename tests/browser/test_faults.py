"""An operator causes faults on this machine, sees what is on and for how long, and undoes it."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect

from tests.support.browser import Console


def card(page: Page, title: str) -> Locator:
    return page.get_by_role("region", name=title, exact=True)


def test_a_fault_is_caused_counted_down_and_undone(console: Console) -> None:
    page = console.open("#/faults")
    declined = card(page, "Declined payment")
    declined.get_by_role("combobox").select_option("every second payment")
    declined.get_by_role("button", name="Cause it").click()
    expect(declined).to_contain_text("every second payment by operator")
    expect(declined).to_contain_text("payments declined since: 3")
    expect(declined.get_by_role("progressbar", name="Time left")).to_be_visible()
    expect(declined.get_by_text("left", exact=False).first).to_be_visible()
    expect(card(page, "Silent carrier").get_by_role("button", name="Cause it")).to_be_visible()
    declined.get_by_role("link", name="Sagas").click()
    expect(page.get_by_role("heading", name="Sagas", exact=True)).to_be_visible()
    page.go_back()
    declined.get_by_role("button", name="Undo now").click()
    expect(declined.get_by_role("button", name="Cause it")).to_be_visible()


def test_what_another_operator_caused_meanwhile_is_said(console: Console) -> None:
    page = console.open("#/faults")
    silent = card(page, "Silent carrier")
    expect(silent.get_by_role("button", name="Cause it")).to_be_visible()
    told = {"choice": "tern-post", "by": "another", "since": "", "until": "2126-01-01T00:00:00Z"}
    page.clock.install()  # the page does not ask before it acts
    console.api.faults["faults"][2]["on"] = {**told, "effect": None}
    silent.get_by_role("button", name="Cause it").click()
    expect(page.get_by_role("alert")).to_contain_text("It is on already: undo it first")
    page.get_by_role("button", name="Ask again").click()
    expect(silent).to_contain_text("Tern Post by another")


def test_load_is_chosen_and_what_is_achieved_is_told(console: Console) -> None:
    page = console.open("#/faults")
    load = card(page, "Load")
    load.get_by_role("slider", name="Orders a second").fill("5")
    expect(load).to_contain_text("4.8/s")
    expect(load).to_contain_text("left")
    page.get_by_role("button", name="Undo everything").click()
    expect(load.get_by_text("0.0 a second")).to_be_visible()
    assert console.api.faults["load"]["rate"] == 0


def test_books_that_disagree_say_where(console: Console) -> None:
    finding = "5f8f: stock is held for an order rejected"
    console.api.faults["books"] |= {"state": "disagree", "findings": [finding], "excused": 1}
    page = console.open("#/faults")
    books = card(page, "Books")
    expect(books).to_contain_text("the books disagree")
    expect(books).to_contain_text(finding)
    expect(books).to_contain_text("as of")
    expect(books).to_contain_text("Undos that wait for an operator and are not counted: 1.")


def test_the_tour_says_what_each_step_found_and_where_to_see_it(console: Console) -> None:
    page = console.open("#/tour")
    expect(page.get_by_text("1 of 6 steps done")).to_be_visible()
    found = page.get_by_role("list", name="What was found: Place an order")
    expect(found).to_contain_text("Order 9e95049f is placed.")
    expect(found.get_by_role("link")).to_have_attribute("href", "#/orders/9e95049f")
    page.get_by_role("button", name="Do it: Decline a payment").click()
    expect(page.get_by_text("it is still placed")).to_be_visible()
    expect(page.get_by_role("button", name="Do it again: Decline a payment")).to_be_visible()


def test_home_leads_to_the_tour_while_there_is_no_order(console: Console) -> None:
    console.api.orders = []
    page = console.open("#/")
    page.get_by_role("link", name="Take the tour").click()
    expect(page.get_by_role("heading", name="Tour", exact=True)).to_be_visible()
