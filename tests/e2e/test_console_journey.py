"""An operator opens the printed address, logs in, and sees a customer's order come through."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.drivers.offline import Deployment
from tests.support.drivers.shop import Shop
from tests.support.drivers.tracking_driver import TrackingDriver
from tools.local import operators

SLOWEST = 60_000  # milliseconds, on half a core


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """An empty window; nothing of what the page complains of is left unread."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    page.set_default_timeout(SLOWEST)
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "console",
        lambda said: complaints.append(said.text) if "Content Security" in said.text else None,
    )
    yield page
    context.close()
    assert complaints == []


def test_an_operator_logs_in_and_sees_an_order_come_through(
    deployment: Deployment, page: Page
) -> None:
    operator = operators.known(deployment.emulator.workspace)
    page.goto(operator.url)
    page.get_by_label("Username").fill(operator.username)
    page.get_by_label("Password").fill(operator.password)
    page.keyboard.press("Enter")
    latest = page.get_by_role("region", name="Latest messages")
    expect(latest).to_be_visible(timeout=SLOWEST)
    assert page.url == f"{operator.url}#/", "the code is not left in the address"

    with TrackingDriver(deployment) as courier:
        order_id = Shop(deployment, courier).place()
    told = latest.get_by_role("listitem").filter(has=page.get_by_role("link", name=order_id[:8]))
    expect(told.filter(has_text="OrderConfirmed")).to_be_visible(timeout=SLOWEST)
    newest = page.get_by_role("region", name="Newest orders").get_by_role("listitem")
    ours = newest.filter(has=page.get_by_role("link", name=order_id[:8]))
    expect(ours).to_contain_text("confirmed", timeout=SLOWEST)
    ours.get_by_role("link").click()
    expect(page).to_have_url(f"{operator.url}#/orders/{order_id}", timeout=SLOWEST)
