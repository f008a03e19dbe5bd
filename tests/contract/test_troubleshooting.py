"""Each message that the page on troubleshooting explains is one that the code prints."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "troubleshooting.md"
HEADINGS = re.findall(r"^### (.+)$", PAGE.read_text("utf-8"), re.MULTILINE)
SOURCES = ("tools", "bundling", "stacks")
ANYTHING = "…"
TO_EXPLAIN = (
    "tools/emulator/emulator.py",
    "tools/base/workspace.py",
    "tools/toolchain/setup.py",
    "tools/emulator/parity.py",
)
"""What newcomers run first: of these, every message is explained, or named as nobody's."""
NOT_NEWCOMERS = {"the emulator has learned these types, but docs/parity.toml still says"}


def message(node: ast.AST) -> str | None:
    """A text of the code, with a gap for each value that is put in."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(
            str(part.value) if isinstance(part, ast.Constant) else ANYTHING for part in node.values
        )
    return None


@cache
def printed() -> tuple[str, ...]:
    """Every text of the tools' code, and the Makefile's lines."""
    found = [
        text
        for folder in SOURCES
        for file in sorted((ROOT / folder).rglob("*.py"))
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if (text := message(node))
    ]
    return *found, *(ROOT / "Makefile").read_text("utf-8").splitlines()


def pattern(heading: str) -> re.Pattern[str]:
    """What a message has to hold, in this order, to be the heading's."""
    parts = [it.strip(" `") for it in heading.replace("`", "").split(ANYTHING)]
    return re.compile(".*".join(re.escape(it) for it in parts if it), re.DOTALL)


def is_printed(heading: str, texts: tuple[str, ...]) -> bool:
    wanted = pattern(heading)
    return any(wanted.search(text.replace("`", "")) for text in texts)


@pytest.mark.parametrize("heading", HEADINGS)
def test_a_message_that_is_explained_is_printed_by_something(heading: str) -> None:
    assert len(re.sub(r"\W", "", heading)) > 5, "it would fit everything"
    assert is_printed(heading, printed()), f"nothing prints {heading}"


def test_a_message_that_nobody_prints_is_found() -> None:
    assert not is_printed("`the emulator is tired: …`", printed())
    assert not is_printed("`did not start the emulator`", printed())
    assert is_printed("`… did not start`", ("{} did not start",))


def raised(file: str) -> Iterator[str]:
    for node in ast.walk(ast.parse((ROOT / file).read_text("utf-8"))):
        error = node.exc if isinstance(node, ast.Raise) else None
        if isinstance(error, ast.Call) and error.args and (text := message(error.args[0])):
            yield text


@pytest.mark.parametrize("file", TO_EXPLAIN)
def test_every_message_that_a_newcomer_may_meet_first_is_explained(file: str) -> None:
    messages = list(raised(file))
    assert messages
    missing = [
        text
        for text in messages
        if not text.startswith(tuple(NOT_NEWCOMERS))
        and not any(is_printed(heading, (text,)) for heading in HEADINGS)
    ]
    assert missing == []
