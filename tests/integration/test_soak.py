"""`make soak` keeps a system busy under faults, undoes them, and says what grows."""

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from tests.support.drivers.own_system import OwnSystem, own_system
from tools.local.faults.note import Note
from tools.local.soak import Soak, report

pytestmark = pytest.mark.nightly


@pytest.fixture
def own(tmp_path: Path) -> Iterator[OwnSystem]:
    """Nobody else's orders are in these books."""
    with own_system(tmp_path) as system:
        yield system


def test_under_every_fault_nothing_is_lost_and_nothing_but_the_tables_grows(own: OwnSystem) -> None:
    said = io.StringIO()
    console = Console(file=said, width=120)
    deployment = own.deployment
    soak = Soak(
        deployment.emulator,
        deployment.outputs,
        deployment.emulator.workspace,
        minutes=4,
        rate=0.5,
        fault_seconds=10,
        quiet_seconds=20,
    )
    outcome = soak.run(console)
    assert report(soak, outcome, console), said.getvalue()
    assert outcome.placed == 120
    assert len(soak.caused) >= 6, soak.not_caused
    assert Note(deployment.emulator.workspace.soak_note).read() == {}
    assert "memory of each: functions" in said.getvalue()
