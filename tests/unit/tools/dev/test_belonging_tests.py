"""Which tests `make dev` runs for what was saved last."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest

from tools.dev.belonging_tests import belonging_tests


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    for file in (
        "tests/unit/orders/test_order.py",
        "tests/unit/orders/handlers/test_place_order.py",
        "tests/unit/sales/test_fold.py",
        "tests/infra/test_snapshots.py",
        "tests/contract/test_configuration_schemas.py",
    ):
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).touch()
    return tmp_path


@pytest.mark.parametrize(
    ("saved", "belong"),
    [
        (
            "lambdas/orders/handlers/place_order.py",
            ["tests/unit/orders/handlers/test_place_order.py"],
        ),
        ("lambdas/sales/queries.py", ["tests/unit/sales"]),
        ("tests/unit/sales/test_fold.py", ["tests/unit/sales/test_fold.py"]),
        ("stacks/sales.py", ["tests/infra/test_snapshots.py"]),
        ("config/dev/orders.json", ["tests/contract/test_configuration_schemas.py"]),
        ("lambdas/nowhere/commands.py", []),
        ("docs/saga.md", []),
    ],
)
def test_a_file_has_the_tests_named_after_it_or_those_of_its_part(
    checkout: Path, saved: str, belong: list[str]
) -> None:
    assert belonging_tests([PurePosixPath(saved)], checkout) == belong


def test_a_test_that_its_folder_holds_already_runs_once(checkout: Path) -> None:
    saved = map(PurePosixPath, ["lambdas/sales/queries.py", "tests/unit/sales/test_fold.py"])
    assert belonging_tests(saved, checkout) == ["tests/unit/sales"]
