"""A deployed document names the commit that it comes from, and what is in no commit says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.drivers.repository import commit, git
from tools.configuration.errors import HistoryUnknown
from tools.configuration.provenance import (
    UNCOMMITTED,
    Provenance,
    commit_if_known,
    commit_of,
    described,
)

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


def test_a_shallow_checkout_does_not_name_a_commit_that_may_be_wrong(
    checkout: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    first = git(checkout, "rev-parse", "HEAD")
    (checkout / "other.json").write_text("{}")
    second = commit(checkout, "second")
    shallow = tmp_path_factory.mktemp("shallow")
    git(checkout, "clone", "--quiet", "--depth=1", f"file://{checkout}", str(shallow))
    # What git says there: the commit at which history is cut off.
    assert git(shallow, "log", "-1", "--format=%H", "--", "orders.json") == second != first
    with pytest.raises(HistoryUnknown, match=r"shallow.*git fetch --unshallow.*fetch-depth: 0"):
        commit_of(shallow / "orders.json")
    assert commit_if_known(shallow / "orders.json") == UNCOMMITTED
    git(shallow, "fetch", "--quiet", "--unshallow")
    assert commit_of(shallow / "orders.json") == first


def test_what_git_complains_of_is_shown(
    checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Git's own switch for its tests: the folder belongs to somebody else.
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    with pytest.raises(HistoryUnknown, match="dubious ownership"):
        commit_of(checkout / "orders.json")


def test_without_a_repository_git_says_so(tmp_path: Path) -> None:
    with pytest.raises(HistoryUnknown, match="not a git repository"):
        commit_of(tmp_path / "orders.json")
    assert commit_if_known(tmp_path / "orders.json") == UNCOMMITTED


def test_without_git_the_message_names_it(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    with pytest.raises(HistoryUnknown, match=r"git cannot be run: .*'git'"):
        commit_of(checkout / "orders.json")
    assert commit_if_known(checkout / "orders.json") == UNCOMMITTED
