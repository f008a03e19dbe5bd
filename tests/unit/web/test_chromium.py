"""The screens' tests find a browser that a user without root has, or say that there is none."""

from __future__ import annotations

import platform
from pathlib import Path

import pytest

from bundling.workspace import ROOT
from tests.support import chromium


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Linux on arm64 with an empty path; the folder that is its path."""
    monkeypatch.setattr(platform, "system", lambda: "Linux")
    monkeypatch.setattr(platform, "machine", lambda: "aarch64")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CHROMIUM", raising=False)
    return tmp_path


def test_without_a_browser_there_is_none(machine: Path) -> None:
    assert chromium.chromium() is None


@pytest.mark.parametrize("there", [True, False])
def test_the_run_of_ci_ends_at_once_where_there_is_none(machine: Path, there: bool) -> None:
    if there:
        (machine / "chromium").touch(mode=0o755)
        chromium.main()
    else:
        with pytest.raises(SystemExit, match="NO CHROMIUM"):
            chromium.main()
    script = (ROOT / ".ci" / "run").read_text()
    assert "set -e" in script
    assert ".venv/bin/python -m tests.support.chromium\n" in script


def test_the_distributions_is_found(machine: Path) -> None:
    program = machine / "chromium"
    program.touch(mode=0o755)
    assert chromium.chromium() == program


def test_one_that_is_named_comes_first(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (machine / "chromium").touch(mode=0o755)
    monkeypatch.setenv("CHROMIUM", "/opt/chrome")
    assert chromium.chromium() == Path("/opt/chrome")


def test_on_macos_it_is_chrome(
    machine: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(platform, "system", lambda: "Darwin")
    monkeypatch.setattr(chromium, "ON_MACOS", tmp_path / "Chrome")
    assert chromium.chromium() is None
    (tmp_path / "Chrome").touch()
    assert chromium.chromium() == tmp_path / "Chrome"
