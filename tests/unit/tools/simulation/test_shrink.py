"""A failure is made small, and still fails."""

from __future__ import annotations

import pytest

from tools.simulation import bugs
from tools.simulation.aws.functions import Library
from tools.simulation.run import Options, simulate
from tools.simulation.shrink import drawing, shrink


@pytest.mark.nightly
def test_a_failure_becomes_small_and_is_drawn() -> None:
    library = Library(bugs.named("failed-insert-is-taken-for-made").plants)
    seeds = range(1, 30)
    seed = next(it for it in seeds if not simulate(it, library, Options(whole_client=False)).holds)
    before = simulate(seed, library)
    small, after = shrink(seed, library, Options())
    assert not after.holds
    assert len(after.hits) < len(before.hits)
    assert not simulate(seed, library, small).holds  # the same again
    drawn = drawing(seed, library, small).splitlines()
    assert drawn[0] == "sequenceDiagram"
    assert any("FAULT" in line or "dynamodb" in line for line in drawn[1:])
