"""The bus publisher's gate goes back so far that nothing that stood in a queue is lost."""

from __future__ import annotations

from typing import Any

import pytest

from shared.messaging.envelope import Envelope
from tests.support.examples.log_of_orders import ORDERS, event
from tools.recovery.restore import counted_anew, gate_before, interrupted

TAKEN_AT = "2026-12-01T09:12:30.000Z"
"""The order's versions are of 09:01, 09:02 and so on: 09:02:30 is ten minutes before."""


def gate(order_id: str, version: int) -> dict[str, Any]:
    return {
        "order_id": {"S": order_id},
        "version": {"N": str(version)},
        "places": {"S": "1:shard-0:49"},
    }


def stored(order_id: str, *versions: int) -> dict[str, dict[int, Envelope]]:
    return {order_id: {it: event(order_id, it, "OrderPlaced") for it in versions}}


def kept(item: dict[str, Any], history: dict[str, dict[int, Envelope]]) -> list[dict[str, Any]]:
    return list(gate_before([item], history, TAKEN_AT))


def test_what_was_published_long_before_is_not_told_again() -> None:
    assert kept(gate(ORDERS[0], 2), stored(ORDERS[0], 1, 2)) == [
        {"order_id": {"S": ORDERS[0]}, "version": {"N": "2"}}
    ]


def test_what_was_published_shortly_before_is_told_again() -> None:
    [item] = kept(gate(ORDERS[0], 3), stored(ORDERS[0], 1, 2, 3))
    assert item["version"] == {"N": "2"}
    assert kept(gate(ORDERS[0], 3), stored(ORDERS[0], 3)) == []


def test_an_order_that_the_store_does_not_know_yet_is_told_from_its_beginning() -> None:
    assert kept(gate(ORDERS[0], 1), {}) == []


def test_the_gate_never_goes_forward() -> None:
    [item] = kept(gate(ORDERS[0], 1), stored(ORDERS[0], 1, 2, 3))
    assert item["version"] == {"N": "1"}


def test_places_on_the_lost_regions_log_are_forgotten() -> None:
    [item] = kept(gate(ORDERS[0], 2), stored(ORDERS[0], 1, 2))
    assert "places" not in item


@pytest.mark.parametrize(
    ("part", "state", "attempt"),
    [("saga", "running", "2"), ("saga", "ended", "1"), ("saga", "stuck", "1")],
)
def test_a_saga_that_was_open_is_resumed_and_never_begun_anew(
    part: str, state: str, attempt: str
) -> None:
    item = {"part": {"S": part}, "state": {"S": state}, "attempt": {"N": "1"}}
    assert interrupted(item)["attempt"] == {"N": attempt}


def test_commands_and_their_answers_stay_as_they_are() -> None:
    command = {"part": {"S": "reserve-stock"}, "outcome": {"S": "done"}}
    assert interrupted(command) == command


def reservation(status: str, quantity: int) -> dict[str, Any]:
    line = {"M": {"sku": {"S": "MUG"}, "quantity": {"N": str(quantity)}}}
    return {"order_id": {"S": "o"}, "status": {"S": status}, "lines": {"L": [line]}}


def test_levels_fit_the_reservations_though_both_were_backed_up_at_different_times() -> None:
    delivery = {"sku": {"S": "MUG"}, "entry": {"S": "delivery#1"}, "quantity": {"N": "10"}}
    level = {
        "sku": {"S": "MUG"},
        "entry": {"S": "level"},
        "available": {"N": "4"},
        "reserved": {"N": "5"},
        "sold": {"N": "1"},
    }
    found = list(
        counted_anew(
            [level, delivery],
            [reservation("held", 2), reservation("sold", 3), reservation("released", 4)],
        )
    )
    assert found == [
        level | {"available": {"N": "5"}, "reserved": {"N": "2"}, "sold": {"N": "3"}},
        delivery,
    ]
