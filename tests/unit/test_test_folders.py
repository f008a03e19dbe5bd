"""Tests of one level import nothing from those of another: what two of them need is in support."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
LEVELS = ("unit", "contract", "infra", "integration", "faults", "e2e", "browser", "support")


def imported(source: str) -> Iterator[str]:
    """The levels of tests that a file imports from."""
    for node in ast.walk(ast.parse(source)):
        names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        names += [it.name for it in node.names] if isinstance(node, ast.Import) else []
        for name in names:
            if name.startswith("tests."):
                yield name.split(".")[1]


@pytest.mark.parametrize("level", LEVELS)
def test_a_level_imports_from_support_and_itself_alone(level: str) -> None:
    files = list((TESTS / level).rglob("*.py"))
    assert files
    strangers = {
        (file.relative_to(TESTS).as_posix(), name)
        for file in files
        for name in imported(file.read_text("utf-8"))
        if name not in {level, "support"}
    }
    assert strangers == set()


def test_an_import_from_another_level_is_found() -> None:
    planted = "from tests.integration.offline import URL\nimport tests.e2e.system\n"
    assert list(imported(planted)) == ["integration", "e2e"]
