"""The console on a deployed system: how soon a browser shows what happens, and what that costs.

A real Chromium is logged in and stays on the first screen. What it gets from the API is noted in
the page, at the first frame after it, with the time at which the message's sender said it. Both
clocks are this machine's. Then the page is left alone, and hidden, and its questions are counted.

At last the same orders are placed without an open console and with one, in turns, at a share of the
rate that was measured before without one: what a machine cannot carry says nothing of the console.
Processor time is told apart: the system's, which is the emulator with all functions, and the
browser's, which draws without a graphics card here.
"""

from __future__ import annotations

import gzip
import json
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from statistics import median, quantiles
from typing import TYPE_CHECKING, Any

import psutil
from rich.console import Console

from bundling.web import app_files
from tests.support import chromium
from tests.support.browser import launched, log_in
from tools.base.processes import of_workspace
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
MORE_THAN_IT_DOES = 10.0
"""Orders a second; the queues fill, and the time until all have ended tells what it does."""
SHARE = 0.6
"""Of what it does without a console: a rate that leaves a browser its part of the processors."""
QUIET_SECONDS = 8.0
"""After the last order, until everything has been told."""
UNTIL_DRAWN_SECONDS = 5.0
UNTIL_IDLE_SECONDS = 125.0
"""After the last message, until the page asks as seldom as it ever does."""
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
    """Seconds from a message to the screen; and what an open console adds to a load's time."""
    watched, orders, rounds = (20, 40, 1) if quick else (100, 200, 3)
    with tempfile.TemporaryDirectory() as folder, Emulator(Path(folder)) as emulator:
        outputs = bring_up(emulator, Console(quiet=True))
        operator = operators.known(emulator.workspace)

        def load(count: int, rate: float) -> Load:
            return Load(emulator, outputs, rate=rate, duration=count / rate, mix=GOOD)

        all_confirmed(load(20, 2.0))
        with _opened() as page:
            first = _first_content(page, operator)
            _log_in(page, operator)
            drawn = _drawn(page)
            seen = _told_of(page, load(watched, 1.0))
            idle, hidden = _questions_a_minute(page)
        able = orders / _seconds_of(load(orders, MORE_THAN_IT_DOES))
        turns = []
        for _ in range(rounds):
            without = _carried(emulator, load(orders, SHARE * able))
            with _opened() as page:
                page.goto(operator.url)
                _log_in(page, operator)
                turns.append((without, _carried(emulator, load(orders, SHARE * able))))
    to_screen = [shown - said for said, _, shown in seen]
    to_table = [recorded - said for said, recorded, _ in seen]
    return [
        *_sizes(),
        Result("from opening the address to the first content", first, "s", at_most(1.5, aim=0.5)),
        Result(
            "largest contentful paint of the first screen", drawn.largest, "s", at_most(1.5, 0.8)
        ),
        Result("layout shift of the first screen", drawn.shifted, "", at_most(0.05, aim=0)),
        Result("the first screen blocked, in all", drawn.blocked, "ms", at_most(150, aim=50)),
        Result(
            "questions a minute of a page on which nothing happens", idle, "", at_most(12, aim=4)
        ),
        Result("questions a minute of a hidden page", hidden, "", at_most(0)),
        Result(
            "from a message to the screen, p95, at one order a second",
            quantiles(to_screen, n=20)[-1],
            "s",
            at_most(2.0, aim=1.2),
            (min(to_screen), max(to_screen)),
            {"messages": len(to_screen), "p50": median(to_screen)},
        ),
        Result("... of which until it is recorded, p95", quantiles(to_table, n=20)[-1], "s"),
        Result(f"{orders} orders without a console, as fast as they go", able, "orders/s"),
        *_added(turns, f"{orders} orders at {SHARE:.0%} of that"),
    ]


@dataclass(frozen=True, slots=True)
class Drawn:
    """A screen since it was opened: seconds, a share of the window, and milliseconds."""

    largest: float
    shifted: float
    blocked: float


@dataclass(frozen=True, slots=True)
class Carried:
    """A load: seconds from the first order to all ended, and processor seconds meanwhile."""

    seconds: float
    confirmed_after: float
    system: float
    browser: float


def _sizes() -> Iterator[Result]:
    files = app_files()
    script, stylesheet = (
        sum(len(gzip.compress(files[name])) for name in files if name.endswith(ending)) / 1024
        for ending in (".js", ".css")
    )
    both = script + stylesheet
    yield Result("the page's script and stylesheet, compressed", both, "KB", at_most(60, aim=40))
    yield Result("... of which the script", script, "KB")


def _added(turns: list[tuple[Carried, Carried]], orders: str) -> Iterator[Result]:
    """What an open console adds, from loads in turns: without one, and with one."""

    def beside(claim: str, part: Any, limit: Any = None) -> Result:
        ratios = [part(there) / part(without) for without, there in turns]
        return Result(claim, median(ratios), "x", limit, (min(ratios), max(ratios)))

    yield beside(
        f"{orders}, from the first placed to all ended, with an open console beside without",
        lambda it: it.seconds,
        at_most(1.10, aim=1.03),
    )
    yield beside("... from placed to confirmed, the median", lambda it: it.confirmed_after)
    yield beside("... processor time of the system", lambda it: it.system)
    cores = [there.browser / there.seconds for _, there in turns]
    yield Result(
        "... processor time of the browser itself",
        100 * median(cores),
        "% of a core",
        None,
        (100 * min(cores), 100 * max(cores)),
    )


@contextmanager
def _opened() -> Iterator[Page]:
    program = chromium.chromium()
    if program is None:
        raise RuntimeError(chromium.NONE)
    with launched(str(program)) as browser:
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.set_default_timeout(60_000)
        page.add_init_script(NOTE_WHAT_IS_TOLD)
        yield page


def _first_content(page: Page, operator: Operator) -> float:
    begun = time.monotonic()
    page.goto(operator.url)
    page.get_by_label("Username").wait_for()
    return time.monotonic() - begun


def _log_in(page: Page, operator: Operator) -> None:
    log_in(page, operator.username, operator.password)
    page.get_by_role("region", name="Latest messages").wait_for()


def _drawn(page: Page) -> Drawn:
    """What the browser has noted of it; a task of more than 50 ms blocks for what is over that."""
    page.wait_for_timeout(UNTIL_DRAWN_SECONDS * 1000)
    noted: dict[str, list[dict[str, float]]] = page.evaluate(
        """async () => Object.fromEntries(await Promise.all(
             ["largest-contentful-paint", "layout-shift", "longtask"].map((type) =>
               new Promise((told) => {
                 const known = () => told([type, observer.takeRecords().map((it) => it.toJSON())]);
                 const observer = new PerformanceObserver((list) =>
                   told([type, list.getEntries().map((it) => it.toJSON())]));
                 observer.observe({ type, buffered: true });
                 setTimeout(known, 500);
               }))))"""
    )
    return Drawn(
        noted["largest-contentful-paint"][-1]["startTime"] / 1000,
        sum(it["value"] for it in noted["layout-shift"] if not it["hadRecentInput"]),
        sum(it["duration"] - 50 for it in noted["longtask"]),
    )


def _questions_a_minute(page: Page) -> tuple[float, float]:
    """Of a page on which nothing happens, and of one that nobody sees."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.wait_for_timeout(UNTIL_IDLE_SECONDS * 1000)
    asked.clear()
    page.wait_for_timeout(60_000)
    idle = len(asked)
    page.evaluate(
        """Object.defineProperty(document, "hidden", { value: true });
           document.dispatchEvent(new Event("visibilitychange"));"""
    )
    asked.clear()
    page.wait_for_timeout(30_000)
    return idle, 2 * len(asked)


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


def _carried(emulator: Emulator, load: Load) -> Carried:
    started = psutil.Process().children(recursive=True)
    browser = [it.pid for it in started if "chrom" in it.name()]
    before = _processor_seconds(emulator, browser)
    outcome = all_confirmed(load)
    system, drawing = _processor_seconds(emulator, browser)
    return Carried(
        load.duration + outcome.settled_after,
        outcome.percentile(50),
        system - before[0],
        drawing - before[1],
    )


def _processor_seconds(emulator: Emulator, browser: Iterable[int]) -> tuple[float, float]:
    """Of the emulator with its functions, and of the browser, since each process began."""
    return sum(map(_spent, of_workspace(emulator.workspace.root, None))), sum(map(_spent, browser))


def _spent(pid: int) -> float:
    """By it, and by those of its children that have ended."""
    try:
        return sum(psutil.Process(pid).cpu_times()[:4])
    except psutil.NoSuchProcess:
        return 0.0


def _seconds_of(load: Load) -> float:
    return load.duration + all_confirmed(load).settled_after
