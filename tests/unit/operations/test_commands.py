"""Commands refuse what cannot be meant before they call anybody."""

from pathlib import Path

import pytest

from operations.__main__ import main

ORDER = "2a0d6bb4-9d24-55ad-9791-4c70ff45ac2b"


@pytest.mark.parametrize(
    "command",
    [
        ["redrive", "--consumer", "nobody"],
        ["park", "--consumer", "sales", "--shard", "s", "--sequence", "last"],
        ["history", "--order", "42"],
        ["history", "--order", ORDER, "--at", "yesterday"],
        ["history", "--order", ORDER, "--at", "2026-12-01T09:30:00"],
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
