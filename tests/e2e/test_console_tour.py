"""An operator walks the tour on the running system: each step finds what it says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.browser import log_in
from tests.support.drivers.offline import Deployment
from tools.local import operators
from tools.local.faults import FaultProcess

SLOWEST = 60_000  # milliseconds, on half a core
SHORT = ("Place an order", "Decline a payment", "Poison a record, and redrive it")
LONG = (
    "Silence a carrier",
    "Flip a flag, and watch a bad rollout roll back",
    "Rebuild a read model while orders go on",
)


@pytest.fixture
def page(browser: Browser, deployment: Deployment) -> Iterator[Page]:
    """The tour, of an operator who is logged in."""
    FaultProcess(deployment.emulator.workspace).start()
    operator = operators.known(deployment.emulator.workspace)
    context = browser.new_context(viewport={"width": 1280, "height": 1400})
    page = context.new_page()
    page.set_default_timeout(SLOWEST)
    page.goto(f"{operator.url}#/tour")
    log_in(page, operator.username, operator.password)
    yield page
    context.close()


def walk(page: Page, titles: Sequence[str]) -> None:
    for title in titles:
        step = page.get_by_role("listitem").filter(has=page.get_by_role("heading", name=title))
        step.get_by_role("button", name=f": {title}").click()
        expect(step.get_by_role("status")).to_contain_text("done", timeout=SLOWEST)


def test_the_tours_quick_steps_find_what_they_say(page: Page) -> None:
    walk(page, SHORT)
    expect(page.get_by_text("payment-declined")).to_be_visible()
    expect(page.get_by_text("no money was taken")).to_be_visible()
    expect(page.get_by_text("Redriven: no consumer has it parked any more.")).to_be_visible()


@pytest.mark.nightly
def test_the_tours_long_steps_find_what_they_say(page: Page) -> None:
    walk(page, LONG)
    expect(page.get_by_text("was booked in its place")).to_be_visible()
    expect(page.get_by_text("is rolled back: the alarm")).to_be_visible()
    expect(page.get_by_text("The generation before is erased.")).to_be_visible()
