"""Keeps what a command printed as a picture, for the README: real output, never drawn by hand."""

from __future__ import annotations

import re
from pathlib import Path

from rich.console import Console

WIDTH = 100
_FONTS = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)


def recording() -> Console:
    """A console that remembers what it prints."""
    return Console(record=True, width=WIDTH, markup=False, highlight=False, soft_wrap=True)


def forget_what_was_printed(console: Console) -> None:
    """Begin the picture with what is printed from now on."""
    console.export_text(clear=True)


def save(console: Console, file: Path) -> None:
    """Write what was printed as SVG, in the reader's own fixed-width font."""
    text = _FONTS.sub("", console.export_svg(title="make run"))
    text = text.replace("Fira Code, monospace", "monospace").replace("Fira Code", "monospace")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
