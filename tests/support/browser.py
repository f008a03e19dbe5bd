"""A real browser for tests: started once, and a page at the console that complains of nothing."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.support.chromium import FLAGS, libraries
from tests.support.console_api import ConsoleApi

expect.set_options(timeout=20_000)  # milliseconds: a machine may be busy with other tests


@contextmanager
def launched(program: str) -> Iterator[Browser]:
    """The browser of that program, without a window."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program, args=FLAGS, env={**os.environ, **libraries()}
        )
        yield browser
        browser.close()


def log_in(page: Page, username: str, password: str) -> None:
    """At the login's own page, as a person does."""
    page.get_by_label("Username").fill(username)
    page.get_by_label("Password").fill(password)
    page.keyboard.press("Enter")


@dataclass
class Console:
    """A page of a browser, what it complained of, and where else it went."""

    page: Page
    api: ConsoleApi
    complaints: list[str] = field(default_factory=list)

    def open(self, place: str = "#/") -> Page:
        """Open a screen; the login goes by itself."""
        self.page.goto("about:blank")
        self.page.goto(self.api.url + place)
        self.page.wait_for_selector("main#content h1, main#content h2")
        return self.page


class open_console:  # noqa: N801
    """A console in a window of a size and with a look; no complaint is left at its end."""

    def __init__(self, browser: Browser, api: ConsoleApi, **options: Any) -> None:
        settings = {"viewport": {"width": 1280, "height": 800}} | options
        self._context = browser.new_context(**settings)
        self._console = Console(self._context.new_page(), api)

    def __enter__(self) -> Console:
        page, complaints = self._console.page, self._console.complaints
        own = self._console.api.url.split("/dev/")[0]
        page.on("pageerror", lambda error: complaints.append(f"error: {error}"))
        page.on("console", lambda said: complaints.append(said.text) if _counts(said) else None)
        page.on("dialog", lambda dialog: complaints.append(f"dialog: {dialog.message}"))
        page.on(
            "request",
            lambda request: (
                None if request.url.startswith((own, "about:")) else complaints.append(request.url)
            ),
        )
        return self._console

    def __exit__(self, kind: object, *_: object) -> None:
        self._context.close()
        if kind is None:
            assert self._console.complaints == []


def _counts(said: Any) -> bool:
    """A failed request is told on the screen; tests may read a canvas as often as they like."""
    ours = ("Failed to load resource", "willReadFrequently")
    return said.type in ("error", "warning") and not any(it in said.text for it in ours)
