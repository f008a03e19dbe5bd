"""What docs/costs.md says of an open console follows from its page and its own queries."""

from __future__ import annotations

import pytest

from tools.measure.costs import open_console
from tools.measure.costs.errors import CostError
from tools.measure.costs.open_console import HOUR, asking, hours


def test_an_hour_has_as_many_questions_as_the_pages_intervals_make() -> None:
    every = asking()
    rest = HOUR / every.orders + HOUR / every.alarms + HOUR / every.services
    busy, quiet, idle, hidden = hours().values()
    assert (busy.every, quiet.every, idle.every) == (every.busy, every.quiet, every.idle)
    assert [it.questions - rest for it in (busy, quiet, idle)] == [3600, 720, 240]
    assert (hidden.questions, hidden.read_units, hidden.usd) == (0, 0, 0)


def test_news_are_read_by_the_size_of_the_last_seconds_messages() -> None:
    """A message is some 350 bytes, and each is read for eleven seconds."""
    busy, quiet, _, _ = hours().values()
    read = (busy.read_units - quiet.read_units) / HOUR
    a_second = open_console.ORDERS_A_SECOND * 13
    assert 11 * a_second * 300 / 4096 / 2 < read < 11 * a_second * 450 / 4096 / 2
    assert 720 * 0.5 < quiet.read_units < 1100


def test_a_page_that_has_lost_its_place_is_no_page() -> None:
    with pytest.raises(CostError, match="no place"):
        open_console.page("no marks here")


def test_an_interval_that_stands_elsewhere_is_noticed() -> None:
    with pytest.raises(CostError, match="says nowhere"):
        open_console._number(r"const BUSY = (\d+);", "const SLOW = 3;")
