"""A customer may cancel at any moment: confirming and cancelling are never both done."""

from tests.support.drivers.offline import eventually
from tests.support.drivers.shop import FORWARD, Shop
from tests.support.drivers.tracking_driver import HELD


def test_an_order_cancelled_while_any_step_is_under_way_is_undone_with_a_refund(
    shop: Shop,
) -> None:
    orders = {step: shop.place({step: HELD}) for step in FORWARD}
    for step, order in orders.items():
        shop.wait_until_held(order, step)
        assert shop.cancel(order) == 202
        shop.courier.let_go(order, step)
    shop.wait_until_over(orders.values())
    assert {shop.state(order)["status"] for order in orders.values()} == {"cancelled"}
    for order in orders.values():
        assert "refund-payment" in shop.undone(order)
        assert shop.end(order) == "cancelled"
    report = shop.report(orders.values())
    assert report.holds, report.violations
    assert not report.failed_undos


def test_an_order_cancelled_before_its_saga_begins_needs_no_undo(shop: Shop) -> None:
    shop.courier.holds_placed_orders = True
    order = shop.place()
    eventually(lambda: shop.courier.holds_order(order))
    assert shop.cancel(order) == 202
    shop.courier.let_orders_go()
    shop.wait_until_over([order])
    # The first step finds that nobody brought the order along, and sends nothing.
    assert order not in {delivered for delivered, _ in shop.courier.delivered}
    assert shop.undone(order) == []
    assert shop.end(order) == "cancelled"
    assert shop.report([order]).holds


def test_a_confirmed_order_cannot_be_cancelled(shop: Shop) -> None:
    order = shop.place()
    shop.wait_until_over([order])
    assert shop.state(order)["status"] == "confirmed"
    assert shop.cancel(order) == 409
