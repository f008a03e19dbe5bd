"""What a load is made of is read from the command line, and nonsense is refused."""

import io
from collections import Counter

import pytest
from rich.console import Console

from tools.base.errors import OfflineError
from tools.local.invariants import Finding, Report
from tools.local.load import KINDS, Outcome, parse_mix, show


def test_a_mix_names_kinds_of_orders_with_their_weights() -> None:
    assert parse_mix("good=90, declined=9.5") == {"good": 90.0, "declined": 9.5}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "good",
        "good=",
        "good=much",
        "good=0",
        "good=-1",
        "good=nan",
        "good=inf",
        "bad=1",
        "good=1,",
    ],
)
def test_a_mix_that_makes_no_sense_is_refused_with_the_reason(text: str) -> None:
    with pytest.raises(OfflineError, match=r"no kind of order|a weight is"):
        parse_mix(text)


def test_only_one_kind_of_order_has_the_amount_that_is_declined() -> None:
    lines = [str(order["lines"]) for order in KINDS.values()]
    assert sum("TEAPOT-IRON" in it for it in lines) == 1


def outcome_with(*violations: Finding, failed_requests: int = 0) -> Outcome:
    return Outcome(
        placed=2,
        failed_requests=failed_requests,
        statuses=Counter({"confirmed": 1, "rejected": 1}),
        confirmed_after=(1.5,),
        settled_after=3.25,
        report=Report(Counter(), violations, excused=()),
    )


def said_of(outcome: Outcome) -> tuple[bool, str]:
    file = io.StringIO()
    return show(outcome, Console(file=file, width=200)), file.getvalue()


def test_a_load_after_which_the_books_agree_has_gone_well() -> None:
    well, said = said_of(outcome_with())
    assert well
    assert "2 orders: 1 confirmed, 1 rejected" in said
    assert "p50 1.50 s" in said
    assert "all ended 3.2 s after the last one was placed" in said
    assert "invariants: stock, money and shipments" in said


def test_a_load_after_which_the_books_do_not_agree_names_the_order_and_has_not() -> None:
    well, said = said_of(outcome_with(Finding("order-7", "stock is held for an order rejected")))
    assert not well
    assert "violated: order-7: stock is held for an order rejected" in said
    assert "invariants:" not in said


def test_a_load_of_which_a_request_failed_has_not_gone_well() -> None:
    well, said = said_of(outcome_with(failed_requests=3))
    assert not well
    assert "3 requests failed" in said
