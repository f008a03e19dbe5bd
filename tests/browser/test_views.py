"""Operators see generations side by side, how far a rebuild is, and what may be done."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import expect

from tests.support.browser import Console
from tests.support.console_views import generation, views


def test_generations_are_compared_and_a_rebuild_is_followed(console: Console) -> None:
    page = console.open("#/views")
    kept = page.get_by_role("region", name="order-view")
    expect(kept).to_contain_text("equal")
    expect(kept).to_contain_text("serve g1 again in place of g2")
    rebuilt = page.get_by_role("region", name="sales")
    expect(rebuilt.locator("[aria-current=step]")).to_contain_text("13 of 40 partitions")
    view = console.api.views[1]
    view["rebuild"] |= {"phase": "catch_up", "folded": 40}
    console.api.place("new one")
    running = rebuilt.locator("[aria-current=step]")
    expect(running).to_contain_text("waits until every projector writes both")
    view |= {"rebuild": None, "equal": False, "may": ["back", "retire"]}
    view["generations"] = [generation("g2", "served", 7300), generation("g1", "kept", 7300)]
    console.api.place("another one")
    expect(rebuilt).to_contain_text("differs")
    expect(rebuilt.get_by_role("list", name="Rebuild of sales")).to_have_count(0)


def test_a_silent_owner_is_named_and_the_others_are_shown(console: Console) -> None:
    nothing: dict[str, Any] = {
        "generations": [],
        "equal": None,
        "rebuild": None,
        "run": None,
        "may": [],
    }
    silent = console.api.views[0] | nothing | {"problem": "no answer within 5 seconds"}
    console.api.views = [silent, views()[1]]
    page = console.open("#/views")
    said = page.get_by_role("region", name="order-view")
    expect(said).to_contain_text("no answer within 5 seconds")
    expect(page.get_by_role("region", name="sales")).to_contain_text("being filled")


def test_where_there_is_no_view_it_says_how_to_make_one(console: Console) -> None:
    console.api.views = []
    page = console.open("#/views")
    expect(page.get_by_role("heading", name="There is no read model.")).to_be_visible()
    expect(page.get_by_role("main")).to_contain_text("make service KIND=view")
