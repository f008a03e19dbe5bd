"""Whoever logs out is logged out of the login as well, and has to ask to come back."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.support.browser import Console
from tests.support.console_api import ConsoleApi


def test_a_logout_ends_at_the_login_and_nobody_is_logged_in_by_itself(
    console: Console, api: ConsoleApi
) -> None:
    page = console.open("#/orders")
    assert (api.logins, api.logouts) == (1, 0)
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("heading", name="You are logged out.")).to_be_visible()
    page.wait_for_url(api.url)
    expect(page.get_by_role("heading", name="You are logged out.")).to_be_visible()
    assert (api.logins, api.logouts) == (1, 1)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_selector("main#content h1, main#content h2")
    assert (api.logins, api.logouts) == (2, 1)
