"""An operator sees a release: the new version's share, both versions' figures, and the verdict."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.support import console_releases as recorded
from tests.support.browser import Console
from tests.support.console_api import ConsoleApi


def test_a_release_that_was_taken_back_shows_why(console: Console) -> None:
    page = console.open("#/releases")
    newest = page.get_by_role("region", name="The newest release")
    expect(newest).to_contain_text("pricing v3")
    share = newest.get_by_role("progressbar", name="The new version's share of the calls")
    expect(share).to_have_attribute("aria-valuenow", "0")
    expect(newest).to_contain_text("more calls fail than of the old one")
    figures = newest.get_by_role("table", name="Both versions' calls").get_by_role("row")
    expect(figures.filter(has_text="old")).to_contain_text("0.1 %")
    expect(figures.filter(has_text="new")).to_contain_text("48.0 %")
    rows = page.get_by_role("table", name="Releases", exact=True).get_by_role("row")
    expect(rows).to_have_count(4)
    expect(rows.nth(2)).to_contain_text("promoted")


def test_a_release_under_way_shows_its_share(console: Console, api: ConsoleApi) -> None:
    going_on = recorded.observation("too-few-calls", next="wait")
    api.releases |= {"seen": going_on, "judged": going_on, "capped": True}
    api.releases["releases"][0] = recorded.release("v4", "running")
    page = console.open("#/releases")
    share = page.get_by_role("progressbar", name="The new version's share of the calls")
    expect(share).to_have_attribute("aria-valuenow", "10")
    expect(page.get_by_text("too few calls to judge by yet")).to_be_visible()
    expect(page.get_by_text("There were more releases than the last 3")).to_be_visible()


def test_where_nothing_is_in_containers_the_screen_says_how_to_get_some(
    console: Console, api: ConsoleApi
) -> None:
    api.releases = recorded.nowhere()
    page = console.open("#/releases")
    expect(page.get_by_text("make up CONTAINERS=yes")).to_be_visible()
    api.releases = recorded.releases() | {"releases": [], "seen": None, "judged": None}
    page = console.open("#/releases?again")
    expect(page.get_by_text("make release SERVICE=pricing VERSION=v2")).to_be_visible()
