"""Tells what happens under `make dev`: one line each, with the time and how long it took."""

from __future__ import annotations

import time
from collections.abc import Iterable

from rich.console import Console


class Telling:
    """Lines on a console."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def done(self, what: str, since: float) -> None:
        """Something is done that began at `since`, by the monotonic clock."""
        self._line(f"{what}  {time.monotonic() - since:.2f} s", "green")

    def said(self, what: str) -> None:
        """Something is so."""
        self._line(what, "")

    def wrong(self, what: str, details: Iterable[str] = ()) -> None:
        """Something is not right, and what that means."""
        self._line(what, "bold red")
        for line in details:
            self._console.print(f"          {line}", style="dim")

    def _line(self, what: str, style: str) -> None:
        self._console.print(f"{time.strftime('%H:%M:%S')}  {what}", style=style)
