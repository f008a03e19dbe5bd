"""Dividing the archive by order: every order's events together, and nothing else."""

import random
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders_language.schemas import ORDER
from shared.messaging.envelope import encode
from shared.read_models import partitions
from shared.read_models.partitions import Split, by_aggregate, partition_of, split
from tests.support.examples.log_of_orders import ORDERS, event

INTEGRATION_EVENT = msgspec.structs.replace(
    event(ORDERS[0], 1, "StockReserved"), version=None, aggregate_type="inventory"
)


def divided(lines: list[bytes], count: int) -> tuple[dict[int, list[bytes]], Split]:
    parts: dict[int, list[bytes]] = {}
    result = split(
        ORDER, lines, count, lambda it, _number, body: parts.setdefault(it, []).append(body)
    )
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
    orders = [order for bodies in parts.values() for order in by_aggregate(bodies)]
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


def test_integration_events_are_passed_over_and_damage_is_counted() -> None:
    placed = event(ORDERS[0], 1, "OrderPlaced")
    lines = [
        encode(placed),
        encode(INTEGRATION_EVENT),
        b"not json",
        b"{}",
        encode(placed)[:-20] + b"\xff",
    ]
    parts, result = divided(lines, 3)
    assert (result.events + result.unreadable, result.passed_over) == (4, 1)
    assert result.unreadable >= 2
    assert [it for bodies in parts.values() for it, _ in by_aggregate(bodies)] == [ORDERS[0]]


def test_an_envelope_in_any_other_order_of_fields_is_divided_the_same() -> None:
    fields = list(msgspec.to_builtins(event(ORDERS[1], 2, "OrderConfirmed")).items())
    for seed in range(20):
        random.Random(seed).shuffle(fields)
        line = msgspec.json.encode(dict(fields))
        parts, result = divided([line], 1)
        assert result.events == 1
        assert list(by_aggregate(parts[0])) == [(ORDERS[1], [line])]


def test_an_order_that_is_only_named_in_an_integration_events_data_is_not_taken_for_its_owner() -> (
    None
):
    within = {"aggregate_type": "order", "aggregate_id": ORDERS[2], "version": 1}
    integration_event = msgspec.structs.replace(
        INTEGRATION_EVENT, data={"order_id": ORDERS[2], "of": within}
    )
    for order in ("", "reversed"):
        fields = msgspec.to_builtins(integration_event)
        line = msgspec.json.encode(dict(reversed(fields.items())) if order else fields)
        assert divided([line], 1)[1] == Split(passed_over=1)


OTHERS = {"aggregate_type": "inventory", "aggregate_id": ORDERS[2], "version": None}
ORDERS_OWN = {"aggregate_type": "order", "aggregate_id": ORDERS[2], "version": 3}


@pytest.mark.parametrize(
    "within", [OTHERS, ORDERS_OWN], ids=["an integration event", "another order's event"]
)
def test_what_data_says_before_the_envelope_does_is_not_believed(within: dict[str, Any]) -> None:
    fields = msgspec.to_builtins(event(ORDERS[0], 1, "OrderPlaced"))
    first = {"event_id": fields.pop("event_id"), "type": fields.pop("type"), "data": within}
    line = msgspec.json.encode(first | {it: fields[it] for it in fields if it != "data"})
    parts, result = divided([line], 1)
    assert result == Split(events=1)
    assert list(by_aggregate(parts[0])) == [(ORDERS[0], [line])]


LINE = encode(event(ORDERS[0], 12, "OrderPlaced"))
SHAPES = {
    "as we write it": LINE,
    "an integration event": encode(INTEGRATION_EVENT),
    "a command about an order": LINE.replace(b'"version":12', b'"version":null'),
    "a longer id": LINE.replace(b'","type"', b'0","type"'),
    "an id in capitals": LINE.replace(ORDERS[0].encode(), ORDERS[0].upper().encode()),
    "an order that is no UUID": LINE.replace(ORDERS[0].encode(), b"x" * 36),
    "an order that is longer": LINE.replace(b'","version"', b'0","version"'),
    "an order in spaces": LINE.replace(b'"version":12', b'"version": 12'),
    "no version": LINE.replace(b'"version":12,', b""),
    "a version in words": LINE.replace(b'"version":12', b'"version":"12"'),
    "a version below one": LINE.replace(b'"version":12', b'"version":-1'),
    "nothing after the version": LINE.partition(b"12")[0],
    "another first field": LINE.replace(b'"event_id"', b'"id"'),
    "an aggregate far behind": LINE.replace(b'"OrderPlaced"', b'"' + b"x" * 290 + b'"'),
    "a longer aggregate": LINE.replace(b'"order"', b'"orders"'),
    "no aggregate": LINE.replace(b'"aggregate_type":"order",', b""),
    "a space before it": b" " + LINE,
    "nothing": b"",
}


@pytest.mark.parametrize("shape", SHAPES)
def test_a_look_at_a_line_tells_what_parsing_it_does(
    shape: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = divided([SHAPES[shape]], 3)
    monkeypatch.setattr(partitions, "_aggregate_of", lambda *_: None)
    assert found == divided([SHAPES[shape]], 3)


def test_most_lines_need_no_parsing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(partitions, "_parsed", lambda *_: pytest.fail("it is parsed"))
    null = SHAPES["a command about an order"]
    assert divided([LINE, encode(INTEGRATION_EVENT), null], 1)[1] == Split(events=1, passed_over=2)


def test_each_line_that_cannot_be_read_is_named_with_its_reason_and_ends_nothing() -> None:
    named: list[tuple[bytes, str]] = []
    lines = [b"not json", LINE, b"{}", LINE]
    result = split(ORDER, lines, 1, lambda *_: None, lambda line, why: named.append((line, why)))
    assert result == Split(events=2, unreadable=2)
    assert [line for line, _ in named] == [b"not json", b"{}"]
    assert all(reason.startswith("not an envelope") for _, reason in named)


@pytest.mark.parametrize(("less", "lines"), [(0, 3), (1, 2)])
def test_what_is_held_is_written_once_it_is_much_and_under_a_number_of_its_own(
    less: int, lines: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = len(LINE) + len(ORDERS[0]) + len("\n")
    monkeypatch.setattr(partitions, "HELD_BYTES", 2 * kept - less)
    written: list[tuple[int, int, int]] = []
    split(
        ORDER,
        [LINE] * (2 * lines + 1),
        1,
        lambda part, number, body: written.append((part, number, len(body) // kept)),
    )
    assert written == [(0, 0, lines), (0, 1, lines), (0, 2, 1)]


def test_orders_are_spread_over_the_partitions() -> None:
    assert {partition_of(str(number).encode(), 4) for number in range(100)} == {0, 1, 2, 3}
