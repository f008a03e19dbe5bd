"""Messages that come late, thrice and shuffled change nothing: each is meant once."""

import pytest

from tests.support.drivers.offline import eventually
from tests.support.drivers.shop import Shop
from tests.support.drivers.tracking_driver import HELD, TrackingDriver

UNDONE_BY = {
    "reserve-stock": "release-stock",
    "authorize-payment": "void-payment",
    "book-shipment": "cancel-shipment",
    "capture-payment": "refund-payment",
}


def test_an_undo_that_comes_before_its_do_makes_the_late_do_change_nothing(shop: Shop) -> None:
    orders = {step: shop.place_impatiently(step, HELD) for step in UNDONE_BY}
    shop.wait_until_over(orders.values())
    for step, order in orders.items():
        assert (order, UNDONE_BY[step]) in shop.courier.delivered
        assert (order, step) not in shop.courier.delivered
        shop.courier.let_go(order, step)
    for step, order in orders.items():
        shop.courier.wait_until_delivered(order, step)
        shop.wait_for_reply(order, step)
    assert {shop.state(order)["status"] for order in orders.values()} == {"rejected"}
    report = shop.report(orders.values())
    assert report.holds, report.violations
    assert not report.failed_undos


def test_a_confirmation_that_comes_after_the_rejection_is_refused(shop: Shop) -> None:
    order = shop.place_impatiently("confirm-order", HELD)
    shop.wait_until_over([order])
    shop.courier.let_go(order, "confirm-order")
    shop.wait_for_reply(order, "confirm-order")
    assert shop.state(order)["status"] == "rejected"
    report = shop.report([order])
    assert report.holds, report.violations


@pytest.fixture
def every_message_thrice(shop: Shop) -> TrackingDriver:
    shop.courier.repeats = 3
    return shop.courier


def test_every_message_three_times_and_shuffled_leads_to_one_of_everything(
    shop: Shop, every_message_thrice: TrackingDriver
) -> None:
    shop.provider.add_fault("decline", amount=4590, times=1)
    kept = [shop.place() for _ in range(3)]
    declined = shop.place(sku="KETTLE-STEEL")
    shop.wait_until_over([*kept, declined])
    eventually(lambda: every_message_thrice.is_idle())
    assert [shop.state(order)["status"] for order in kept] == ["confirmed"] * 3
    assert shop.state(declined)["status"] == "rejected"
    assert all(len(shop.provider.charges(order)) == 1 for order in kept)
    report = shop.report([*kept, declined])
    assert report.holds, report.violations
    assert not report.failed_undos
