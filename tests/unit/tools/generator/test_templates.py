"""Every kind gives clean code, however long its name is and wherever that falls in the alphabet."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tools.base.workspace import CHECKOUT
from tools.generator import generate
from tools.generator.errors import GeneratorError
from tools.generator.generate import kinds, render, taken
from tools.generator.names import LONGEST, Names, parse

LONG = "a" * LONGEST
"""The first of all in the alphabet, too."""
OTHERS = ("fleet", "gift-cards", "zebras")


def named(name: str) -> Names:
    return parse(name, generate.TEMPLATES, taken(CHECKOUT))


@pytest.mark.parametrize("kind", kinds())
@pytest.mark.parametrize(
    "name", [LONG, *(pytest.param(it, marks=pytest.mark.nightly) for it in OTHERS)]
)
def test_what_is_made_is_clean(kind: str, name: str, tmp_path: Path) -> None:
    files = render(named(name), kind, "platform", CHECKOUT)
    generate.write(files, tmp_path)
    ours = [path.name for path in (CHECKOUT / "lambdas").iterdir() if path.is_dir()]
    package = named(name).package
    first_party = [*generate.OURS, *ours, package, f"{package}_language"]
    done = subprocess.run(
        [
            *(sys.executable, "-m", "ruff", "check", "--no-cache", str(tmp_path)),
            *("--config", str(CHECKOUT / "pyproject.toml")),
            *("--config", f"lint.isort.known-first-party = {first_party!r}"),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("kind", kinds())
def test_nothing_of_the_template_is_left(kind: str) -> None:
    files = render(named("gift-cards"), kind, "loyalty", CHECKOUT)
    for path, content in files.items():
        assert "{{" not in f"{path}{content}", path
        assert "jinja" not in str(path)
    assert {"lambdas", "stacks", "tests"} <= {path.parts[0] for path in files}
    stack = files[Path("stacks/gift_cards.py")]
    assert 'name="gift-cards"' in stack
    assert 'owner="loyalty"' in stack
    readme = files[Path("lambdas/gift_cards/README.md")]
    assert "## What to change first" in readme
    for line in readme.splitlines():
        for named_file in line.split("`")[1::2]:
            if named_file.endswith(".py"):
                place = Path(named_file)
                assert {place, Path("lambdas/gift_cards") / place} & set(files), named_file


def test_a_kind_that_there_is_not_is_refused_with_those_there_are() -> None:
    with pytest.raises(GeneratorError, match="there are aggregate, api, view, worker"):
        render(named("gift-cards"), "lambda", "platform", CHECKOUT)
