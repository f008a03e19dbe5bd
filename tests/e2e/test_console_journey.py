"""An operator opens the printed address, logs in, and sees a customer's order come through."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.support.browser import log_in
from tests.support.drivers.offline import Deployment
from tests.support.drivers.shop import Shop
from tests.support.drivers.tracking_driver import TrackingDriver
from tools.local import operators
from tools.local.operators import Operator

SLOWEST = 60_000  # milliseconds, on half a core
expect.set_options(timeout=SLOWEST)


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


def logged_in(page: Page, operator: Operator) -> Locator:
    """Log in as a person does; the latest messages on the first screen."""
    page.goto(operator.url)
    log_in(page, operator.username, operator.password)
    latest = page.get_by_role("region", name="Latest messages")
    expect(latest).to_be_visible(timeout=SLOWEST)
    return latest


def test_an_operator_logs_in_and_sees_an_order_come_through(
    deployment: Deployment, page: Page
) -> None:
    operator = operators.known(deployment.emulator.workspace)
    latest = logged_in(page, operator)
    assert page.url == f"{operator.url}#/", "the code is not left in the address"

    order_id = Shop(deployment, TrackingDriver(deployment)).place()
    told = latest.get_by_role("listitem").filter(has=page.get_by_role("link", name=order_id[:8]))
    expect(told.filter(has_text="OrderConfirmed")).to_be_visible(timeout=SLOWEST)
    newest = page.get_by_role("region", name="Newest orders").get_by_role("listitem")
    ours = newest.filter(has=page.get_by_role("link", name=order_id[:8]))
    expect(ours).to_contain_text("confirmed")
    ours.get_by_role("link").click()
    lanes = page.get_by_role("group", name="What happened, by lane")
    for step in ("ReserveStock", "AuthorizePayment", "ConfirmOrder"):
        expect(lanes.get_by_role("button", name=f"{step}, done, saga")).to_be_visible()
    changed = page.get_by_role("table", name="What version 2 changed")
    expect(changed.get_by_role("row", name="status")).to_contain_text("confirmed")
    page.get_by_role("slider", name="Moment").fill("0")
    expect(page.get_by_role("heading", name="Version 1")).to_be_visible()


def test_the_map_shows_every_service_that_the_deployment_has(
    deployment: Deployment, page: Page
) -> None:
    logged_in(page, operators.known(deployment.emulator.workspace))
    services = page.get_by_role("group", name="Services along the event log")
    for name in ("orders", "fulfilment", "inventory", "payments", "shipping", "order-views"):
        expect(services.get_by_role("button", name=name, exact=False).first).to_be_visible()
    services.get_by_role("button", name="sales").click()
    about = page.get_by_role("complementary", name="About sales").locator("visible=true")
    expect(about).to_contain_text("stacks/sales.py")
    expect(about).to_contain_text("behind")
