"""A deployed document names the commit that it comes from, and what is in no commit says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from configuration.provenance import UNCOMMITTED, Provenance, commit_of, described
from tests.unit.configuration.repository import commit, git

COMMIT, HASH = "a" * 40, "b" * 64


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A repository with one committed document."""
    git(tmp_path, "init", "--quiet")
    (tmp_path / "orders.json").write_text("{}")
    commit(tmp_path, "first")
    return tmp_path


def test_a_description_says_what_it_was_made_of() -> None:
    assert str(Provenance(COMMIT, HASH)) == f"commit {COMMIT} sha256 {HASH}"
    assert described(f"commit {COMMIT} sha256 {HASH}") == Provenance(COMMIT, HASH)
    assert described(f"commit uncommitted sha256 {HASH}") == Provenance(UNCOMMITTED, HASH)


@pytest.mark.parametrize(
    "description", ["", "quick fix", f"commit {COMMIT}", f"commit {COMMIT} sha256 {HASH}\n"]
)
def test_a_description_of_somebody_else_is_none_of_ours(description: str) -> None:
    assert described(description) is None


def test_the_commit_is_the_one_that_changed_the_document(checkout: Path) -> None:
    first = git(checkout, "rev-parse", "HEAD")
    (checkout / "other.json").write_text("{}")
    second = commit(checkout, "second")
    assert commit_of(checkout / "orders.json") == first
    assert commit_of(checkout / "other.json") == second


def test_a_revert_is_a_change_like_any_other(checkout: Path) -> None:
    (checkout / "orders.json").write_text('{"settings": {}}')
    commit(checkout, "second")
    git(checkout, "revert", "--no-edit", "HEAD")
    assert commit_of(checkout / "orders.json") == git(checkout, "rev-parse", "HEAD")


def test_what_is_in_no_commit_is_uncommitted(checkout: Path) -> None:
    (checkout / "new.json").write_text("{}")
    (checkout / "orders.json").write_text("[]")
    assert commit_of(checkout / "new.json") == UNCOMMITTED
    assert commit_of(checkout / "orders.json") == UNCOMMITTED


def test_without_a_repository_everything_is_uncommitted(tmp_path: Path) -> None:
    assert commit_of(tmp_path / "orders.json") == UNCOMMITTED
