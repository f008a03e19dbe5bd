"""A step without an answer may have happened: it is undone as if it had, and nothing else is."""

from tests.support.drivers.shop import FORWARD, Shop
from tests.support.drivers.tracking_driver import LOST, UNANSWERED, Handling

UNDONE_AFTER = {
    "reserve-stock": ["release-stock", "reject-order"],
    "authorize-payment": ["void-payment", "release-stock", "reject-order"],
    "gather-quotes": ["void-payment", "release-stock", "reject-order"],
    "book-shipment": ["cancel-shipment", "void-payment", "release-stock", "reject-order"],
    "capture-payment": ["refund-payment", "cancel-shipment", "release-stock", "reject-order"],
    # First of all the order is rejected, so that it cannot be confirmed any more.
    "confirm-order": [
        "reject-order",
        "refund-payment",
        "cancel-shipment",
        "release-stock",
        "reject-order",
    ],
}


def test_a_step_that_was_never_done_and_never_answered_is_undone_with_those_before_it(
    shop: Shop,
) -> None:
    orders = {step: shop.place_impatiently(step, LOST) for step in FORWARD}
    shop.wait_until_over(orders.values())
    assert {step: shop.undone(order) for step, order in orders.items()} == UNDONE_AFTER
    for step, order in orders.items():
        assert shop.state(order)["status"] == "rejected"
        assert shop.state(order)["reason"] == f"{step}-unanswered"
    report = shop.report(orders.values())
    assert report.holds, report.violations
    assert not report.failed_undos


def test_a_step_that_was_done_but_never_answered_is_undone_with_those_before_it(shop: Shop) -> None:
    orders = {step: shop.place_impatiently(step, UNANSWERED) for step in FORWARD}
    shop.wait_until_over(orders.values())
    confirmed = orders.pop("confirm-order")
    assert {step: shop.undone(order) for step, order in orders.items()} == {
        step: UNDONE_AFTER[step] for step in orders
    }
    assert {shop.state(order)["status"] for order in orders.values()} == {"rejected"}
    # The confirmation had happened: rejecting is refused, and nothing is undone.
    assert shop.undone(confirmed) == ["reject-order"]
    assert shop.state(confirmed)["status"] == "confirmed"
    report = shop.report([*orders.values(), confirmed])
    assert report.holds, report.violations
    assert not report.failed_undos


def test_a_worker_killed_between_its_work_and_its_answer_does_the_work_once(shop: Shop) -> None:
    killed = Handling(replies=0)
    orders = {step: shop.place({step: killed}) for step in FORWARD}
    for step, order in orders.items():
        shop.courier.wait_until_answer_is_lost(order, step)
        # Its queue delivers the command again, to a worker that lives.
        shop.courier.plan[order, step] = Handling()
        shop.courier.deliver_again(order, step)
    shop.wait_until_over(orders.values())
    assert {shop.state(order)["status"] for order in orders.values()} == {"confirmed"}
    assert all(len(shop.provider.charges(order)) == 1 for order in orders.values())
    report = shop.report(orders.values())
    assert report.holds, report.violations
