"""A damaged record is as none, so that everything can be stopped and started again."""

from pathlib import Path

import pytest

from tools.base.errors import DeploymentError
from tools.base.outputs import read
from tools.base.records import read_record
from tools.base.workspace import Workspace
from tools.emulator.emulator import Emulator

DAMAGED = ["", "{", "null", "[]", '"text"', '{"pid": "x"}', "\x00\x00", '{"pid": null}']


@pytest.mark.parametrize("content", DAMAGED)
def test_a_damaged_record_is_as_none(tmp_path: Path, content: str) -> None:
    file = tmp_path / "record.json"
    file.write_text(content)
    assert read_record(file) == {}


def test_a_record_is_read(tmp_path: Path) -> None:
    file = tmp_path / "record.json"
    assert read_record(file) == {}
    file.write_text('{"pid": 1, "auth": true}')
    assert read_record(file) == {"pid": 1, "auth": True}


@pytest.mark.parametrize("content", DAMAGED)
def test_an_emulator_with_a_damaged_record_can_be_stopped(tmp_path: Path, content: str) -> None:
    workspace = Workspace(tmp_path)
    workspace.emulator_record.write_text(content)
    emulator = Emulator.of(workspace)
    assert not emulator.is_healthy()
    assert emulator.stop() == []


def test_without_a_record_state_that_was_kept_is_kept_again(tmp_path: Path) -> None:
    assert not Emulator.of(Workspace(tmp_path)).persistence
    (tmp_path / "state").mkdir()
    assert Emulator.of(Workspace(tmp_path)).persistence


@pytest.mark.parametrize("content", [*DAMAGED, "{}", '{"endpoint": 7}'])
def test_damaged_outputs_are_named_with_what_writes_them_again(
    tmp_path: Path, content: str
) -> None:
    file = tmp_path / "outputs.json"
    file.write_text(content)
    with pytest.raises(
        DeploymentError, match=r"outputs\.json is damaged: `make up` writes it again"
    ):
        read(file)
