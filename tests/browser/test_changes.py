"""Changes: planned, shown and confirmed; or refused, and looked at again."""

from __future__ import annotations

from playwright.sync_api import Locator, expect

from tests.support.browser import Console
from tests.support.console_answers import identifier
from tests.support.console_api import ConsoleApi, hostile

SCREEN = "#/consumers/order-view"
PATH = "consumers/order-view/redrive"


def dialog(console: Console) -> Locator:
    page = console.open(SCREEN)
    page.get_by_role("button", name="Redrive").click()
    return page.get_by_role("dialog", name="Redrive")


def test_what_was_planned_is_what_is_confirmed(console: Console, api: ConsoleApi) -> None:
    change = dialog(console)
    expect(change).to_contain_text(api.changes.does[0])
    expect(change.get_by_role("row")).to_have_count(3)
    expect(change).to_contain_text("Nothing has changed yet")
    assert api.changes.asked == [(PATH, {"dry_run": True})]

    change.get_by_role("button", name="Redrive now").click()
    expect(change.get_by_role("status")).to_contain_text("applied")
    confirmed = {"dry_run": False, "plan": "plan 1", "expires_at": api.changes.expires_at}
    assert api.changes.asked[1:] == [(PATH, confirmed)]
    change.get_by_role("button", name="Close").click()
    expect(change).to_have_count(0)
    expect(console.page.get_by_role("button", name="Redrive")).to_be_focused()


def test_who_comes_second_is_told_so_and_looks_again(console: Console, api: ConsoleApi) -> None:
    change = dialog(console)
    api.changes.overtaken = True
    change.get_by_role("button", name="Redrive now").click()
    expect(change.get_by_role("alert")).to_contain_text("This plan cannot be confirmed")
    expect(change.get_by_role("button", name="Redrive now")).to_have_count(0)
    change.get_by_role("button", name="Look again").click()
    expect(change).to_contain_text("Nothing has changed yet")


def test_a_plan_that_is_over_cannot_be_confirmed(console: Console, api: ConsoleApi) -> None:
    api.changes.expires_at = "2026-01-01T00:00:00.000Z"
    change = dialog(console)
    expect(change.get_by_role("button", name="Redrive now")).to_have_count(0)
    change.get_by_role("button", name="The plan is over: look again").click()
    expect(change).to_contain_text("Nothing has changed yet")
    assert [asked["dry_run"] for _, asked in api.changes.asked] == [True, True]


def test_escape_leaves_everything_as_it_is(console: Console, api: ConsoleApi) -> None:
    change = dialog(console)
    expect(change).to_contain_text("Nothing has changed yet")
    console.page.keyboard.press("Escape")
    expect(change).to_have_count(0)
    assert len(api.changes.asked) == 1
    expect(console.page.get_by_role("heading", name="order-view")).to_be_visible()


def test_the_focus_stays_within(console: Console) -> None:
    change = dialog(console)
    expect(change).to_contain_text("Nothing has changed yet")
    for _ in range(6):
        console.page.keyboard.press("Tab")
        outside = (
            "document.activeElement !== document.body && !document.activeElement.closest('dialog')"
        )
        assert not console.page.evaluate(outside)


def test_who_only_looks_is_told_why_they_cannot(console: Console, api: ConsoleApi) -> None:
    api.may_operate = False
    page = console.open(SCREEN)
    expect(page.get_by_role("button", name="Redrive")).to_be_disabled()
    expect(page.get_by_text("members of the group operators")).to_be_visible()


def test_hostile_texts_in_a_plan_are_shown_as_they_are(console: Console, api: ConsoleApi) -> None:
    evil = hostile("<img src=x onerror=alert(1)>\u202egnp\x1b[31m" + "x" * 2000)
    api.changes.does, api.changes.items = evil(api.changes.does), evil(api.changes.items)
    change = dialog(console)
    expect(change).to_contain_text("<img src=x onerror=alert(1)>")
    assert change.locator("img").count() == 0
    width = "dialog => dialog.scrollWidth <= dialog.clientWidth"
    assert change.evaluate(width)


def test_a_views_generation_is_changed_from_its_screen(console: Console, api: ConsoleApi) -> None:
    page = console.open("#/views")
    page.get_by_role("button", name="Go back in order-view").click()
    change = page.get_by_role("dialog", name="Go back in order-view")
    change.get_by_role("button", name="Go back in order-view now").click()
    expect(change.get_by_role("status")).to_be_visible()
    assert [path for path, _ in api.changes.asked] == ["views/order-view/back"] * 2


def test_a_record_is_discarded_from_its_own_row(console: Console, api: ConsoleApi) -> None:
    page = console.open(SCREEN)
    row = page.get_by_role("row").nth(1)
    row.get_by_role("button", name="Discard").click()
    change = page.get_by_role("dialog", name="Discard")
    change.get_by_role("button", name="Discard now").click()
    expect(change.get_by_role("status")).to_be_visible()
    record = {name: api.parked[0][name] for name in ("shard", "sequence")}
    assert [(path, asked["record"]) for path, asked in api.changes.asked] == [
        ("consumers/order-view/discard", record)
    ] * 2


def test_a_stuck_saga_is_resumed_from_its_screen_and_one_that_ended_is_not(
    console: Console, api: ConsoleApi
) -> None:
    page = console.open(f"#/sagas/{identifier('order 2')}")
    page.get_by_role("button", name="Resume").click()
    change = page.get_by_role("dialog", name="Resume")
    change.get_by_role("button", name="Resume now").click()
    expect(change.get_by_role("status")).to_be_visible()
    assert [path for path, _ in api.changes.asked] == [f"sagas/{identifier('order 2')}/resume"] * 2
    page = console.open(f"#/sagas/{identifier('order 3')}")
    expect(page.get_by_role("region", name="Steps")).to_be_visible()
    expect(page.get_by_role("button", name="Resume")).to_have_count(0)


def test_a_record_that_crashes_a_consumer_is_set_aside_by_its_place(
    console: Console, api: ConsoleApi
) -> None:
    page = console.open(SCREEN)
    page.get_by_text("A record crashes it").click()
    ask = page.get_by_role("button", name="Set aside")
    expect(ask).to_be_disabled()
    page.get_by_label("Shard").fill("shardId-000000000001")
    page.get_by_label("Sequence number").fill(" 4961 ")
    ask.click()
    change = page.get_by_role("dialog", name="Set aside")
    change.get_by_role("button", name="Set aside now").click()
    expect(change.get_by_role("status")).to_be_visible()
    record = {"shard": "shardId-000000000001", "sequence": "4961"}
    assert [asked["record"] for _, asked in api.changes.asked] == [record] * 2


def test_a_rollout_is_stopped_from_its_own_profile(console: Console, api: ConsoleApi) -> None:
    page = console.open("#/configuration")
    stop = page.get_by_role("button", name="Stop the rollout")
    under_way = [
        f"configuration/{service['service']}/{it['profile']}/stop"
        for service in api.configuration
        for it in service["profiles"]
        if it["rollout"] and it["rollout"]["state"] in ("deploying", "baking")
    ]
    expect(stop).to_have_count(len(under_way))
    stop.first.click()
    change = page.get_by_role("dialog", name="Stop the rollout")
    change.get_by_role("button", name="Stop the rollout now").click()
    expect(change.get_by_role("status")).to_be_visible()
    assert [path for path, _ in api.changes.asked] == [under_way[0]] * 2
