"""Commands refuse what cannot be meant before they call anybody."""

from pathlib import Path
from typing import Any

import pytest

from tools.base.errors import FunctionFailed
from tools.base.target import Target
from tools.operations import rebuild
from tools.operations.__main__ import main

ORDER = "2a0d6bb4-9d24-55ad-9791-4c70ff45ac2b"


@pytest.mark.parametrize(
    "command",
    [
        ["redrive", "--consumer", "nobody"],
        ["park", "--consumer", "sales", "--shard", "s", "--sequence", "last"],
        ["resume", "--order", "42"],
        ["history", "--order", "42"],
        ["history", "--order", ORDER, "--at", "yesterday"],
        ["history", "--order", ORDER, "--at", "2026-12-01T09:30:00"],
        ["history", "--order", ORDER, "--at", "0001-01-01T00:00:00+14:00"],
        ["history", "--order", ORDER, "--at", "2026-W49-2T09:30Z"],
        ["history", "--order", ORDER, "--at", "2026-12-01T09:30:00Z", "--version", "1"],
        ["rebuild", "--view", "customers"],
        ["--environment", "production", "checksum", "--view", "sales"],
        [],
    ],
)
def test_a_command_without_sense_is_refused(
    command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as exited:
        main(command)
    assert exited.value.code == 2
    assert "usage:" in capsys.readouterr().err


def test_where_nothing_is_deployed_the_command_says_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--workspace", str(tmp_path), "checksum", "--view", "sales"]) == 1
    assert "make up" in capsys.readouterr().err


def test_a_command_for_the_emulator_never_leaves_this_machine(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "outputs.json").write_text('{"endpoint": "https://lambda.eu-west-1.amazonaws.com"}')
    assert main(["--workspace", str(tmp_path), "checksum", "--view", "sales"]) == 1
    assert "refusing to talk to" in capsys.readouterr().err


@pytest.fixture
def offline_target(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A target that answers nothing: what a command calls is replaced."""

    def nobody(_service: str) -> Any:
        raise AssertionError("nothing is to be called")

    target = Target("offline", "dev", nobody, is_offline=True)
    monkeypatch.setattr("tools.base.place.offline", lambda _: target)
    return tmp_path


def _checksum(workspace: Path) -> int:
    return main(["--workspace", str(workspace), "checksum", "--view", "sales"])


def test_ctrl_c_ends_a_command_without_a_stack_trace(
    offline_target: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(rebuild, "show_checksums", interrupted)
    assert _checksum(offline_target) == 130
    assert capsys.readouterr().err.strip() == (
        "interrupted: what is done stays done; run the same command again to continue"
    )


@pytest.mark.parametrize("kind", ["PointerMoved", "NotReady"])
def test_a_step_that_is_not_possible_now_says_what_there_is_and_what_to_do(
    offline_target: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    kind: str,
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise FunctionFailed("sales rebuild", kind, "g1 is served, g2 is filled")

    monkeypatch.setattr(Target, "call", refuse)
    assert _checksum(offline_target) == 1
    said = capsys.readouterr().err
    assert "sales: g1 is served, g2 is filled. `make checksum VIEW=sales` shows" in said
    assert kind not in said


def test_another_failure_of_a_function_keeps_its_name(
    offline_target: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise FunctionFailed("sales rebuild", "RuntimeError", "broken")

    monkeypatch.setattr(Target, "call", fail)
    assert _checksum(offline_target) == 1
    assert "sales rebuild: RuntimeError: broken" in capsys.readouterr().err
