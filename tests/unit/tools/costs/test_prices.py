"""The list of prices: whole, dated, sourced, and refused when it is not."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from tools.measure.costs import assumptions, prices
from tools.measure.costs.errors import PriceListError
from tools.measure.costs.prices import Charge

ENTRY = """
region = "us-east-1"
read_on = 2026-11-22
[prices.puts]
usd = 0.5
per = 1000
unit = "puts"
source = "https://example.com/pricing"
checked = "memory"
"""


def listed(folder: Path, text: str) -> prices.PriceList:
    file = folder / "prices.toml"
    file.write_text(text)
    return prices.read(file)


def test_the_list_in_use_names_region_day_and_a_source_for_each_price() -> None:
    found = prices.read()
    assert (found.region, found.read_on.year) == ("us-east-1", 2026)
    assert all(
        price.source.startswith("https://aws.amazon.com/") for price in found.prices.values()
    )


def test_a_quantity_costs_its_share_of_what_the_price_is_for(tmp_path: Path) -> None:
    found = listed(tmp_path, ENTRY)
    assert found["puts"].of(3000) == pytest.approx(1.5)
    charges = [Charge("here", "puts", 1000), Charge("there", "puts", 500)]
    assert found.cost(charges) == pytest.approx(0.75)


def test_a_charge_without_a_price_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(PriceListError, match="no price 'gets'"):
        listed(tmp_path, ENTRY).cost([Charge("here", "gets", 1)])


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('checked = "memory"', 'checked = "page"', "seen"),
        ('checked = "memory"', 'checked = "guess"', "guess"),
        ('source = "https://example.com/pricing"', "", "source"),
        ("usd = 0.5", "usd = -0.5", "usd"),
        ("usd = 0.5", 'usd = "free"', "usd"),
        ("per = 1000", "per = 0", "per"),
        ('unit = "puts"', 'unit = "puts"\nnote = "cheap"', "note"),
        ("read_on = 2026-11-22", "", "day"),
        ('source = "https://example.com/pricing"', 'source = "somebody said so"', "address"),
    ],
)
def test_a_price_that_is_not_whole_is_refused(
    tmp_path: Path, before: str, after: str, said: str
) -> None:
    with pytest.raises(PriceListError, match=said):
        listed(tmp_path, ENTRY.replace(before, after))


def test_an_assumption_that_is_missing_unknown_or_senseless_is_refused(tmp_path: Path) -> None:
    whole = assumptions.FILE.read_text()
    file = tmp_path / "assumptions.toml"
    for before, after, said in (
        ("pollers = 5", "", "pollers"),
        ("pollers = 5", "pollers = 5\npatience = 1", "patience"),
        ("pollers = 5", "pollers = 0", "greater than 0"),
    ):
        file.write_text(whole.replace(before, after))
        with pytest.raises(PriceListError, match=said):
            assumptions.read(file)


def test_an_idle_queue_is_asked_by_each_poller_three_times_a_minute() -> None:
    assumed = assumptions.read()
    assert assumed.idle_polls == pytest.approx(5 * 3 * 60 * 730)


@pytest.mark.parametrize(
    ("days", "said"), [(0, ""), (180, ""), (181, "181 days old"), (365, "365")]
)
def test_prices_that_grow_old_are_warned_of(days: int, said: str, tmp_path: Path) -> None:
    found = listed(tmp_path, ENTRY)
    warning = found.warning(found.read_on + timedelta(days=days))
    assert bool(warning) is bool(said)
    assert said in warning


@pytest.mark.parametrize(("days", "said"), [(366, "366 days ago: read them again"), (-1, "cannot")])
def test_by_prices_of_another_year_or_of_tomorrow_nothing_is_reckoned(
    days: int, said: str, tmp_path: Path
) -> None:
    found = listed(tmp_path, ENTRY)
    with pytest.raises(PriceListError, match=said):
        found.warning(found.read_on + timedelta(days=days))
