"""The console on a deployed system: how soon a browser shows what happens, and what that costs.

A real Chromium is logged in and stays on the first screen. What it gets from the API is noted in
the page, at the first frame after it, with the time at which the message's sender said it. Both
clocks are this machine's. Then the same orders are placed without an open console and with one.
"""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from statistics import median, quantiles
from typing import TYPE_CHECKING, Any

from playwright.sync_api import sync_playwright
from rich.console import Console

from tests.support import chromium
from tools.emulator.emulator import Emulator
from tools.local import operators
from tools.local.bring_up import bring_up
from tools.local.load import Load
from tools.measure.benchmarks.claims import Result, at_most
from tools.measure.benchmarks.saga import all_confirmed

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tools.local.operators import Operator

GOOD = {"good": 1.0}
RATE = 10.0
"""Orders a second of the load: more than two slow cores keep up with."""
QUIET_SECONDS = 8.0
"""After the last order, until everything has been told."""
NOTE_WHAT_IS_TOLD = """
(() => {
  const ask = window.fetch;
  window.told = [];
  window.fetch = async (...asked) => {
    const answer = await ask(...asked);
    if (String(asked[0]?.url ?? asked[0]).includes("v1/pulse")) {
      answer.clone().json().then((pulse) => requestAnimationFrame(() => {
        for (const it of pulse.activity ?? []) {
          window.told.push([it.id, it.occurred_at, it.recorded_at, Date.now()]);
        }
      }));
    }
    return answer;
  };
})();
"""


def measure(*, quick: bool) -> list[Result]:
    """Seconds from a message to the screen; and of a load's time, what an open console adds."""
    watched, load, rounds = (20, 50, 1) if quick else (100, 500, 3)
    with tempfile.TemporaryDirectory() as folder, Emulator(Path(folder)) as emulator:
        outputs = bring_up(emulator, Console(quiet=True))
        operator = operators.known(emulator.workspace)
        all_confirmed(Load(emulator, outputs, rate=2, duration=10, mix=GOOD))
        with _opened() as page:
            first = _first_content(page, operator)
            _log_in(page, operator)
            painted = _largest_paint(page)
            seen = _told_of(page, Load(emulator, outputs, rate=1, duration=watched, mix=GOOD))
        added = [_added(emulator, outputs, operator, orders=load) for _ in range(rounds)]
    to_screen = [shown - said for said, _, shown in seen]
    to_table = [recorded - said for said, recorded, _ in seen]
    return [
        Result(
            "from opening the address to the first content",
            first,
            "s",
            at_most(1.5, aim=0.5),
        ),
        Result("largest contentful paint of the first screen", painted, "s", at_most(1.5, aim=0.8)),
        Result(
            "from a message to the screen, p95, at one order a second",
            quantiles(to_screen, n=20)[-1],
            "s",
            at_most(2.0, aim=1.2),
            (min(to_screen), max(to_screen)),
            {"messages": len(to_screen), "p50": median(to_screen)},
        ),
        Result("... of which until it is recorded, p95", quantiles(to_table, n=20)[-1], "s"),
        Result(
            f"{load} orders at {RATE:g} a second with an open console, beside without",
            median(added),
            "x",
            at_most(1.10, aim=1.03),
            (min(added), max(added)),
        ),
    ]


@contextmanager
def _opened() -> Iterator[Page]:
    program = chromium.chromium()
    if program is None:
        raise RuntimeError(chromium.NONE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=str(program),
            args=chromium.FLAGS,
            env={**os.environ, **chromium.libraries()},
        )
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.set_default_timeout(60_000)
        page.add_init_script(NOTE_WHAT_IS_TOLD)
        yield page
        browser.close()


def _first_content(page: Page, operator: Operator) -> float:
    begun = time.monotonic()
    page.goto(operator.url)
    page.get_by_label("Username").wait_for()
    return time.monotonic() - begun


def _log_in(page: Page, operator: Operator) -> None:
    page.get_by_label("Username").fill(operator.username)
    page.get_by_label("Password").fill(operator.password)
    page.keyboard.press("Enter")
    page.get_by_role("region", name="Latest messages").wait_for()


def _largest_paint(page: Page) -> float:
    milliseconds: float = page.evaluate(
        """() => new Promise((told) => new PerformanceObserver((list) => {
             told(list.getEntries().at(-1).startTime);
           }).observe({ type: "largest-contentful-paint", buffered: true }))"""
    )
    return milliseconds / 1000


def _told_of(page: Page, load: Load) -> list[tuple[float, float, float]]:
    """Of each message of these orders: when it was said, recorded and shown, in seconds."""
    page.evaluate("window.told.length = 0")
    begun = time.time()
    all_confirmed(load)
    page.wait_for_timeout(QUIET_SECONDS * 1000)
    told: list[tuple[str, str, str, float]] = json.loads(
        page.evaluate("JSON.stringify(window.told)")
    )
    seen = [(_seconds(said), _seconds(recorded), at / 1000) for _, said, recorded, at in told]
    return [it for it in seen if it[0] >= begun]


def _seconds(moment: str) -> float:
    return datetime.fromisoformat(moment).timestamp()


def _added(
    emulator: Emulator, outputs: dict[str, Any], operator: Operator, *, orders: int
) -> float:
    """How long orders take with an open console, beside without: from the first to all ended."""
    load = Load(emulator, outputs, rate=RATE, duration=orders / RATE, mix=GOOD)
    without = _seconds_of(load)
    with _opened() as page:
        page.goto(operator.url)
        _log_in(page, operator)
        return _seconds_of(replace(load, placed={})) / without


def _seconds_of(load: Load) -> float:
    return load.duration + all_confirmed(load).settled_after
