"""A difference is all that the base has not, however it is named; what git cannot tell is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.drivers.repository import commit, git
from tools.affected.changes import since
from tools.affected.errors import NoDifference


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A repository whose main has three files, and which is on a branch of it."""
    git(tmp_path, "init", "--quiet", "--initial-branch=main")
    for name in ("kept.py", "edited.py", "removed.py"):
        (tmp_path / name).write_text(f"{name}\n")
    commit(tmp_path, "all")
    git(tmp_path, "checkout", "--quiet", "-b", "branch")
    return tmp_path


def test_what_is_committed_staged_saved_or_not_tracked_counts(checkout: Path) -> None:
    (checkout / "committed.py").write_text("")
    commit(checkout, "one")
    (checkout / "staged.py").write_text("")
    git(checkout, "add", "staged.py")
    (checkout / "edited.py").write_text("other\n")
    (checkout / "a name\nof two lines.py").write_text("")
    (checkout / "removed.py").unlink()
    found = since(None, checkout)
    assert found.paths == {
        *("committed.py", "staged.py", "edited.py", "removed.py"),
        "a name\nof two lines.py",
    }
    assert found.deleted == {"removed.py": "removed.py\n"}


def test_a_renamed_file_is_one_that_goes_and_one_that_comes(checkout: Path) -> None:
    git(checkout, "mv", "kept.py", "moved.py")
    found = since("main", checkout)
    assert found.paths == {"kept.py", "moved.py"}
    assert set(found.deleted) == {"kept.py"}


def test_what_the_base_has_gained_meanwhile_is_no_change_of_ours(checkout: Path) -> None:
    (checkout / "ours.py").write_text("")
    commit(checkout, "ours")
    git(checkout, "checkout", "--quiet", "main")
    (checkout / "theirs.py").write_text("")
    commit(checkout, "theirs")
    git(checkout, "checkout", "--quiet", "branch")
    assert since("main", checkout).paths == {"ours.py"}


def test_ignored_files_do_not_count(checkout: Path) -> None:
    (checkout / ".gitignore").write_text("*.pyc\n")
    (checkout / "kept.pyc").write_text("")
    assert since(None, checkout).paths == {".gitignore"}


@pytest.mark.parametrize(
    "base", ["", "nowhere", "--help", "-p", "main..branch", "a b", "main\0", "$(touch x)"]
)
def test_a_base_that_is_no_commit_is_refused(checkout: Path, base: str) -> None:
    with pytest.raises(NoDifference, match="git knows no commit"):
        since(base, checkout)


def test_a_clone_without_main_is_told_to_name_one(checkout: Path) -> None:
    git(checkout, "branch", "--quiet", "-D", "main")
    with pytest.raises(NoDifference, match=r"'main' or 'origin/main'.*BASE="):
        since(None, checkout)


def test_a_base_of_another_history_is_refused(checkout: Path) -> None:
    git(checkout, "checkout", "--quiet", "--orphan", "apart")
    commit(checkout, "apart")
    with pytest.raises(NoDifference, match="no commit in common"):
        since("main", checkout)


def test_a_folder_without_git_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NoDifference, match="no git repository"):
        since(None, tmp_path / "nothing")
