"""Undos that fail: once is forgiven, for good reaches an operator, and stops no other undo."""

import json

from tests.support.drivers.console_operator import ConsoleOperator
from tests.support.drivers.offline import eventually
from tests.support.drivers.shop import UNDOS, Shop
from tests.support.drivers.tracking_driver import BROKEN, BROKEN_ONCE, Handling, refused

# At which refusal the undo is needed.
NEEDED_AFTER = {
    "refund-payment": "confirm-order",
    "cancel-shipment": "capture-payment",
    "void-payment": "capture-payment",
    "release-stock": "capture-payment",
    "reject-order": "capture-payment",
}


def place_each(shop: Shop, broken: Handling) -> dict[str, str]:
    """For each undo an order that needs it, and finds it broken."""
    return {
        undo: shop.place({NEEDED_AFTER[undo]: refused("not-today"), undo: broken}) for undo in UNDOS
    }


def test_an_undo_that_fails_once_is_tried_again(shop: Shop) -> None:
    orders = place_each(shop, BROKEN_ONCE)
    shop.wait_until_over(orders.values())
    assert {shop.saga(order) for order in orders.values()} == {"ended"}
    assert {shop.state(order)["status"] for order in orders.values()} == {"rejected"}
    report = shop.report(orders.values())
    assert report.holds, report.violations
    assert not report.failed_undos


def test_an_undo_that_fails_for_good_reaches_an_operator_and_is_undone_when_he_resumes(
    shop: Shop,
) -> None:
    orders = place_each(shop, BROKEN)
    unsettled = orders.pop("reject-order")
    shop.wait_until_over(orders.values())
    eventually(lambda: shop.saga(unsettled) == "stuck")
    for undo, order in orders.items():
        assert shop.saga(order) == "stuck"
        assert shop.state(order)["status"] == "rejected", "one failed undo stops no other"
        assert set(shop.undone(order)) > {undo, "reject-order"} or undo == "release-stock"
    everyone = [*orders.values(), unsettled]
    report = shop.report(everyone)
    assert report.holds, report.violations
    expected = {(order, undo) for undo, order in orders.items()} | {(unsettled, "reject-order")}
    assert set(report.failed_undos) == expected, "exactly those are listed"
    assert {it.order_id for it in report.excused} == set(everyone)

    told = eventually(lambda: shop.told_operators(everyone))
    for undo, order in {**orders, "reject-order": unsettled}.items():
        assert told[order]["failed_undo"] == [undo]
        assert told[order]["execution"] == order
        assert told[order]["cause"] == "not-today"

    listed = shop.waiting_for_operators()
    assert {order: listed[order] for order in everyone} == {
        order: (undo, "failed: gave-up")
        for undo, order in {**orders, "reject-order": unsettled}.items()
    }

    shop.courier.plan = {}
    assert resumed_in_the_console(shop, unsettled) == f"{unsettled}.2"
    for order in orders.values():
        assert shop.resume(order) == f"{order}.2"
    assert not set(everyone) & set(shop.waiting_for_operators())
    shop.wait_until_over(everyone)
    assert {shop.saga(order) for order in everyone} == {"ended"}
    report = shop.report(everyone)
    assert report.holds, report.violations
    assert not report.failed_undos
    assert not report.excused


def resumed_in_the_console(shop: Shop, order: str) -> str:
    """Planned and confirmed by an operator; the new execution's name."""
    operator = ConsoleOperator(shop.deployment)
    path = f"sagas/{order}/resume"
    assert [it["step"] for it in operator.plan(path)["items"]] == ["reject-order"]
    execution: str = operator.change(path)["execution"]
    return execution


def test_the_operators_message_is_an_envelope_without_anything_about_a_person(shop: Shop) -> None:
    order = shop.place({"capture-payment": refused("not-today"), "void-payment": BROKEN})
    shop.wait_until_over([order])
    told = eventually(lambda: shop.told_operators([order]), 20)[order]
    assert set(told) == {"order_id", "execution", "failed_undo", "done", "possibly", "cause"}
    assert "customer" not in json.dumps(told)
