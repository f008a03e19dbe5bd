"""`make load` drives what is up with orders of every kind, and ends with the invariants."""

import io

from rich.console import Console

from local.load import KINDS, Load, show
from tests.integration.offline import Deployment


def test_a_load_of_every_kind_of_order_ends_with_the_books_in_agreement(
    deployment: Deployment,
) -> None:
    said = io.StringIO()
    console = Console(file=said, width=100)
    load = Load(deployment.emulator, deployment.outputs, 4, 3, dict.fromkeys(KINDS, 1.0))
    outcome = load.run(console)
    assert outcome.placed == len(load.placed) == 12
    assert outcome.failed_requests == 0
    assert sum(outcome.statuses.values()) == 12
    assert set(outcome.statuses) <= {"confirmed", "rejected", "cancelled"}
    assert len(outcome.confirmed_after) == outcome.statuses["confirmed"]
    assert show(outcome, console), said.getvalue()
    assert "12 orders: " in said.getvalue()
    assert "invariants: stock, money and shipments" in said.getvalue()
