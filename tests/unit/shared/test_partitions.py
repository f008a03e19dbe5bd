"""Dividing the archive by order: every order's events together, and nothing else."""

import random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import partitions
from shared.envelope import encode
from shared.partitions import Split, by_order, split
from tests.unit.shared.projection import ORDERS, event

FACT = msgspec.structs.replace(
    event(ORDERS[0], 1, "StockReserved"), version=None, aggregate_type="inventory"
)


def divided(lines: list[bytes], count: int) -> tuple[dict[int, list[bytes]], Split]:
    parts: dict[int, list[bytes]] = {}
    result = split(lines, count, lambda it, _number, body: parts.setdefault(it, []).append(body))
    return parts, result


@given(
    st.lists(st.tuples(st.sampled_from(ORDERS), st.integers(1, 5)), max_size=60),
    st.integers(1, 5),
    st.integers(1, 3000),
)
def test_each_order_is_in_one_partition_with_all_that_was_archived_of_it(
    archived: list[tuple[str, int]], count: int, held: int
) -> None:
    lines = [encode(event(order_id, version, "OrderPlaced")) for order_id, version in archived]
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(partitions, "HELD_BYTES", held)
        parts, result = divided(lines, count)
    orders = [order for bodies in parts.values() for order in by_order(bodies)]
    assert len({order_id for order_id, _ in orders}) == len(orders)
    found = {order_id: sorted(events) for order_id, events in orders}
    expected = {
        order_id: sorted(
            encode(event(it, version, "OrderPlaced")) for it, version in archived if it == order_id
        )
        for order_id, _ in archived
    }
    assert found == expected
    assert result == Split(events=len(lines))


def test_facts_are_passed_over_and_damage_is_counted() -> None:
    placed = event(ORDERS[0], 1, "OrderPlaced")
    lines = [encode(placed), encode(FACT), b"not json", b"{}", encode(placed)[:-20] + b"\xff"]
    parts, result = divided(lines, 3)
    assert (result.events + result.unreadable, result.passed_over) == (4, 1)
    assert result.unreadable >= 2
    assert [it for bodies in parts.values() for it, _ in by_order(bodies)] == [ORDERS[0]]


def test_an_envelope_in_any_other_order_of_fields_is_divided_the_same() -> None:
    fields = list(msgspec.to_builtins(event(ORDERS[1], 2, "OrderConfirmed")).items())
    for seed in range(20):
        random.Random(seed).shuffle(fields)
        line = msgspec.json.encode(dict(fields))
        parts, result = divided([line], 1)
        assert result.events == 1
        assert list(by_order(parts[0])) == [(ORDERS[1], [line])]


def test_an_order_that_is_only_named_in_a_facts_data_is_not_taken_for_its_owner() -> None:
    within = {"aggregate_type": "order", "aggregate_id": ORDERS[2], "version": 1}
    fact = msgspec.structs.replace(FACT, data={"order_id": ORDERS[2], "of": within})
    for order in ("", "reversed"):
        fields = msgspec.to_builtins(fact)
        line = msgspec.json.encode(dict(reversed(fields.items())) if order else fields)
        assert divided([line], 1)[1] == Split(passed_over=1)
