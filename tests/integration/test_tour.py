"""The tour shows what it says: a flag in both positions, and what was refused and why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from io import StringIO

import pytest
from rich.console import Console

from tests.support.drivers.offline import Deployment
from tools.base.errors import OfflineError
from tools.base.target import of_emulator
from tools.local import tour


@dataclass
class Shown:
    """A stage, and what was printed on it."""

    stage: tour.Stage
    file: StringIO

    def __contains__(self, words: str) -> bool:
        return words in self.file.getvalue()


@pytest.fixture
def shown(deployment: Deployment) -> Iterator[Shown]:
    """The stage of the tour; git's document is deployed afterwards."""
    file = StringIO()
    stage = tour.Stage(
        deployment.outputs,
        deployment.cloud,
        deployment.token(),
        deployment.emulator.workspace,
        of_emulator(deployment.cloud),
        Console(file=file, width=120, markup=False, highlight=False, soft_wrap=True),
    )
    try:
        yield Shown(stage, file)
    finally:
        stage.apply()


def test_ordering_is_off_and_on_again(shown: Shown) -> None:
    tour.flip_a_flag(shown.stage)
    assert "/flags/accept-orders/enabled: true -> false" in shown
    assert "s after config-apply  503" in shown
    assert "s after config-apply  202" in shown


def test_each_refusal_names_the_place_and_the_rule(shown: Shown) -> None:
    tour.refuse_by_schema(shown.stage)
    assert '/settings/max_lines: type "integer": "as many as you like"' in shown
    tour.refuse_by_meaning(shown.stage)
    assert "the validator function says: " in shown
    assert "/introductory-discount/basis_points" in shown


def test_a_refusal_that_does_not_come_ends_the_tour(
    shown: Shown, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tools.local.tour.validation.validate", lambda *_, **__: None)
    with pytest.raises(OfflineError, match="was not refused"):
        tour.refuse_by_meaning(shown.stage)
