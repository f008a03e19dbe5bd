"""The books' light says what stands, and not what orders under way look like for a moment."""

from __future__ import annotations

import uuid
from dataclasses import replace

from tools.local.faults.books_light import MOST, STANDS_SECONDS, BooksLight
from tools.local.invariants import ChargeRecord, OrderRecord, Records, StockRecord, shipment_id

ORDER, OTHER = (str(uuid.UUID(int=number)) for number in (1, 2))
LINES = {"MUG": 2}
GOOD = Records(
    orders={ORDER: OrderRecord("confirmed", 900, "EUR", LINES)},
    stock={"MUG": StockRecord(delivered=10, available=8, reserved=0, sold=2)},
    reservations={ORDER: ("sold", LINES)},
    charges=(ChargeRecord(ORDER, "captured", 900, 900, 0),),
    bookings=frozenset({shipment_id(ORDER)}),
    failed_undos=frozenset(),
)
LOST = replace(GOOD, charges=())


def test_books_that_agree_say_so_with_what_was_read() -> None:
    reading = BooksLight().judge(GOOD, (), at=5.0, seconds=0.1)
    assert (reading.state, reading.orders, reading.under_way) == ("agree", 1, 0)
    assert reading.findings == ()


def test_a_finding_that_stands_makes_the_books_disagree() -> None:
    light = BooksLight()
    assert light.judge(LOST, (), 0.0, 0.1).state == "agree"
    assert light.judge(LOST, (), STANDS_SECONDS - 1, 0.1).state == "agree"
    reading = light.judge(LOST, (), STANDS_SECONDS, 0.1)
    assert reading.state == "disagree"
    assert reading.findings == (f"{ORDER}: the order is confirmed, 0 was taken for 900",)


def test_a_finding_that_went_away_begins_anew() -> None:
    light = BooksLight()
    light.judge(LOST, (), 0.0, 0.1)
    light.judge(GOOD, (), 4.0, 0.1)
    assert light.judge(LOST, (), STANDS_SECONDS + 1, 0.1).state == "agree"


def test_of_orders_under_way_nothing_is_said() -> None:
    light = BooksLight()
    placed = replace(
        GOOD,
        orders={**GOOD.orders, OTHER: OrderRecord("placed", 900, "EUR", LINES)},
        stock={"MUG": StockRecord(delivered=10, available=6, reserved=2, sold=2)},
        charges=(*GOOD.charges, ChargeRecord(OTHER, "authorized", 900, 0, 0)),
    )
    for at in (0.0, 60.0):
        reading = light.judge(placed, (), at, 0.1)
    assert (reading.state, reading.under_way) == ("agree", 1)
    for at in (0.0, 60.0):  # it has ended, and its saga still undoes
        reading = light.judge(LOST, [ORDER], at, 0.1)
    assert (reading.state, reading.under_way) == ("agree", 1)


def test_negative_stock_is_wrong_whatever_is_under_way() -> None:
    light = BooksLight()
    negative = replace(GOOD, stock={"MUG": StockRecord(10, -1, 0, 11)})
    for at in (0.0, 60.0):
        reading = light.judge(negative, [ORDER], at, 0.1)
    assert reading.state == "disagree"
    assert "negative" in reading.findings[0]


def test_more_findings_than_are_told_are_said_to_be_more() -> None:
    orders = {str(uuid.UUID(int=it)): OrderRecord("confirmed", 1, "EUR", {}) for it in range(40)}
    light = BooksLight()
    for at in (0.0, 60.0):
        reading = light.judge(replace(GOOD, orders=orders), (), at, 0.1)
    assert len(reading.findings) == MOST
    assert reading.capped
