"""An operator sees the system at work in a browser, whatever it shows and however it fails."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support import console_answers as recorded
from tests.support.browser import Console, open_console
from tests.support.chromium import axe
from tests.support.console_api import ConsoleApi, hostile, serving
from tools.base.workspace import CHECKOUT

ORDER = recorded.identifier("order 1")
SCREENS = (
    "#/",
    "#/?service=payments",
    "#/orders",
    f"#/orders/{ORDER}",
    f"#/orders/{ORDER}?view=compact",
    f"#/orders/{ORDER}?view=raw",
    f"#/orders/{ORDER}?view=trace",
    f"#/orders/{recorded.identifier('nobody')}",
    "#/services",
    "#/services/fulfilment",
    "#/consumers",
    "#/consumers/sales",
    "#/log",
    "#/log?view=shards",
    "#/sagas",
    f"#/sagas/{recorded.identifier('order 2')}",
    f"#/sagas/{recorded.identifier('nobody')}",
    "#/faults",
    "#/tour",
    "#/views",
    "#/configuration",
    "#/alarms",
    "#/releases",
    "#/bill",
    "#/bill?stage=prod&orders=many&containers=yes",
    "#/nowhere",
)


DIALOGS = (
    ("#/consumers/sales", "Redrive"),
    ("#/consumers/sales", "Discard"),
    ("#/alarms", "Redrive"),
    ("#/views", "Go back in order-view"),
    ("#/configuration", "Stop the rollout"),
    (f"#/sagas/{recorded.identifier('order 2')}", "Resume"),
)
"""Changes, by the screen and the button that they begin with."""


def test_every_screen_is_looked_at_in_every_look() -> None:
    source = (CHECKOUT / "web" / "src" / "logic" / "route.ts").read_text("utf-8")
    known = re.findall('"([a-z]+)"', source.partition("SCREENS = [")[2].partition("]")[0])
    assert {re.split("[/?]", it)[1] or "home" for it in SCREENS} == {*known, "nowhere"}


def wider_by(page: Page) -> int:
    """How many pixels of the page are beside the window."""
    return int(page.evaluate("document.documentElement.scrollWidth - innerWidth"))


def test_an_operator_logs_in_sees_an_order_come_and_opens_it(console: Console) -> None:
    page = console.open()
    assert "code=" not in page.url
    assert page.evaluate("Object.values({...localStorage, ...sessionStorage}).join()") == ""
    order = console.api.place("new one")
    latest = page.get_by_role("region", name="Latest messages")
    latest.get_by_role("link", name=order[:8]).first.click()
    expect(page.get_by_role("heading", name=order)).to_be_visible()
    lanes = page.get_by_role("group", name="What happened, by lane")
    expect(lanes.get_by_role("button", name="ReserveStock, done, saga")).to_be_visible()
    expect(page.get_by_role("table", name="What version 2 changed")).to_contain_text("confirmed")
    page.get_by_role("slider", name="Moment").fill("2")
    expect(page.get_by_role("heading", name="Version 1")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("heading", name="Orders")).to_be_visible()


HOSTILE = (
    "<img src=x onerror=alert(1)><script>alert(2)</script>\u202etxt.exe\u2066\u001b[31m\u0000"
    + "\u0301" * 60
    + "W" * 200_000
)


def test_hostile_text_in_every_field_is_text(browser: Browser, api: ConsoleApi) -> None:
    change = hostile(HOSTILE)
    names = ("activity", "orders", "consumers", "parked", "sagas", "views", "quotes", "releases")
    for name in (*names, "configuration", "alarms", "queues", "faults", "tour"):
        setattr(api, name, change(getattr(api, name)))
    api.timelines = {ORDER: change(recorded.timeline(ORDER))}
    cards = change(recorded.services())
    api.services = [card | {"name": f"{index}{card['name']}"} for index, card in enumerate(cards)]
    api.operator = HOSTILE
    with open_console(browser, api, viewport={"width": 360, "height": 740}) as console:
        page = console.page
        console.open("#/")
        for screen in SCREENS[1:-1]:
            page.evaluate("place => { location.hash = place; }", screen)
            page.wait_for_selector("main#content h1, main#content h2")
            page.wait_for_timeout(120)
            assert wider_by(page) <= 0, screen
            assert page.locator("img, script:not([src])").count() == 0
            text = page.locator("body").inner_text()
            assert not set("\u202e\u2066\u001b\u0000") & set(text), screen


def test_an_outage_loses_nothing_and_tells_nothing_twice(console: Console) -> None:
    page = console.open()
    rows = page.get_by_role("region", name="Latest messages").get_by_role("listitem")
    expect(rows.first).to_contain_text("OrderConfirmed")
    console.api.down = True
    missed = console.api.place_all(f"missed {index}" for index in range(8))
    alert = page.get_by_role("alert").first
    expect(alert).to_contain_text("The service is not there")
    expect(alert).to_contain_text("answered")
    expect(page.get_by_role("main")).to_have_class("stale")
    expect(rows.first).to_be_visible()
    console.api.down = False
    page.get_by_role("button", name="Ask now").click()
    expect(page.get_by_role("alert")).to_have_count(0)
    newest = page.get_by_role("link", name=missed[-1][:8])
    expect(rows.filter(has=newest)).to_have_count(10)
    # More than a page that was just opened is told.
    expect(page.get_by_text("messages in the last minute")).to_have_text(
        "80 messages in the last minute"
    )


def test_an_api_that_answers_slowly_is_asked_one_thing_at_a_time(console: Console) -> None:
    page = console.open()
    rows = page.get_by_role("region", name="Latest messages").get_by_role("listitem")
    expect(rows.first).to_be_visible()
    console.api.slow = 2.5
    late = console.api.place_all(f"late {index}" for index in range(3))
    before = console.api.calls.count("pulse")
    page.wait_for_timeout(5000)
    assert console.api.calls.count("pulse") - before <= 3, "asks before it was answered"
    expect(rows.filter(has=page.get_by_role("link", name=late[-1][:8]))).to_have_count(10)
    page.evaluate("location.hash = '#/orders'")
    expect(page.get_by_role("status", name="loading")).to_be_visible()
    expect(page.get_by_role("link", name=late[0][:8])).to_be_visible(timeout=20_000)
    expect(page.get_by_role("alert")).to_have_count(0)


def test_services_whose_clocks_differ_are_told_in_the_order_of_the_log(console: Console) -> None:
    order = console.api.place("odd clocks")
    ahead = [it for it in console.api.activity if it["order_id"] == order]
    for message in ahead:
        if message["service"] == "payments":
            message["occurred_at"] = recorded.moment(7200 - 3 * 3600)
    story = console.api.timelines[order]
    [placed] = [it for it in story["entries"] if (it["lane"], it["version"]) == ("store", 1)]
    [paid] = [it for it in story["entries"] if it["title"] == "AuthorizePayment"]
    paid |= {"at": recorded.moment(-90), "ends_at": recorded.moment(-91)}
    paid["causation_id"] = placed["id"]
    page = console.open()
    rows = page.get_by_role("region", name="Latest messages").get_by_role("listitem")
    expect(rows.filter(has=page.get_by_role("link", name=order[:8]))).to_have_count(len(ahead))
    expect(rows.first).to_contain_text("OrderConfirmed")
    page = console.open(f"#/orders/{order}?view=compact")
    clocks = page.get_by_role("status").filter(has_text="clocks of services differ")
    expect(clocks).to_contain_text("1 min 30 s")
    expect(clocks).to_contain_text("AuthorizePayment")
    happened = page.get_by_role("region", name="What happened")
    expect(happened).to_contain_text("OrderConfirmed")
    expect(happened).to_contain_text("took 0 ms")


PAINTED = """() => {
    const canvas = document.querySelector('canvas');
    if (canvas.width === 0 || canvas.height === 0) return 0;
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    return data.filter((_, index) => index % 4 === 3).some((it) => it > 0) ? 1 : 0;
}"""
NOTE_DRAWINGS = """() => {
    const { prototype } = CanvasRenderingContext2D;
    const clear = prototype.clearRect;
    window.drawn = [];
    prototype.clearRect = function (...rectangle) {
        window.drawn.push(performance.now());
        clear.apply(this, rectangle);
    };
}"""


def test_marks_move_for_messages_that_the_bus_carried_and_for_nothing_else(
    console: Console,
) -> None:
    page = console.open()
    expect(page.get_by_role("button", name="payments")).to_be_visible()
    page.wait_for_timeout(1500)
    assert page.evaluate(PAINTED) == 0
    page.evaluate(NOTE_DRAWINGS)
    console.api.place("new one")
    page.wait_for_function(PAINTED)
    page.wait_for_function(f"() => ({PAINTED})() === 0")
    expect(page.get_by_role("button", name="payments")).to_contain_text("3 in 1 min")
    drawn = page.evaluate("window.drawn")
    assert 0 < len(drawn) <= (drawn[-1] - drawn[0]) / 25 + 2, "no more than it takes to be seen"


@pytest.mark.nightly
def test_a_burst_is_counted_and_still_motion_moves_nothing(
    browser: Browser, api: ConsoleApi
) -> None:
    with open_console(browser, api) as console:
        page = console.open()
        expect(page.get_by_role("button", name="payments")).to_be_visible()
        api.place_all(f"burst {index}" for index in range(12))
        expect(page.get_by_role("button", name="payments")).to_contain_text("+36")
        assert page.evaluate(PAINTED) == 0
    with open_console(browser, api, reduced_motion="reduce") as console:
        page = console.open()
        expect(page.get_by_role("button", name="payments")).to_be_visible()
        api.place("one")
        expect(page.get_by_role("button", name="payments")).to_contain_text("+3")
        assert page.evaluate(PAINTED) == 0


@pytest.mark.nightly
def test_an_ended_login_leads_to_the_login_and_back_to_the_same_place(console: Console) -> None:
    page = console.open(f"#/orders/{ORDER}?view=compact")
    console.api.tokens.clear()
    expect(page.get_by_role("region", name="What happened")).to_be_visible()
    with page.expect_response(lambda answer: "v1/pulse" in answer.url and answer.status == 200):
        pass
    assert console.api.logins == 1, "a token that has ended is renewed without a login"
    console.api.refreshes = False
    console.api.tokens.clear()
    with page.expect_navigation():
        pass
    expect(page.get_by_role("region", name="What happened")).to_be_visible()
    assert page.url.endswith(f"#/orders/{ORDER}?view=compact")
    assert console.api.logins == 2


def test_an_answer_of_a_login_that_nobody_asked_for_is_refused(console: Console) -> None:
    page = console.open()
    console.api.tokens.clear()
    others = '{"state": "another", "verifier": "v", "hash": "#/"}'
    for kept, reason in (("null", "did not ask"), (others, "not for the question")):
        page.evaluate("kept => sessionStorage.setItem('console.login', kept)", kept)
        page.goto(f"{console.api.url}?code=stolen&state=guessed#/orders")
        expect(page.get_by_role("heading", name="The login did not succeed.")).to_be_visible()
        expect(page.get_by_text(reason)).to_be_visible()
        assert "code=" not in page.url
    assert console.api.tokens == set()


def test_the_keyboard_reaches_everything(console: Console) -> None:
    page = console.open()
    for keys, name in (
        ("go", "Orders"),
        ("gs", "Sagas"),
        ("gr", "Consumers of the log"),
        ("gl", "Log"),
        ("gc", "Configuration"),
        ("gb", "Bill"),
    ):
        page.keyboard.type(keys)
        expect(page.get_by_role("heading", name=name, exact=True)).to_be_visible()
    page.keyboard.type("go")
    expect(page.get_by_role("table", name="Orders", exact=True)).to_be_visible()
    page.keyboard.type("jj")
    page.keyboard.press("Enter")
    second = console.api.orders[1]["order_id"]
    expect(page.get_by_role("heading", name=second)).to_be_visible()
    page.keyboard.type("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.type("/")
    page.keyboard.type(ORDER)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=ORDER)).to_be_visible()


@pytest.mark.nightly
def test_a_hidden_page_asks_nothing(console: Console) -> None:
    page = console.open()
    page.evaluate(
        "Object.defineProperty(document, 'hidden', {value: true, configurable: true});"
        "document.dispatchEvent(new Event('visibilitychange'))"
    )
    page.wait_for_timeout(300)
    before = len(console.api.calls)
    page.wait_for_timeout(2500)
    assert len(console.api.calls) == before


def test_a_part_that_does_not_answer_takes_nothing_from_the_others(console: Console) -> None:
    story = console.api.timelines[ORDER]
    story["entries"] = [it for it in story["entries"] if it["lane"] != "archive"]
    story["parts"]["archive"] = {"answered": False, "problem": "it is late", "as_of": None}
    page = console.open(f"#/orders/{ORDER}")
    expect(page.get_by_role("status")).to_contain_text("archive, because it is late")
    lanes = page.get_by_role("group", name="What happened, by lane")
    expect(lanes.get_by_role("button", name="ReserveStock")).to_be_visible()


def test_empty_screens_say_how_to_fill_them(browser: Browser) -> None:
    empty = ConsoleApi(
        services=[], consumers=[], parked=[], configuration=[],
        sagas={
            "as_of": recorded.moment(), "counts": {}, "sagas": [], "capped": False,
            "ended": {"counts": {}, "looked_at": 0, "since": None, "capped": False},
            "ended_problem": None,
        },
    )  # fmt: skip
    with serving(empty), open_console(browser, empty) as console:
        for screen in ("#/", "#/orders", "#/services", "#/consumers", "#/sagas", "#/configuration"):
            page = console.open(screen)
            expect(page.locator(".empty code").first).to_contain_text("make")


@pytest.mark.nightly
@pytest.mark.parametrize("look", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_everybody_can_use_every_screen(
    browser: Browser, api: ConsoleApi, look: str, width: int
) -> None:
    source = axe()
    found: list[tuple[str, ...]] = []
    size = {"width": width, "height": 800}
    with open_console(browser, api, color_scheme=look, viewport=size) as console:
        for screen in SCREENS:
            page = console.open(screen)
            page.wait_for_timeout(300)
            page.evaluate(f"() => {{ {source} }}")
            broken = page.evaluate("async () => (await window.axe.run()).violations")
            found += [(screen, it["id"], it["nodes"][0]["html"][:120]) for it in broken]
            assert wider_by(page) <= 0, screen
        for screen, button in DIALOGS:
            page = console.open(screen)
            page.get_by_role("button", name=button).first.click()
            expect(page.get_by_role("dialog")).to_contain_text("Nothing has changed yet")
            page.evaluate(f"() => {{ {source} }}")
            broken = page.evaluate("async () => (await window.axe.run()).violations")
            found += [(screen, button, it["id"], it["nodes"][0]["html"][:120]) for it in broken]
            fits = "dialog => dialog.scrollWidth <= dialog.clientWidth"
            assert page.get_by_role("dialog").evaluate(fits), (screen, button)
            assert wider_by(page) <= 0, (screen, button)
            page.keyboard.press("Escape")
    assert found == []


@pytest.mark.nightly
def test_a_thousand_orders_and_ten_thousand_messages_leave_the_page_quick_and_small(
    console: Console,
) -> None:
    page = console.open("#/orders")
    for batch in range(50):
        console.api.place_all(f"{batch}/{index}" for index in range(20))
        page.wait_for_timeout(120)
    page.wait_for_timeout(2500)
    session = page.context.new_cdp_session(page)
    page.goto(f"{console.api.url}#/")
    page.wait_for_selector(".messages li")
    session.send("HeapProfiler.collectGarbage")
    heap = session.send("Runtime.getHeapUsage")["usedSize"]
    assert heap < 15_000_000
    assert page.locator(".messages li").count() == 40
