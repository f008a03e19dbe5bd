"""The drill itself, with few orders: a region is killed, rebuilt elsewhere, and returned to."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.console import Console

from tools.recovery.drill import Drill

pytestmark = pytest.mark.nightly


def test_a_lost_region_goes_on_in_another_one_and_comes_back(tmp_path: Path) -> None:
    lost, returned = Drill(tmp_path / "regions", Console(quiet=True), quiet=6, busy=24).run()
    assert {**lost.checks, **returned.checks} == dict.fromkeys(
        {**lost.checks, **returned.checks}, True
    )
    assert lost.from_archive, "nothing was newer than the backup: the drill proves less"
    assert lost.under_way, "no order was under way"
    assert (lost.undecided, returned.undecided) == (0, 0)
    assert not returned.lost
    # What an order's customer had an answer to is lost only if it came after what was copied.
    assert all(seconds <= lost.archive_age + 5 for seconds in lost.lost.values())
