"""Executions that end early go on by themselves, and a service that is down delays orders only."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from tests.support.drivers.offline import Deployment, eventually
from tests.support.drivers.shop import FORWARD, Shop
from tests.support.drivers.tracking_driver import HELD, TrackingDriver
from tools.emulator.emulator import Emulator
from tools.local.bring_up import bring_up

LATER = "2999-01-01T00:00:00.000Z"


def test_an_aborted_execution_is_resumed_at_once_and_does_nothing_twice(shop: Shop) -> None:
    orders = {step: shop.place({step: HELD}) for step in FORWARD}
    for step, order in orders.items():
        shop.wait_until_held(order, step)
        shop.abort(order)
    for step, order in orders.items():
        shop.wait_until_resumed(order)
        shop.courier.let_go(order, step)
    shop.wait_until_over(orders.values())
    assert {shop.state(order)["status"] for order in orders.values()} == {"confirmed"}
    assert all(len(shop.provider.charges(order)) == 1 for order in orders.values())
    report = shop.report(orders.values())
    assert report.holds, report.violations


def test_an_execution_aborted_while_it_undoes_goes_on_undoing(shop: Shop) -> None:
    orders = {
        undo: shop.place({"confirm-order": HELD, undo: HELD})
        for undo in ("refund-payment", "cancel-shipment", "release-stock", "reject-order")
    }
    for undo, order in orders.items():
        shop.wait_until_held(order, "confirm-order")
        assert shop.cancel(order) == 202
        shop.courier.let_go(order, "confirm-order")
        shop.wait_until_held(order, undo)
        shop.abort(order)
        shop.wait_until_resumed(order)
        shop.courier.let_go(order, undo)
    shop.wait_until_over(orders.values())
    assert {shop.state(order)["status"] for order in orders.values()} == {"cancelled"}
    assert {shop.saga(order) for order in orders.values()} == {"ended"}
    report = shop.report(orders.values())
    assert report.holds, report.violations
    assert not report.failed_undos


def test_while_payments_is_stopped_orders_are_accepted_and_complete_when_it_is_back(
    shop: Shop,
) -> None:
    shop.courier.stopped.add("payments")
    orders = [shop.place() for _ in range(4)]
    for order in orders:
        shop.courier.wait_until_delivered(order, "reserve-stock")
    eventually(lambda: len(shop.courier.waiting("payments")) == len(orders))
    assert {shop.state(order)["status"] for order in orders} == {"placed"}
    shop.courier.start_again("payments")
    shop.wait_until_over(orders)
    assert {shop.state(order)["status"] for order in orders} == {"confirmed"}
    report = shop.report(orders)
    assert report.holds, report.violations


@pytest.fixture
def lasting(tmp_path: Path) -> Iterator[Deployment]:
    """A deployment of its own whose state outlives the emulator."""
    with Emulator(tmp_path, persistence=True) as emulator:
        yield Deployment(emulator, bring_up(emulator, Console(quiet=True)), emulator.cloud)


@pytest.mark.nightly
def test_ten_sagas_in_the_middle_of_which_the_emulator_restarts_are_finished_by_the_sweeper(
    lasting: Deployment,
) -> None:
    # At every step, and with one that had to be undone.
    steps = [*FORWARD, "reserve-stock", "capture-payment", "confirm-order", "book-shipment"]
    with TrackingDriver(lasting) as courier:
        shop = Shop(lasting, courier)
        orders = [shop.place({step: HELD}) for step in steps]
        for order, step in zip(orders, steps, strict=True):
            shop.wait_until_held(order, step)
        undone = orders[-2]
        assert steps[-2] == "confirm-order"
        assert shop.cancel(undone) == 202
    port = lasting.emulator.port
    lasting.emulator.stop()
    with Emulator(lasting.emulator.workspace.root, persistence=True) as again:
        assert again.port == port, "addresses of queues name the port"
        bring_up(again, Console(quiet=True))
        restarted = Deployment(again, lasting.outputs, again.cloud)
        with TrackingDriver(restarted) as courier:
            shop = Shop(restarted, courier)
            assert {shop.status_of_execution(order) for order in orders} == {"FAILED"}
            assert shop.sweep(LATER) == len(orders)
            shop.wait_until_over(orders, 90)
            others = set(orders) - {undone}
            assert {shop.state(order)["status"] for order in others} == {"confirmed"}
            assert shop.state(undone)["status"] == "cancelled"
            report = shop.report(orders)
            assert report.holds, json.dumps([str(it) for it in report.violations])
            assert not report.failed_undos
            assert shop.sweep(LATER) == 0
