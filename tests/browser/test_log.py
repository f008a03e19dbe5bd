"""An operator follows the log in a browser: nothing is dropped silently, nothing is shown raw."""

from __future__ import annotations

import time

import pytest
from playwright.sync_api import Browser, expect

from tests.support import console_answers as recorded
from tests.support.browser import Console, open_console
from tests.support.console_api import ConsoleApi, hostile

SHARD = "shardId-000000000001"
HOSTILE = (
    "<img src=x onerror=alert(1)><script>alert(2)</script>\u202etxt.exe\u2066\u001b[31m\u0000"
    + "\u0301" * 60
    + "W" * 200_000
)


@pytest.fixture(autouse=True)
def quick(api: ConsoleApi) -> None:
    """Turns come ten times as fast as those of the API."""
    api.log.between = 0.2


def say(api: ConsoleApi, count: int, *, problem: str | None = None) -> None:
    """So many records come at once."""
    for index in range(count):
        message = recorded.story(recorded.identifier(f"burst {index}"))[0]
        api.log.say(message, problem=problem)


def test_an_operator_follows_the_log_filters_it_and_opens_a_record_and_its_order(
    console: Console,
) -> None:
    page = console.open("#/")
    page.keyboard.type("gl")
    expect(page.get_by_role("heading", name="Log", exact=True)).to_be_visible()
    records = page.get_by_role("table", name="Records")
    expect(records.get_by_role("row").nth(60)).to_be_visible()
    order = console.api.place("new one")
    expect(records.get_by_role("row").nth(1)).to_contain_text("OrderConfirmed")
    page.keyboard.type("/")
    page.keyboard.type(f"stockreserved {order}")
    expect(records.get_by_role("row")).to_have_count(2)
    page.keyboard.press("Escape")
    page.get_by_role("heading", name="Log", exact=True).click()
    page.keyboard.type("j")
    page.keyboard.press("Enter")
    record = page.get_by_role("region", name="Record", exact=True)
    expect(record).to_contain_text("4966852394051")
    expect(record.get_by_role("table", name="Fields")).to_contain_text("8470")
    record.get_by_role("link", name=order).click()
    expect(page.get_by_role("heading", name=order)).to_be_visible()


@pytest.mark.nightly
def test_a_burst_that_comes_while_it_is_paused_is_counted_and_shown_afterwards(
    console: Console,
) -> None:
    page = console.open("#/log")
    records = page.get_by_role("table", name="Records")
    expect(records.get_by_role("row").nth(60)).to_be_visible()
    page.keyboard.type("p")
    say(console.api, 1_000)
    status = page.get_by_role("status").filter(has_text="Paused")
    expect(status).to_contain_text("1,000 records came since")
    expect(records).not_to_contain_text("burst")
    expect(page.get_by_text("1,080 came since it was opened")).to_be_visible()
    page.keyboard.type("p")
    expect(status).to_have_count(0)
    expect(page.get_by_text("The newest 200 of 1,080 are listed.")).to_be_visible()
    page.keyboard.type("p")
    say(console.api, 2_600)
    expect(status).to_contain_text("2,600 records came since; the oldest 600 of them")
    page.keyboard.type("p")
    expect(page.get_by_text("the oldest 600 of them are not in it")).to_be_visible()


@pytest.mark.nightly
def test_a_place_that_has_expired_is_found_again_without_a_record_too_few_or_twice(
    console: Console,
) -> None:
    page = console.open("#/log")
    told = page.get_by_text("came since it was opened")
    expect(told).to_contain_text("80 came")
    console.api.log.expire()
    say(console.api, 6)
    expect(told).to_contain_text("86 of the 86 records that the page keeps; 86 came")
    expect(page.get_by_role("alert")).to_have_count(0)


def test_who_cannot_keep_up_is_told_and_may_skip_to_the_newest(console: Console) -> None:
    console.api.log.between = 3
    say(console.api, 1_500)
    page = console.open("#/log")
    page.get_by_role("button", name="Skip to the newest").click()
    expect(page.get_by_role("status").last).to_contain_text("Skipped, and so not in the list")


def test_shards_are_told_with_what_became_of_them_and_stand_side_by_side(console: Console) -> None:
    page = console.open("#/log?view=shards")
    shards = page.get_by_role("table", name="Shards")
    expect(shards.get_by_role("row").nth(3)).to_contain_text("split into 1 and 2")
    column = page.get_by_role("region", name="Shard 1", exact=True)
    column.get_by_role("button").first.click()
    expect(page.get_by_role("region", name="Record", exact=True)).to_contain_text(SHARD)


def test_hostile_records_are_text_and_unreadable_ones_are_told_by_their_size(
    browser: Browser, api: ConsoleApi
) -> None:
    say(api, 1, problem="it is not JSON")
    for shard, kept in api.log.shards.items():
        api.log.shards[shard] = [hostile(HOSTILE)(it) for it in kept[-5:]]
    with open_console(browser, api, viewport={"width": 360, "height": 740}) as console:
        page = console.open("#/log")
        records = page.get_by_role("table", name="Records")
        expect(records.get_by_role("row").nth(3)).to_be_visible()
        expect(records).to_contain_text("unreadable")
        records.get_by_role("button").first.click()
        expect(page.get_by_role("region", name="Record", exact=True)).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
        assert page.locator("img, script:not([src])").count() == 0
        assert not set("\u202e\u2066\u001b\u0000") & set(page.locator("body").inner_text())


@pytest.mark.nightly
def test_two_pages_open_at_once_get_the_reads_of_one(browser: Browser, api: ConsoleApi) -> None:
    api.log.between = 0.5
    with open_console(browser, api) as one, open_console(browser, api) as other:
        pages = [one.open("#/log"), other.open("#/log")]
        for page in pages:
            expect(page.get_by_text("80 came since it was opened")).to_be_visible()
        began = time.monotonic()
        say(api, 40)
        for page in pages:
            expect(page.get_by_text("120 came since it was opened")).to_be_visible()
        seconds = time.monotonic() - began
    reads = [it for it in api.log.reads if began <= it <= began + seconds]
    assert 2 <= len(reads) <= seconds / 0.5 + 1
    assert all(
        after - before >= 0.5
        for before, after in zip(api.log.reads, api.log.reads[1:], strict=False)
    )
    assert len([it for it in api.calls if it.endswith("log")]) > len(api.log.reads)


@pytest.mark.nightly
def test_an_outage_keeps_what_was_read_and_goes_on_afterwards(console: Console) -> None:
    page = console.open("#/log")
    told = page.get_by_text("came since it was opened")
    expect(told).to_contain_text("80 came")
    console.api.down = True
    expect(page.get_by_role("main").get_by_role("alert")).to_contain_text(
        "goes on where it stopped"
    )
    say(console.api, 6)
    console.api.down = False
    page.get_by_role("main").get_by_role("button", name="Ask now").click()
    expect(told).to_contain_text("86 came")
