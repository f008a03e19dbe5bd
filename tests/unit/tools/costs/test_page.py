"""The page of figures: sums that add up, and text that nobody's figures can overwrite."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from tools.measure.costs import page, prices, survey
from tools.measure.costs.baseline import Command
from tools.measure.costs.errors import CostError
from tools.measure.costs.idle import Idle
from tools.measure.costs.million import MOST_OBSERVING, by_owner, by_part, observing, total
from tools.measure.costs.orders import Counted
from tools.measure.costs.prices import Charge

LISTED = prices.read()
CHARGES = [
    Charge("writes", "dynamodb-writes", 20, "orders"),
    Charge("writes", "dynamodb-writes", 10, "sales"),
    Charge("saga", "state-transitions", 300, "fulfilment"),
]


def test_a_million_orders_cost_what_the_counted_ones_do_on_average() -> None:
    rows = by_part(CHARGES, 10, LISTED)
    assert [(row.name, row.each) for row in rows] == [("saga", 30), ("writes", 3)]
    assert [row.usd for row in rows] == pytest.approx([750, 1.875])


def test_parts_and_services_come_to_the_same_total() -> None:
    owners = by_owner(CHARGES, 10, LISTED)
    assert list(owners) == ["fulfilment", "orders", "sales"]
    assert sum(owners.values()) == pytest.approx(total(by_part(CHARGES, 10, LISTED)))


def test_the_sections_show_the_figures_and_their_totals() -> None:
    counted = Counted(10, CHARGES, Counter({("orders/Relay", "kinesis", "PutRecords"): 20}))
    text = page.orders_section(counted, LISTED, date(2026, 11, 22))
    assert "| writes | 3 | write request units | 1.88 |" in text
    assert "| **total** |  |  | **751.88** |" in text
    assert "| orders/Relay | kinesis:PutRecords | 2.00 |" in text
    idle = page.idle_section(Idle({"a": {"keys": 2.0}, "b": {}}, frozenset()), "dev", LISTED)
    assert "| a | 2.00 | 2.00 |" in idle
    assert "| **total** | 2.00 | **2.00** |" in idle


def test_the_two_ways_stand_side_by_side_even_where_one_has_no_such_part() -> None:
    ours = Command(2, Counter({"dynamodb:PutItem": 2}), [Charge("writes", "dynamodb-writes", 2)])
    other = Command(2, Counter({"dynamodb:PutItem": 4}), [Charge("keys", "key-requests", 2)])
    text = page.command_section(ours, other, LISTED)
    assert "| AWS calls | 1: dynamodb:PutItem x1 | 2: dynamodb:PutItem x2 |  |" in text
    assert "| writes | 1 (0.62) |  | write request units |" in text
    assert "| **total, USD for a million** | **0.62** | **3.00** |  |" in text


def test_every_price_is_shown_and_those_from_memory_stand_out() -> None:
    text = page.prices_section(LISTED, [])
    assert text.count("**memory**") == sum(
        price.checked == "memory" for price in LISTED.prices.values()
    )
    assert all(f"| {name} |" in text for name in LISTED.prices)


def test_what_hangs_on_prices_that_nobody_has_read_is_bounded() -> None:
    read = replace(LISTED["keys"], name="read", usd=5.0, per=1)
    unread = replace(read, name="unread", usd=2.0, per=1_000, checked="memory", seen=None)
    listed = replace(LISTED, prices={it.name: it for it in (read, unread)})
    order = [Charge("a", "read", 1, "orders"), Charge("b", "unread", 3, "orders")]
    text = page.prices_section(listed, order)
    assert "Not read on any page: unread. If each of these were twice as high" in text
    assert "a million orders would cost 6,000.00 USD more." in text
    assert "Every price was read" in page.prices_section(replace(listed, prices={"read": read}), [])


def test_only_what_stands_between_its_marks_is_replaced(tmp_path: Path) -> None:
    file = tmp_path / "costs.md"
    file.write_text(f"before\n{page.BEGIN.format('idle')}old\n{page.END.format('idle')}after\n")
    page.write({"idle": "new"}, file)
    page.write({"idle": "newer"}, file)
    assert file.read_text() == (
        f"before\n{page.BEGIN.format('idle')}\nnewer\n\n{page.END.format('idle')}after\n"
    )


def test_a_page_without_its_marks_is_left_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "costs.md"
    file.write_text("mine")
    with pytest.raises(CostError, match="no place for idle"):
        page.write({"idle": "new"}, file)
    assert file.read_text() == "mine"


def test_the_page_in_the_repository_has_a_place_for_each_section() -> None:
    text = page.PAGE.read_text()
    for name in ("idle", "orders", "command", "assumptions", "prices"):
        assert text.count(page.BEGIN.format(name)) == text.count(page.END.format(name)) == 1


def test_logs_and_traces_take_no_more_of_the_price_than_they_may() -> None:
    rows = by_part(survey.read().order(survey.MANY), 1, LISTED)
    assert 0.02 < observing(rows) <= MOST_OBSERVING
    assert page.observing_line(rows) in page.PAGE.read_text()


def test_what_the_metrics_of_the_business_cost_stands_on_the_page() -> None:
    assert page.business_line(LISTED).partition(": ")[2] in page.PAGE.read_text()
