"""What others wrote never acts on an operator's terminal, wherever a command shows it."""

from __future__ import annotations

import ast
import io
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.table import Table
from rich.text import Text

from tools.base.terminal import Terminal, say, show_errors_plainly, shown

ROOT = Path(__file__).parents[4]
TOOLS = ("base", "emulator", "local", "operations", "configuration", "smoke", "teardown")
HOSTILE = "[/x][bold]\x1b[2J\x1b]0;owned\x07\x9b31m‮gpj\r⁦:boom:"


def written(*renderables: object, width: int = 200) -> str:
    file = io.StringIO()
    console = Terminal(file=file, width=width)
    for renderable in renderables:
        console.print(renderable)
    return file.getvalue()


def table(text: str) -> Table:
    made = Table("one", "two", box=None)
    made.add_row(text, Text(text))
    return made


@pytest.mark.parametrize("make", [str, table])
def test_what_would_act_is_written_out(make: object) -> None:
    said = written(make(HOSTILE))  # type: ignore[operator]
    assert said.replace("\n", "").isprintable()
    assert "[/x][bold]" in said
    assert "\\x1b[2J" in said
    assert "\\u202egpj" in said
    assert ":boom:" in said


@given(st.text(max_size=60))
def test_no_text_acts_or_breaks_a_command(text: str) -> None:
    for said in (written(text, table(text)), shown(text)):
        assert said.replace("\n", "").isprintable()


def test_the_consoles_own_colours_stay() -> None:
    file = io.StringIO()
    Terminal(file=file, force_terminal=True, color_system="standard").print("\x1b[2J", style="red")
    assert file.getvalue() == "\x1b[31m\\x1b[2J\x1b[0m\n"


def test_a_line_without_a_console_is_written_out_too(capsys: pytest.CaptureFixture[str]) -> None:
    say(f"bucket {HOSTILE}\nnext line")
    first, second, _ = capsys.readouterr().out.split("\n")
    assert first.isprintable()
    assert second == "next line"


def test_a_stack_trace_does_not_act_either(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    show_errors_plainly()
    error = RuntimeError(HOSTILE)
    sys.excepthook(RuntimeError, error, None)
    assert capsys.readouterr().err.replace("\n", "").isprintable()


@pytest.mark.parametrize("tool", TOOLS)
def test_every_command_writes_through_it(tool: str) -> None:
    """A console of one's own would obey what it prints, and so would print."""
    others = []
    files = list((ROOT / "tools" / tool).rglob("*.py"))
    assert files
    for path in files:
        if path.name in ("terminal.py", "pictures.py"):
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
                continue
            is_quiet = [it.arg for it in node.keywords] == ["quiet"]
            if node.func.id == "print" or (node.func.id == "Console" and not is_quiet):
                others.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert others == []
