"""A business refusal at any step of the saga undoes what came before it, in reverse."""

from tests.support.drivers.shop import FORWARD, Shop
from tests.support.drivers.tracking_driver import refused

UNDONE_AFTER = {
    "reserve-stock": ["reject-order"],
    "authorize-payment": ["release-stock", "reject-order"],
    "gather-quotes": ["void-payment", "release-stock", "reject-order"],
    "book-shipment": ["void-payment", "release-stock", "reject-order"],
    "capture-payment": ["cancel-shipment", "void-payment", "release-stock", "reject-order"],
    "confirm-order": ["refund-payment", "cancel-shipment", "release-stock", "reject-order"],
}


def test_a_refusal_at_each_step_undoes_the_steps_before_it_in_reverse(shop: Shop) -> None:
    orders = {step: shop.place({step: refused("not-today")}) for step in FORWARD}
    shop.wait_until_over(orders.values())
    assert {step: shop.undone(order) for step, order in orders.items()} == UNDONE_AFTER
    for order in orders.values():
        assert shop.state(order)["status"] == "rejected"
        assert shop.state(order)["reason"] == "not-today"
        assert shop.end(order) == "rejected"
    report = shop.report(orders.values())
    assert report.holds, report.violations
    assert not report.failed_undos


def test_refusals_of_the_services_themselves_end_as_rejections_with_their_reasons(
    shop: Shop,
) -> None:
    shop.provider.add_fault("decline", amount=24900, times=1)
    orders = {
        "out-of-stock": shop.place(sku="TABLE-OAK", quantity=999),
        "payment-declined": shop.place(sku="TABLE-OAK"),
        "unknown-destination": shop.place(country="ZZ"),
    }
    shop.wait_until_over(orders.values())
    assert {shop.end(order) for order in orders.values()} == {"rejected"}
    reasons = {shop.state(order)["reason"]: order for order in orders.values()}
    assert reasons == orders
    report = shop.report(orders.values())
    assert report.holds, report.violations


def test_an_order_that_nobody_refuses_is_confirmed(shop: Shop) -> None:
    order = shop.place()
    shop.wait_until_over([order])
    assert shop.state(order)["status"] == "confirmed"
    assert shop.steps(order) == list(FORWARD)
    report = shop.report([order])
    assert report.holds, report.violations
