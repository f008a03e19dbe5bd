"""A save is a whole folder of one moment, or it does not count."""

import time
from pathlib import Path

import pytest

from tools.base.workspace import Workspace
from tools.emulator import engine_saves
from tools.emulator.engine_saves import Write, save

pytestmark = pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")


@pytest.fixture
def state(tmp_path: Path) -> Path:
    state = tmp_path / "state"
    (state / "s3").mkdir(parents=True)
    (state / "s3" / "object").write_text("one")
    (state / "tables.json").write_text("as it was at the start")
    return state


def _writing(text: str) -> Write:
    def write(folder: Path) -> None:
        draft = folder / "tables.json.tmp"
        draft.write_text(text)
        draft.replace(folder / "tables.json")

    return write


def _replace(file: Path, text: str) -> None:
    draft = file.with_suffix(".tmp")
    draft.write_text(text)
    draft.replace(file)


def test_a_save_has_what_is_written_for_it_and_what_lies_in_the_state(state: Path) -> None:
    assert save(state, _writing("now"))
    saved = state.with_name("state.saved")
    assert (saved / "tables.json").read_text() == "now"
    assert (saved / "s3" / "object").read_text() == "one"
    assert (state / "tables.json").read_text() == "as it was at the start"


def test_a_save_stays_as_it_was_when_files_are_replaced_or_removed(state: Path) -> None:
    save(state, _writing("now"))
    _replace(state / "s3" / "object", "two")
    saved = state.with_name("state.saved")
    assert (saved / "s3" / "object").read_text() == "one"
    (state / "s3" / "object").unlink()
    assert (saved / "s3" / "object").read_text() == "one"
    assert save(state, _writing("later"))
    assert (saved / "tables.json").read_text() == "later"
    assert not (saved / "s3" / "object").exists()
    assert sorted(it.name for it in state.parent.iterdir()) == ["state", "state.saved"]


def test_a_save_that_fails_leaves_the_one_before(state: Path) -> None:
    def fail(folder: Path) -> None:
        (folder / "tables.json").unlink()
        raise OSError("no space left on device")

    save(state, _writing("before"))
    assert not save(state, fail)
    assert (state.with_name("state.saved") / "tables.json").read_text() == "before"


def test_a_save_that_hangs_is_given_up(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_saves, "LONGEST_SAVE_SECONDS", 0.2)
    assert not save(state, lambda _: time.sleep(60))
    assert not state.with_name("state.saved").exists()


def test_an_end_between_two_saves_leaves_the_one_before(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    assert not workspace.last_save.exists()
    (tmp_path / "state.before").mkdir()
    assert workspace.last_save.name == "state.before"
    (tmp_path / "state.saved").mkdir()
    assert workspace.last_save.name == "state.saved"
