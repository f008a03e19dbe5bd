"""A bill for one's own numbers: parts that add up, what is kept, and numbers that are none."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from contracts.product import PRODUCT
from orders.domain.terms import MAX_LINES
from tools.measure.costs import __main__ as command
from tools.measure.costs import assumptions, prices, survey
from tools.measure.costs.bill import MOST_LINES, Bill, Numbers, bill
from tools.measure.costs.errors import CostError
from tools.measure.costs.idle import Idle
from tools.measure.costs.prices import Charge
from tools.measure.costs.survey import Survey

LISTED, ASSUMED = prices.read(), assumptions.read()
IDLE = Idle({f"{PRODUCT}-prod-orders": {"keys": 1.0}, f"{PRODUCT}-account": {}}, frozenset())
SURVEY = Survey(
    date(2026, 11, 27),
    few={
        ("orders", "DynamoDB writes", "dynamodb-writes"): 2.0,
        ("orders", "logs", "log-ingestion"): 1e-6,
        ("event-log", "archive", "s3-puts"): 0.04,
    },
    many={
        ("orders", "DynamoDB writes", "dynamodb-writes"): 4.0,
        ("orders", "logs", "log-ingestion"): 1e-6,
        ("event-log", "archive", "s3-puts"): 0.04,
        ("event-log", "archive", "firehose-in"): 1e-5,
    },
)


def reckoned(numbers: Numbers) -> Bill:
    return bill(IDLE, "prod", SURVEY, numbers, LISTED, ASSUMED)


def test_without_orders_a_month_costs_what_is_idle() -> None:
    assert reckoned(Numbers(0)).total == pytest.approx(1.0)


def test_services_and_parts_come_to_the_same_total() -> None:
    found = reckoned(Numbers(500_000, lines=2))
    assert set(found.services) == {"event-log", "orders"}  # nothing is paid for in the third
    assert sum(sum(it.values()) for it in found.services.values()) == pytest.approx(found.total)
    assert found.parts["DynamoDB writes"] == pytest.approx(3 * 500_000 * 0.625 / 1e6)


def test_lines_follow_a_straight_line_and_never_cost_less_than_nothing() -> None:
    by_lines = {lines: {it.price: it.quantity for it in SURVEY.order(lines)} for lines in (1, 3, 5)}
    assert [by_lines[it]["dynamodb-writes"] for it in (1, 3, 5)] == [2, 4, 6]
    assert by_lines[1]["firehose-in"] == 0
    falling = Survey(SURVEY.counted_on, few={("a", "b", "c"): 4.0}, many={("a", "b", "c"): 1.0})
    assert [it.quantity for it in falling.order(9)] == [0]


def test_what_comes_by_the_hour_does_not_grow_with_orders() -> None:
    few, many = (reckoned(Numbers(it)).services["event-log"] for it in (1000, 2000))
    puts = 0.04 * 1e6 * 0.005 / 1000
    assert few["archive"] == pytest.approx(puts, rel=0.01)
    assert many["archive"] == pytest.approx(puts, rel=0.01)


def test_logs_are_kept_for_their_days_and_tables_for_ever() -> None:
    week, year = (reckoned(Numbers(1_000_000, log_days=it)) for it in (7, 365))
    assert year.parts["logs, stored"] / week.parts["logs, stored"] == pytest.approx(
        365 / 7, rel=0.1
    )
    young = reckoned(Numbers(1_000_000, months=1))
    assert week.parts["tables, stored"] == pytest.approx(12 * young.parts["tables, stored"])
    assert week.at_most >= {"tables, stored"}


@pytest.mark.parametrize(
    "said",
    [
        ["--orders", "-1"],
        ["--orders", "many"],
        ["--orders", "1e6"],
        ["--orders", "²"],
        ["--orders", str(10**11)],
        ["--lines", "0"],
        ["--lines", str(MAX_LINES + 1)],
        ["--log-days", "0"],
        ["--environment", "moon"],
    ],
)
def test_numbers_that_are_none_are_refused(
    said: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as refused:
        command.main(["bill", *said])
    assert refused.value.code == 2
    assert "argument" in capsys.readouterr().err


def test_an_order_may_have_as_many_lines_here_as_in_its_form() -> None:
    assert MOST_LINES == MAX_LINES


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", '{"counted_on": "yesterday", "1": [], "3": []}',
             '{"counted_on": "2026-11-27", "1": [["a", "b", "c", -1]], "3": []}'],
)  # fmt: skip
def test_a_record_that_cannot_be_read_says_how_to_count_again(text: str, tmp_path: Path) -> None:
    file = tmp_path / "counted.json"
    file.write_text(text)
    with pytest.raises(CostError, match="make costs ORDERS=20"):
        survey.read(file)


def test_what_is_counted_is_kept_for_one_order(tmp_path: Path) -> None:
    file = tmp_path / "counted.json"
    charges = [Charge("writes", "dynamodb-writes", 30, "orders")] * 2
    file.write_text(survey.written(date(2026, 11, 27), charges, charges, (10, 20)))
    found = survey.read(file)
    key = ("orders", "writes", "dynamodb-writes")
    assert (found.few[key], found.many[key]) == (6, 3)
    assert json.loads(file.read_text())["counted_on"] == "2026-11-27"
