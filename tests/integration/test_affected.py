"""What `make affected` selects for a difference fails when that difference breaks something."""

from __future__ import annotations

import pytest

from tests.support.drivers.broken_copy import BrokenCopy
from tests.support.examples.differences import RECORDED, Difference

pytestmark = pytest.mark.nightly


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> BrokenCopy:
    return BrokenCopy(tmp_path_factory.mktemp("broken"))


@pytest.mark.parametrize("difference", RECORDED, ids=lambda it: it.path)
def test_a_selected_test_fails_and_passes_without_the_difference(
    copy: BrokenCopy, difference: Difference
) -> None:
    with copy.of(difference) as selection:
        assert selection.changes.paths == {difference.path}
        found = copy.failing(selection.tests)
        assert found, f"none of {len(selection.tests)} selected tests has failed"
    assert copy.passes(found), f"{found} fails without the difference, too"
