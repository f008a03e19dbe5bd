"""A browser, and a page of it at a console with recorded answers; each test has its own of both."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.support.browser import Console, open_console
from tests.support.console_api import ConsoleApi, serving


@pytest.fixture
def api() -> Iterator[ConsoleApi]:
    """A console with a dozen orders."""
    console = ConsoleApi()
    console.fill()
    with serving(console):
        yield console


@pytest.fixture
def console(browser: Browser, api: ConsoleApi) -> Iterator[Console]:
    """A window of a common size, which asks nothing of any other host."""
    with open_console(browser, api) as opened:
        yield opened
