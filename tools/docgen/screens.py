"""Takes the pictures of docs/console.md from the system that is up, while orders go through.

`make screens` after `make up` (with CONTAINERS=yes, and after a release, the screen of releases
too). A picture whose screen shows nothing here is left as it was, and named.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import TimeoutError as NotShown
from rich.console import Console

from bundling.workspace import ROOT
from tests.support import chromium
from tests.support.browser import launched, log_in
from tools.base import outputs
from tools.base.errors import OfflineError
from tools.base.terminal import Terminal, show_errors_plainly
from tools.base.workspace import Workspace
from tools.emulator.emulator import Emulator
from tools.local import operators
from tools.local.load import Load, parse_mix

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from playwright.sync_api import Browser, Page

    from tools.local.operators import Operator

FOLDER = ROOT / "docs" / "images" / "console"
FIRST = ROOT / "docs" / "images" / "console.png"
"""The picture that the README begins with."""
WIDE, NARROW = (1280, 800), (360, 740)
QUALITY = 72
SECONDS_OF_ORDERS, ORDERS_A_SECOND = 90.0, 0.7
MIX = "good=80,declined=10,out-of-stock=5,cancelled=5"
UNDER_WAY_SECONDS = 20.0
"""Until enough orders are under way to be looked at."""
DRAWN_MS = 2500
"""Until a screen that is there has had its answers, in milliseconds."""
PATIENCE_MS = 30_000.0
TRIES = 10
"""Others may hold the letter for a moment."""


@dataclass(frozen=True)
class Picture:
    """``file`` without its ending; ``place`` after the address's #; ``shows`` a text to wait for.

    ``do`` brings the screen to what is to be seen.
    """

    file: str
    place: str
    shows: str
    do: Callable[[Page], None] = lambda _page: None
    narrow: bool = False


def _first_order(page: Page) -> None:
    page.get_by_role("table").first.get_by_role("link").nth(6).click()
    page.get_by_role("heading", level=1).filter(has_text="Order").wait_for()


def _spans(page: Page) -> None:
    _first_order(page)
    page.get_by_role("tab", name="trace").click()


def _first_saga(page: Page) -> None:
    page.get_by_role("table").get_by_role("link").first.click()


def _redrive(page: Page) -> None:
    page.get_by_role("button", name="Redrive").first.click()
    page.get_by_role("dialog").wait_for()


def _newest(page: Page) -> None:
    skip = page.get_by_role("button", name="Skip to the newest")
    with suppress(NotShown):
        skip.click(timeout=DRAWN_MS)


PICTURES: Sequence[Picture] = (
    Picture("home", "/", "Latest messages"),
    Picture("orders", "/orders", "confirmed"),
    Picture("order", "/orders", "confirmed", _first_order),
    Picture("trace", "/orders", "confirmed", _spans),
    Picture("sagas", "/sagas", "ended"),
    Picture("saga", "/sagas", "ended", _first_saga),
    Picture("log", "/log", "OrderPlaced", _newest),
    Picture("consumers", "/consumers", "order-view"),
    Picture("views", "/views", "sales"),
    Picture("configuration", "/configuration", "orders"),
    Picture("alarms", "/alarms", "Queues"),
    Picture("redrive", "/alarms", "Redrive", _redrive),
    Picture("releases", "/releases", "pricing"),
    Picture("bill", "/bill", "USD"),
    Picture("services", "/services", "inventory"),
    Picture("faults", "/faults", "Declined payment"),
    Picture("tour", "/tour", "Place an order"),
    Picture("home-narrow", "/", "Latest messages", narrow=True),
    Picture("order-narrow", "/orders", "confirmed", _first_order, narrow=True),
    Picture("sagas-narrow", "/sagas", "ended", narrow=True),
    Picture("faults-narrow", "/faults", "Declined payment", narrow=True),
    Picture("releases-narrow", "/releases", "pricing", narrow=True),
)


def take(wanted: Sequence[Picture], operator: Operator, console: Console) -> list[str]:
    """Take each picture; those that could not be taken, with why.

    Raises:
        OfflineError: there is no browser.
    """
    left: list[str] = []
    program = chromium.chromium()
    if program is None:
        raise OfflineError(chromium.NONE)
    with launched(str(program)) as browser:
        for narrow in (False, True):
            page = _logged_in(browser, operator, narrow=narrow)
            for picture in (it for it in wanted if it.narrow == narrow):
                try:
                    _show(page, operator, picture)
                except NotShown as missing:
                    left.append(f"{picture.file}: {str(missing).splitlines()[0]}")
                    continue
                file = FOLDER / f"{picture.file}.jpg"
                page.screenshot(path=file, type="jpeg", quality=QUALITY)
                if picture.file == "home":
                    page.screenshot(path=FIRST)
                console.print(f"{file.relative_to(ROOT)}: {file.stat().st_size // 1024} KB")
            page.context.close()
    return left


def _show(page: Page, operator: Operator, picture: Picture) -> None:
    page.goto(operator.url + "#" + picture.place)
    page.get_by_text(picture.shows).first.wait_for()
    picture.do(page)
    page.wait_for_timeout(2 * DRAWN_MS)


def _logged_in(browser: Browser, operator: Operator, *, narrow: bool) -> Page:
    width, height = NARROW if narrow else WIDE
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if narrow else "light",
    )
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.goto(operator.url)
    log_in(page, operator.username, operator.password)
    page.get_by_role("region", name="Latest messages").wait_for()
    return page


@contextmanager
def _dead_letter(workspace: Workspace) -> Iterator[None]:
    """A command that nobody can read, for as long as pictures are taken."""
    deployed = outputs.read(workspace.outputs)
    sqs = Emulator.of(workspace).cloud.client("sqs")
    queue = deployed["services"]["payments"]["queues"]["Commands/DeadLetters"]
    sent = sqs.send_message(QueueUrl=queue, MessageBody="no command")["MessageId"]
    try:
        yield
    finally:
        _take_back(sqs, queue, sent)


def _take_back(sqs: SQSClient, queue: str, sent: str) -> None:
    for _ in range(TRIES):
        answer = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)
        for it in answer.get("Messages", ()):
            if it["MessageId"] == sent:
                sqs.delete_message(QueueUrl=queue, ReceiptHandle=it["ReceiptHandle"])
                return


def _orders(workspace: Workspace) -> None:
    emulator = Emulator.of(workspace)
    deployed = outputs.read(workspace.outputs)
    with suppress(OfflineError), Path(os.devnull).open("w") as nowhere:
        load = Load(emulator, deployed, ORDERS_A_SECOND, SECONDS_OF_ORDERS, parse_mix(MIX))
        load.run(Console(file=nowhere))


def main() -> int:
    """Names of pictures as arguments; all of them without. Exit status 1 if one was not taken."""
    console = Terminal()
    names = sys.argv[1:]
    wanted = [it for it in PICTURES if not names or it.file in names]
    if unknown := set(names) - {it.file for it in PICTURES}:
        there_are = ", ".join(it.file for it in PICTURES)
        named = ", ".join(sorted(unknown))
        raise OfflineError(f"no picture is called {named}; there are {there_are}")
    workspace = Workspace()
    operator = operators.known(workspace)
    ordering = threading.Thread(target=_orders, args=(workspace,), daemon=True)
    ordering.start()
    time.sleep(UNDER_WAY_SECONDS)
    with _dead_letter(workspace):
        left = take(wanted, operator, console)
    for it in left:
        console.print(f"left as it was: {it}", style="yellow")
    return 1 if left else 0


if __name__ == "__main__":
    show_errors_plainly()
    sys.exit(main())
