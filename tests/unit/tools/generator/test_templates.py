"""Every kind gives clean code, however long its name is and wherever that falls in the alphabet."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tools.base.workspace import CHECKOUT
from tools.docgen.openapi import written
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


ROUTE = re.compile(r'api\.route\(\s*"([A-Z]+)",\s*f?"([^"]+)"|api\.route\("([A-Z]+)", (ONE),')
WITH_AN_API = ("aggregate", "api", "view")


@pytest.mark.parametrize("kind", WITH_AN_API)
@pytest.mark.parametrize("name", ["gift-cards", "zebras", LONG])
def test_an_api_comes_with_the_words_of_its_document(kind: str, name: str, tmp_path: Path) -> None:
    """That template and words agree to the letter is seen where the kinds are made, every night."""
    files = render(named(name), kind, "loyalty", CHECKOUT)
    generate.write(files, tmp_path)
    found = written.api(name, tmp_path / "contracts" / "apis")
    stack = files[Path("stacks") / f"{named(name).package}.py"]
    one = re.search(r'^ONE = "(.+)"$', stack, re.M)
    routes = {
        f"{method or other} {path.replace('{ONE}', one[1] if one else '') or (one and one[1])}"
        for method, path, other, _ in ROUTE.findall(stack)
    }
    assert {it.route for it in found.operations.values()} == routes
    common = written.common()
    mentioned = {schema for it in found.operations.values() for schema in schemas_of(it)}
    assert mentioned <= found.schemas.keys() | common.schemas.keys()
    asked = {it.body.form for it in found.operations.values() if it.body}
    made = f"from tools.docgen.openapi import forms; forms.schemas({sorted(asked)!r})"
    subprocess.run(
        [sys.executable, "-c", made],
        cwd=CHECKOUT,
        env=os.environ | {"PYTHONPATH": f"{tmp_path / 'lambdas'}:{CHECKOUT / 'lambdas'}"},
        check=True,
    )


def schemas_of(operation: written.Operation) -> set[str]:
    """The names of its answers' schemas."""
    return {it.schema for it in operation.answers.values() if it.schema}
