"""A file that a document for newcomers names is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = (
    "README.md",
    "CONTRIBUTING.md",
    "docs/README.md",
    "docs/glossary.md",
    "docs/troubleshooting.md",
    "SECURITY.md",
)
NAMED = re.compile(r"`([a-z_]+/[\w/.-]+\.(?:py|toml|md|json))`")
LINKED = re.compile(r"\]\((?!https?:|#)([^)#]+)[^)]*\)")


def missing(page: str, text: str) -> list[str]:
    """What the text of a page names and nobody has."""
    named = [ROOT / name for name in NAMED.findall(text) if "{" not in name]
    linked = [(ROOT / page).parent / name for name in LINKED.findall(text)]
    return [str(path.relative_to(ROOT)) for path in named + linked if not path.resolve().exists()]


@pytest.mark.parametrize("page", PAGES)
def test_every_file_that_a_page_names_is_there(page: str) -> None:
    text = (ROOT / page).read_text("utf-8")
    assert NAMED.findall(text) or LINKED.findall(text)
    assert missing(page, text) == []


def test_a_file_that_is_gone_is_found() -> None:
    planted = "`lambdas/shared/projector.py`, [there](../lambdas/gone.py) and [here](README.md)"
    assert len(missing("docs/README.md", planted)) == 2
