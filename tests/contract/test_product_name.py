"""The product's name stands in pyproject.toml and in no code: what is called after it asks there.

Texts and data cannot ask, and have it in them: pages, the console's first one included, schemas,
snapshots, CODEOWNERS, cdk.json. ``make rename`` writes them, with the name itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from contracts.product import PRODUCT
from tools.base.workspace import CHECKOUT
from tools.checks.secret_scan.scan import code

CODE = {".py", ".ts", ".tsx", ".mjs", ".css", ".jinja", ".yml", ".in", ".txt"}


def spelled(files: Iterable[Path]) -> Iterator[str]:
    """Where the name stands in code, whichever letters are capitals."""
    for file in files:
        if file.suffix in CODE or file.name == "Makefile":
            lines = file.read_text("utf-8").splitlines()
            for number, line in enumerate(lines, start=1):
                if PRODUCT in line.lower():
                    yield f"{file}:{number}: {line.strip()}"


def test_no_code_spells_the_products_name() -> None:
    found = list(spelled(CHECKOUT / it for it in code()))
    assert not found, "PRODUCT of contracts.product, or shared.runtime.product, has the name"


@pytest.mark.parametrize("name", ["one.py", "{{ two }}.json.jinja", "three.tsx", "Makefile"])
def test_one_that_does_is_found(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(f'"""{PRODUCT[:-1]}"""\n# {PRODUCT.capitalize()}\n')
    [found] = spelled([tmp_path / name])
    assert f"{name}:2: " in found
