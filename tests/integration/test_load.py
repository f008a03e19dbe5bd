"""`make load` drives what is up with orders of every kind, and ends with the invariants."""

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from tests.support.drivers.own_system import OwnSystem, own_system
from tools.local.load import KINDS, Load, show


@pytest.fixture
def own(tmp_path: Path) -> Iterator[OwnSystem]:
    """Nobody else's orders are in these books."""
    with own_system(tmp_path) as system:
        yield system


def test_a_load_of_every_kind_of_order_ends_with_the_books_in_agreement(own: OwnSystem) -> None:
    said = io.StringIO()
    console = Console(file=said, width=100)
    mix = dict.fromkeys(KINDS, 1.0)
    load = Load(own.deployment.emulator, own.deployment.outputs, rate=6, duration=2, mix=mix)
    outcome = load.run(console)
    assert outcome.placed == len(load.placed) == 12
    assert outcome.failed_requests == 0
    assert sum(outcome.statuses.values()) == 12
    assert set(outcome.statuses) <= {"confirmed", "rejected", "cancelled"}
    assert len(outcome.confirmed_after) == outcome.statuses["confirmed"]
    assert show(outcome, console), said.getvalue()
    assert "12 orders: " in said.getvalue()
    assert "invariants: stock, money and shipments" in said.getvalue()
