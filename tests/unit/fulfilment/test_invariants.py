"""The checker sees every kind of disorder, and excuses exactly what failed undos left behind."""

from dataclasses import replace

import pytest

from tools.local.invariants import (
    ChargeRecord,
    OrderRecord,
    Records,
    StockRecord,
    examine,
    shipment_id,
)

SOLD = "0b0f9a52-7a0c-4c44-8a56-3e0a1b2c3d4e"
LOST = "7b1b2cb1-9a43-5f4e-8f0a-1d1f3a0f3f11"
LINES = {"MUG-BLUE": 2}
IN_ORDER = Records(
    orders={
        SOLD: OrderRecord("confirmed", 2580, "EUR", LINES),
        LOST: OrderRecord("rejected", 2580, "EUR", LINES),
    },
    stock={"MUG-BLUE": StockRecord(delivered=10, available=8, reserved=0, sold=2)},
    reservations={SOLD: ("sold", LINES), LOST: ("released", LINES)},
    charges=(
        ChargeRecord(SOLD, "captured", 2580, 2580, 0),
        ChargeRecord(LOST, "voided", 2580, 0, 0),
    ),
    bookings=frozenset({shipment_id(SOLD)}),
    failed_undos=frozenset(),
)
SALE = IN_ORDER.charges[0]


def test_a_sale_and_a_rejection_in_order_are_in_order() -> None:
    report = examine(IN_ORDER)
    assert report.holds
    assert report.orders == {"confirmed": 1, "rejected": 1}


def test_a_sale_that_inventory_has_not_heard_of_yet_is_in_order() -> None:
    records = replace(
        IN_ORDER,
        stock={"MUG-BLUE": StockRecord(10, 8, 2, 0)},
        reservations={SOLD: ("held", LINES), LOST: ("released", LINES)},
    )
    assert examine(records).holds


WRONG = {
    "an order that nobody ended": replace(
        IN_ORDER, orders={**IN_ORDER.orders, LOST: OrderRecord("placed", 2580, "EUR", LINES)}
    ),
    "stock held for a rejected order": replace(
        IN_ORDER,
        stock={"MUG-BLUE": StockRecord(10, 6, 2, 2)},
        reservations={SOLD: ("sold", LINES), LOST: ("held", LINES)},
    ),
    "stock released for a confirmed order": replace(
        IN_ORDER,
        stock={"MUG-BLUE": StockRecord(10, 10, 0, 0)},
        reservations={SOLD: ("released", LINES), LOST: ("released", LINES)},
    ),
    "stock reserved in another quantity": replace(
        IN_ORDER,
        stock={"MUG-BLUE": StockRecord(10, 9, 0, 1)},
        reservations={SOLD: ("sold", {"MUG-BLUE": 1}), LOST: ("released", LINES)},
    ),
    "a piece that vanished": replace(IN_ORDER, stock={"MUG-BLUE": StockRecord(10, 7, 0, 2)}),
    "a piece that nobody bound": replace(IN_ORDER, stock={"MUG-BLUE": StockRecord(10, 7, 1, 2)}),
    "stock below zero": replace(IN_ORDER, stock={"MUG-BLUE": StockRecord(1, -1, 0, 2)}),
    "money still held": replace(
        IN_ORDER, charges=(SALE, ChargeRecord(LOST, "authorized", 2580, 0, 0))
    ),
    "money taken for a rejected order": replace(
        IN_ORDER, charges=(SALE, ChargeRecord(LOST, "captured", 2580, 2580, 0))
    ),
    "money given back for a confirmed order": replace(
        IN_ORDER, charges=(ChargeRecord(SOLD, "refunded", 2580, 2580, 2580),)
    ),
    "a second charge": replace(IN_ORDER, charges=(SALE, SALE)),
    "a second charge that was let go": replace(
        IN_ORDER, charges=(*IN_ORDER.charges, ChargeRecord(SOLD, "voided", 2580, 0, 0))
    ),
    "a charge for no order": replace(
        IN_ORDER, charges=(*IN_ORDER.charges, ChargeRecord("other", "captured", 5, 5, 0))
    ),
    "a sale without money": replace(IN_ORDER, charges=()),
    "a carrier that comes in vain": replace(
        IN_ORDER, bookings=frozenset({shipment_id(SOLD), shipment_id(LOST)})
    ),
    "a sale that nobody ships": replace(IN_ORDER, bookings=frozenset()),
}


@pytest.mark.parametrize("what", WRONG)
def test_disorder_is_found(what: str) -> None:
    assert not examine(WRONG[what]).holds


@pytest.mark.parametrize(
    ("what", "undo"),
    [
        ("stock held for a rejected order", "release-stock"),
        ("money still held", "void-payment"),
        ("money still held", "refund-payment"),
        ("money taken for a rejected order", "refund-payment"),
        ("a carrier that comes in vain", "cancel-shipment"),
        ("an order that nobody ended", "reject-order"),
    ],
)
def test_what_a_failed_undo_left_behind_is_listed_and_excused(what: str, undo: str) -> None:
    report = examine(replace(WRONG[what], failed_undos=frozenset({(LOST, undo)})))
    assert report.holds
    assert [(it.order_id, undo in it.undos) for it in report.excused] == [(LOST, True)]


def test_a_failed_undo_excuses_nothing_else() -> None:
    records = replace(
        WRONG["money still held"], failed_undos=frozenset({(LOST, "cancel-shipment")})
    )
    assert not examine(records).holds
