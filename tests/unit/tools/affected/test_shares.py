"""Which part of the suite's time a change in one service selects, by recorded times."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.durations import FILE, remember
from tests.unit.tools.affected.test_selection import TREE
from tools.affected import __main__ as command
from tools.affected.errors import NothingRecorded
from tools.affected.shares import RECORDED, shares
from tools.base.workspace import CHECKOUT

TIMES = {
    "tests/unit/baskets/test_basket.py": [3, 10.0],
    "tests/unit/labels/test_print.py": [2, 20.0],
    "tests/contract/test_modules.py": [1, 30.0],
    "tests/infra/test_templates.py": [9, 40.0],
    "tests/gone/test_gone.py": [1, 1000.0],
}


@dataclass
class Report:
    """One phase of one test."""

    nodeid: str
    duration: float
    when: str | None = "call"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    for name, text in TREE.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    (tmp_path / RECORDED).parent.mkdir()
    (tmp_path / RECORDED).write_text(json.dumps(TIMES))
    return tmp_path


def test_a_service_selects_the_part_that_its_tests_take(checkout: Path) -> None:
    found, seconds, untimed = shares(checkout)
    assert seconds == 100, "what is no test any more does not count"
    assert "tests/e2e/test_filling.py" in untimed
    of = {it.service: it for it in found}
    # Handler and domain select its own test, the language another one's, its stack those of all.
    assert of["baskets"].files == 4
    assert of["baskets"].usual == pytest.approx(0.15)
    assert of["baskets"].most == pytest.approx(0.70)
    assert of["baskets"].everything == pytest.approx(1.0)
    assert of["baskets"].longest[0] == ("tests/infra/test_templates.py", 0.4)
    assert [it.usual for it in found] == sorted((it.usual for it in found), reverse=True)


def test_without_times_nothing_is_said(checkout: Path) -> None:
    for text in ("", "[]", "{}x", '{"tests/a.py": 1}'):
        (checkout / RECORDED).write_text(text)
        with pytest.raises(NothingRecorded, match="make test"):
            shares(checkout)
    (checkout / RECORDED).unlink()
    with pytest.raises(NothingRecorded, match="make test"):
        shares(checkout)


def test_the_command_says_it_as_a_table(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "CHECKOUT", checkout)
    assert command.main(["shares"]) == 0
    said = capsys.readouterr().out
    assert "| baskets | 4 | 15.0% | 70.0% | 100.0% | test_templates.py 40.0%," in said
    assert "Without a time" in said
    (checkout / RECORDED).unlink()
    assert command.main(["shares"]) == 1
    assert "make test" in capsys.readouterr().err


def test_each_phase_of_a_test_counts_and_a_run_of_fewer_tests_changes_nothing(
    tmp_path: Path,
) -> None:
    file = tmp_path / ".cache" / "times.json"
    first = [Report("tests/a.py::one", 1.5, "setup"), Report("tests/a.py::one", 2.0)]
    remember([*first, Report("tests/a.py::two[x::y]", 1.0), Report("tests/b.py::b", 4.0)], file)
    assert json.loads(file.read_text()) == {"tests/a.py": [2, 4.5], "tests/b.py": [1, 4.0]}
    remember([Report("tests/a.py::one", 99.0), Report("tests/b.py::b", 3.0)], file)
    assert json.loads(file.read_text()) == {"tests/a.py": [2, 4.5], "tests/b.py": [1, 3.0]}


def test_a_record_that_cannot_be_kept_breaks_no_run(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    remember([Report("tests/a.py::one", 1.0)], tmp_path / "file" / "times.json")
    broken = tmp_path / "times.json"
    broken.write_text("{")
    remember([Report("tests/a.py::one", 1.0)], broken)
    assert json.loads(broken.read_text()) == {"tests/a.py": [1, 1.0]}


def test_what_is_written_is_what_is_read() -> None:
    assert FILE == CHECKOUT / RECORDED
