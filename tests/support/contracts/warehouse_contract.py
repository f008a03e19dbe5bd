"""What every warehouse promises: the tables and the fake that stands in for them."""

from collections.abc import Callable
from typing import Protocol

import pytest

from inventory.domain.errors import Overtaken, StockMissing
from inventory.domain.reservation import Bucket, Line
from inventory.ports import Deliveries, Warehouse
from tests.support.examples.inventory import NOON, ONE, TWO, held, new_id, new_sku


class StockedWarehouse(Warehouse, Deliveries, Protocol):
    """A warehouse that deliveries come to."""


Levels = Callable[[str], dict[str, int]]


class WarehouseContract:
    """Inherit it; give it fixtures ``warehouse`` and ``levels``, which reads a SKU's numbers."""

    def test_a_delivery_is_counted_once(self, warehouse: StockedWarehouse, levels: Levels) -> None:
        sku = new_sku()
        assert warehouse.receive("d-1", sku, 7, NOON)
        assert not warehouse.receive("d-1", sku, 7, NOON)
        assert warehouse.receive("d-2", sku, 1, NOON)
        assert levels(sku) == {"available": 8, "reserved": 0, "sold": 0, "received": 8}

    def test_every_line_moves_and_the_reservation_is_kept(
        self, warehouse: StockedWarehouse, levels: Levels
    ) -> None:
        cup, pot, order = new_sku(), new_sku(), new_id()
        for sku in (cup, pot):
            warehouse.receive("d-1", sku, 5, NOON)
        reservation = held(order, Line(cup, 2), Line(pot, 5))
        warehouse.move(None, reservation, Bucket.AVAILABLE, Bucket.RESERVED)
        assert warehouse.find(order) == reservation
        assert levels(cup) == {"available": 3, "reserved": 2, "sold": 0, "received": 5}
        assert levels(pot) == {"available": 0, "reserved": 5, "sold": 0, "received": 5}

    def test_no_line_moves_if_one_cannot(self, warehouse: StockedWarehouse, levels: Levels) -> None:
        cup, pot, order = new_sku(), new_sku(), new_id()
        for sku in (cup, pot):
            warehouse.receive("d-1", sku, 5, NOON)
        with pytest.raises(StockMissing) as missing:
            warehouse.move(
                None, held(order, Line(cup, 5), Line(pot, 6)), Bucket.AVAILABLE, Bucket.RESERVED
            )
        assert (missing.value.sku, missing.value.reason) == (pot, "out-of-stock")
        assert warehouse.find(order) is None
        assert levels(cup)["available"] == levels(pot)["available"] == 5

    def test_a_sku_that_was_never_delivered_is_unknown(self, warehouse: StockedWarehouse) -> None:
        with pytest.raises(StockMissing) as missing:
            warehouse.move(
                None, held(new_id(), Line(new_sku(), 1)), Bucket.AVAILABLE, Bucket.RESERVED
            )
        assert missing.value.reason == "unknown-sku"

    def test_an_order_is_reserved_for_once(
        self, warehouse: StockedWarehouse, levels: Levels
    ) -> None:
        sku, order = new_sku(), new_id()
        warehouse.receive("d-1", sku, 5, NOON)
        reservation = held(order, Line(sku, 2))
        warehouse.move(None, reservation, Bucket.AVAILABLE, Bucket.RESERVED)
        with pytest.raises(Overtaken):
            warehouse.move(None, reservation, Bucket.AVAILABLE, Bucket.RESERVED)
        assert levels(sku)["available"] == 3

    def test_a_reservation_ends_only_once(
        self, warehouse: StockedWarehouse, levels: Levels
    ) -> None:
        sku, order = new_sku(), new_id()
        warehouse.receive("d-1", sku, 5, NOON)
        reservation = held(order, Line(sku, 2))
        warehouse.move(None, reservation, Bucket.AVAILABLE, Bucket.RESERVED)
        warehouse.move(reservation, reservation.sell(), Bucket.RESERVED, Bucket.SOLD)
        with pytest.raises(Overtaken):
            warehouse.move(reservation, reservation.release(), Bucket.RESERVED, Bucket.AVAILABLE)
        assert levels(sku) == {"available": 3, "reserved": 0, "sold": 2, "received": 5}

    def test_a_refusal_is_kept_unless_somebody_was_faster(
        self, warehouse: StockedWarehouse
    ) -> None:
        order = new_id()
        refusal = held(order, Line("CUP", 1)).refuse("out-of-stock", "CUP")
        assert warehouse.keep(None, refusal)
        assert warehouse.find(order) == refusal
        assert not warehouse.keep(None, refusal)

    def test_what_is_due_is_found_until_its_expiry_was_announced(
        self, warehouse: StockedWarehouse
    ) -> None:
        sku, early, late = new_sku(), new_id(), new_id()
        warehouse.receive("d-1", sku, 5, NOON)
        first = held(early, Line(sku, 1), until=ONE)
        for reservation in (first, held(late, Line(sku, 1), until=TWO)):
            warehouse.move(None, reservation, Bucket.AVAILABLE, Bucket.RESERVED)

        def due(now: str) -> set[str]:
            return {it.order_id for it in warehouse.due(now)} & {early, late}

        assert due(NOON) == set()
        assert due(ONE) == {early}
        assert due(TWO) == {early, late}
        warehouse.move(first, first.expire(), Bucket.RESERVED, Bucket.AVAILABLE)
        assert due(ONE) == {early}
        assert warehouse.keep(first.expire(), first.expire().announce())
        assert due(ONE) == set()
