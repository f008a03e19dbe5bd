"""Reserving, releasing, selling and expiring: once each, in whatever order they come."""

import itertools
from collections.abc import Callable
from typing import Any

import pytest

from inventory.commands import (
    RecordSale,
    ReleaseStock,
    ReserveStock,
    record_sale,
    release_expired,
    release_stock,
    reserve_stock,
)
from inventory.domain.errors import AlreadySold, Contended, NothingReserved, Overtaken, StockMissing
from inventory.domain.reservation import Line, Reservation, Status
from tests.support.examples.inventory import CONTEXT, NOON, ONE, TWO, new_id
from tests.support.fakes.in_memory_warehouse import InMemoryWarehouse

CUPS = [Line("CUP", 2)]


@pytest.fixture
def warehouse() -> InMemoryWarehouse:
    """Five cups."""
    stocked = InMemoryWarehouse()
    stocked.receive("d-1", "CUP", 5, NOON)
    return stocked


@pytest.fixture
def order() -> str:
    return new_id()


def reserve(warehouse: InMemoryWarehouse, order: str, lines: list[Line] = CUPS) -> Reservation:
    return reserve_stock(warehouse, ReserveStock(order, lines, ONE, CONTEXT))


def release(warehouse: InMemoryWarehouse, order: str) -> Reservation:
    return release_stock(warehouse, ReleaseStock(order, NOON, CONTEXT))


def cups(warehouse: InMemoryWarehouse) -> tuple[int, int, int]:
    level = warehouse.levels["CUP"]
    assert level["available"] + level["reserved"] + level["sold"] == level["received"]
    return level["available"], level["reserved"], level["sold"]


def test_reserved_stock_is_no_longer_available(warehouse: InMemoryWarehouse, order: str) -> None:
    assert reserve(warehouse, order).status is Status.HELD
    assert cups(warehouse) == (3, 2, 0)


def test_two_lines_of_one_sku_count_together(warehouse: InMemoryWarehouse, order: str) -> None:
    refusal = reserve(warehouse, order, [Line("CUP", 3), Line("CUP", 3)])
    assert (refusal.status, refusal.reason, refusal.sku) == (Status.REFUSED, "out-of-stock", "CUP")
    assert cups(warehouse) == (5, 0, 0)


def test_a_repetition_holds_nothing_more(warehouse: InMemoryWarehouse, order: str) -> None:
    assert reserve(warehouse, order) == reserve(warehouse, order)
    assert cups(warehouse) == (3, 2, 0)


def test_a_refusal_stays_one_though_stock_has_come(
    warehouse: InMemoryWarehouse, order: str
) -> None:
    many = [Line("CUP", 6)]
    refusal = reserve(warehouse, order, many)
    warehouse.receive("d-2", "CUP", 100, NOON)
    assert reserve(warehouse, order, many) == refusal
    assert cups(warehouse) == (105, 0, 0)


def test_released_stock_is_available_again_and_only_once(
    warehouse: InMemoryWarehouse, order: str
) -> None:
    reserve(warehouse, order)
    assert release(warehouse, order) == release(warehouse, order)
    assert cups(warehouse) == (5, 0, 0)


def test_a_release_before_its_reserve_makes_the_reserve_hold_nothing(
    warehouse: InMemoryWarehouse, order: str
) -> None:
    assert not release(warehouse, order).was_held
    assert reserve(warehouse, order).status is Status.RELEASED
    assert cups(warehouse) == (5, 0, 0)


def test_a_release_that_meets_a_reserve_on_its_way_releases_it(
    warehouse: InMemoryWarehouse, order: str
) -> None:
    warehouse.meanwhile = lambda: reserve(warehouse, order)
    assert release(warehouse, order).was_held
    assert cups(warehouse) == (5, 0, 0)


def test_a_refusal_that_meets_a_release_on_its_way_is_no_refusal(
    warehouse: InMemoryWarehouse, order: str
) -> None:
    def release_between_attempt_and_refusal() -> None:
        warehouse.meanwhile = lambda: release(warehouse, order)

    warehouse.meanwhile = release_between_attempt_and_refusal
    assert reserve(warehouse, order, [Line("CUP", 6)]).status is Status.RELEASED


def test_releasing_a_refused_order_changes_nothing(
    warehouse: InMemoryWarehouse, order: str
) -> None:
    reserve(warehouse, order, [Line("CUP", 6)])
    assert not release(warehouse, order).was_held
    assert cups(warehouse) == (5, 0, 0)


def test_a_confirmed_order_is_sold_once_and_never_expires(
    warehouse: InMemoryWarehouse, order: str
) -> None:
    reserve(warehouse, order)
    record_sale(warehouse, RecordSale(order))
    record_sale(warehouse, RecordSale(order))
    assert release_expired(warehouse, TWO, lambda _: None) == 0
    assert cups(warehouse) == (3, 0, 2)


def test_what_is_sold_is_not_released(warehouse: InMemoryWarehouse, order: str) -> None:
    reserve(warehouse, order)
    record_sale(warehouse, RecordSale(order))
    with pytest.raises(AlreadySold):
        release(warehouse, order)
    assert cups(warehouse) == (3, 0, 2)


def test_a_reservation_that_expired_gives_its_stock_back(
    warehouse: InMemoryWarehouse, order: str
) -> None:
    reserve(warehouse, order)
    announced: list[Reservation] = []
    assert release_expired(warehouse, NOON, announced.append) == 0
    assert release_expired(warehouse, ONE, announced.append) == 1
    assert release_expired(warehouse, TWO, announced.append) == 0
    assert [it.order_id for it in announced] == [order]
    assert cups(warehouse) == (5, 0, 0)


def test_an_expiry_that_could_not_be_announced_is_announced_later(
    warehouse: InMemoryWarehouse, order: str
) -> None:
    reserve(warehouse, order)

    def fails(_: Reservation) -> None:
        raise ConnectionError

    with pytest.raises(ConnectionError):
        release_expired(warehouse, ONE, fails)
    announced: list[Reservation] = []
    assert release_expired(warehouse, ONE, announced.append) == 1
    assert [it.order_id for it in announced] == [order]
    assert cups(warehouse) == (5, 0, 0)


def test_an_order_that_is_confirmed_just_before_it_expires_is_sold(
    warehouse: InMemoryWarehouse, order: str
) -> None:
    reserve(warehouse, order)
    warehouse.meanwhile = lambda: record_sale(warehouse, RecordSale(order))
    assert release_expired(warehouse, TWO, lambda _: None) == 0
    assert cups(warehouse) == (3, 0, 2)


def test_a_confirmation_that_comes_after_the_expiry_takes_the_stock_again(
    warehouse: InMemoryWarehouse, order: str
) -> None:
    reserve(warehouse, order)
    release_expired(warehouse, ONE, lambda _: None)
    assert reserve(warehouse, order).status is Status.EXPIRED
    record_sale(warehouse, RecordSale(order))
    assert cups(warehouse) == (3, 0, 2)


def test_a_confirmation_that_finds_the_stock_gone_says_so(
    warehouse: InMemoryWarehouse, order: str
) -> None:
    reserve(warehouse, order)
    release_expired(warehouse, ONE, lambda _: None)
    reserve(warehouse, new_id(), [Line("CUP", 5)])
    with pytest.raises(StockMissing):
        record_sale(warehouse, RecordSale(order))
    assert cups(warehouse) == (0, 5, 0)


def test_an_order_without_a_reservation_sells_nothing(
    warehouse: InMemoryWarehouse, order: str
) -> None:
    with pytest.raises(NothingReserved):
        record_sale(warehouse, RecordSale(order))
    release(warehouse, order)
    with pytest.raises(NothingReserved):
        record_sale(warehouse, RecordSale(order))
    assert cups(warehouse) == (5, 0, 0)


def test_a_command_that_is_overtaken_every_time_gives_up(
    warehouse: InMemoryWarehouse, order: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    reserve(warehouse, order)

    def always_overtaken(*_: object) -> None:
        raise Overtaken(order)

    monkeypatch.setattr(warehouse, "move", always_overtaken)
    with pytest.raises(Contended):
        release(warehouse, order)


@pytest.mark.parametrize(
    "steps", sorted(set(itertools.permutations(["reserve", "release", "reserve", "release"])))
)
def test_in_whatever_order_they_come_a_release_has_the_last_word(
    warehouse: InMemoryWarehouse, order: str, steps: tuple[str, ...]
) -> None:
    for step in steps:
        (reserve if step == "reserve" else release)(warehouse, order)
    assert cups(warehouse) == (5, 0, 0)
    assert warehouse.reservations[order].status is Status.RELEASED


def test_one_expiry_that_was_overtaken_leaves_the_others_to_expire(
    warehouse: InMemoryWarehouse,
) -> None:
    overtaken, *others = (new_id() for _ in range(3))
    for each in (overtaken, *others):
        reserve(warehouse, each, [Line("CUP", 1)])
    warehouse.meanwhile = lambda: record_sale(warehouse, RecordSale(overtaken))
    announced: list[str] = []
    assert release_expired(warehouse, TWO, lambda it: announced.append(it.order_id)) == 2
    assert announced == others
    assert cups(warehouse) == (4, 0, 1)


@pytest.mark.parametrize("failure", [Contended("order"), ConnectionError()], ids=repr)
@pytest.mark.parametrize("at", ["move", "keep", "announce"])
def test_one_expiry_that_fails_leaves_the_others_to_expire_and_is_an_error(
    warehouse: InMemoryWarehouse, monkeypatch: pytest.MonkeyPatch, failure: Exception, at: str
) -> None:
    bad, *others = (new_id() for _ in range(3))
    for each in (bad, *others):
        reserve(warehouse, each, [Line("CUP", 1)])
    announced: list[str] = []

    def failing(call: Callable[..., Any], order_of: Callable[..., str]) -> Callable[..., Any]:
        def fails_for_one(*args: Any) -> Any:
            if order_of(*args) == bad:
                raise failure
            return call(*args)

        return fails_for_one

    def announce(expired: Reservation) -> None:
        announced.append(expired.order_id)

    if at == "announce":
        announce = failing(announce, lambda it: str(it.order_id))
    else:
        call = failing(getattr(warehouse, at), lambda _before, after, *_: str(after.order_id))
        monkeypatch.setattr(warehouse, at, call)
    with pytest.raises(type(failure)):
        release_expired(warehouse, TWO, announce)
    assert announced[-2:] == others
    for each in others:
        assert warehouse.reservations[each].announced
    assert not warehouse.reservations[bad].announced
    monkeypatch.undo()
    assert release_expired(warehouse, TWO, lambda it: announced.append(it.order_id)) == 1
    assert announced[-1] == bad
    assert cups(warehouse) == (5, 0, 0)


def test_a_sale_is_answered_with_what_became_of_the_reservation(
    warehouse: InMemoryWarehouse, order: str
) -> None:
    reserve(warehouse, order)
    first = record_sale(warehouse, RecordSale(order))
    assert first == warehouse.reservations[order]
    assert first.status is Status.SOLD
    assert record_sale(warehouse, RecordSale(order)) == first


def test_a_sale_that_meets_its_release_takes_the_stock_again(
    warehouse: InMemoryWarehouse, order: str
) -> None:
    reserve(warehouse, order)
    warehouse.meanwhile = lambda: release(warehouse, order)
    assert record_sale(warehouse, RecordSale(order)).status is Status.SOLD
    assert cups(warehouse) == (3, 0, 2)


def test_a_sale_that_is_overtaken_every_time_gives_up(
    warehouse: InMemoryWarehouse, order: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    reserve(warehouse, order)

    def always_overtaken(*_: object) -> None:
        raise Overtaken(order)

    monkeypatch.setattr(warehouse, "move", always_overtaken)
    with pytest.raises(Contended):
        record_sale(warehouse, RecordSale(order))
