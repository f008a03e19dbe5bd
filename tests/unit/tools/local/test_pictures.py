"""The README's picture begins with the first order, and one screen holds it."""

from __future__ import annotations

import re
from pathlib import Path

from tools.local import pictures

CHECKOUT = Path(__file__).parents[4]
PICTURE = CHECKOUT / "docs" / "images" / "run.svg"


def test_a_picture_holds_what_was_printed_after_its_beginning(tmp_path: Path) -> None:
    console = pictures.recording()
    console.print("deployed")
    pictures.forget_what_was_printed(console)
    console.print("ordered")
    pictures.save(console, tmp_path / "run.svg")
    picture = (tmp_path / "run.svg").read_text()
    assert "ordered" in picture
    assert "deployed" not in picture


def test_the_readmes_picture_begins_with_the_order_and_is_wider_than_high() -> None:
    picture = PICTURE.read_text()
    shown = re.findall(r"<text [^>]*>([^<]+)</text>", picture)
    assert shown[0] == "make&#160;run"
    assert re.match(
        r"Order&#160;[\w-]+&#160;goes&#160;through", next(it for it in shown[1:] if it.strip())
    )
    size = re.search(r"viewBox=\"0 0 ([\d.]+) ([\d.]+)\"", picture)
    assert size
    assert float(size[1]) > float(size[2])
