"""What a repository is used with: updates, forms, changelog, editors. Each says what is so."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
FORMS = sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml"))
UPDATES: list[dict[str, Any]] = yaml.safe_load((ROOT / ".github/dependabot.yml").read_text())[
    "updates"
]
CHANGELOG = (ROOT / "CHANGELOG.md").read_text("utf-8")
KINDS = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}


def folders(update: dict[str, Any]) -> set[str]:
    return set(update.get("directories", [update.get("directory")]))


def test_every_lock_is_updated() -> None:
    by_kind = {it["package-ecosystem"]: folders(it) for it in UPDATES}
    locks = {
        f"/{file.parent.relative_to(ROOT).as_posix()}".replace("/.", "/")
        for pattern in ("*.in", "requirements/*.in", "lambdas/*/*.in")
        for file in ROOT.glob(pattern)
    }
    assert by_kind["pip"] == locks
    assert by_kind["npm"] == by_kind["github-actions"] == {"/"}


@pytest.mark.parametrize("update", UPDATES, ids=lambda it: it["package-ecosystem"])
def test_an_update_waits_until_others_have_used_it_and_comes_together(
    update: dict[str, Any],
) -> None:
    assert update["cooldown"]["default-days"] >= 7
    assert update["groups"]
    assert update["schedule"]["interval"] == "weekly"


@pytest.mark.parametrize("form", FORMS, ids=lambda it: it.stem)
def test_a_form_asks_something(form: Path) -> None:
    found = yaml.safe_load(form.read_text("utf-8"))
    if form.stem == "config":
        assert found["blank_issues_enabled"] is False
        return
    assert {"name", "description", "body"} <= found.keys()
    ids = [it["id"] for it in found["body"] if it["type"] != "markdown"]
    assert len(set(ids)) == len(ids) > 1
    assert any(it.get("validations", {}).get("required") for it in found["body"])


def test_a_form_names_commands_and_pages_that_there_are() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    pages = [*FORMS, ROOT / ".github" / "PULL_REQUEST_TEMPLATE.md", ROOT / "SECURITY.md"]
    text = "\n".join(it.read_text("utf-8") for it in pages)
    targets = set(re.findall(r"`make ([a-z-]+)`", text))
    assert targets >= {"doctor", "check", "test", "generate"}
    assert [it for it in targets if f"\n{it}:" not in makefile] == []
    assert [it for it in re.findall(r"\]\(([\w/.-]+)\)", text) if not (ROOT / it).exists()] == []


def test_the_changelog_has_the_form_that_tools_read() -> None:
    versions = re.findall(r"^## \[(.+?)\](?: - (\d{4}-\d\d-\d\d))?$", CHANGELOG, re.MULTILINE)
    assert versions[0] == ("Unreleased", "")
    dates = [date for _, date in versions[1:]]
    assert all(dates)
    assert dates == sorted(dates, reverse=True)
    assert set(re.findall(r"^### (.+)$", CHANGELOG, re.MULTILINE)) <= KINDS


def test_the_version_stands_in_one_place_and_the_changelog_has_it() -> None:
    released = re.findall(r"^## \[(\d+\.\d+\.\d+)\]", CHANGELOG, re.MULTILINE)
    assert released[0] == PROJECT["version"]
    others = [
        file.relative_to(ROOT)
        for pattern in ("stacks/**/*.py", "bundling/*.py", "lambdas/**/*.py", "package.json")
        for file in ROOT.glob(pattern)
        if re.search(r"__version__ = |^  \"version\": ", file.read_text("utf-8"), re.MULTILINE)
    ]
    assert others == []


def test_settings_for_editors_are_read_by_them_and_name_what_there_is() -> None:
    files = {it.stem: json.loads(it.read_text()) for it in (ROOT / ".vscode").glob("*.json")}
    assert files.keys() == {"settings", "launch", "extensions"}
    for launch in files["launch"]["configurations"]:
        module = launch["module"].replace(".", "/")
        assert module == "pytest" or (ROOT / module / "__main__.py").exists()
        file = launch["envFile"].replace("${workspaceFolder}", str(ROOT))
        assert "PYTHONPATH=lambdas:." in Path(file).read_text()


def test_lines_end_where_the_formatter_ends_them() -> None:
    ruff = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["ruff"]
    text = (ROOT / ".editorconfig").read_text("utf-8")
    assert text.startswith("root = true\n")
    assert f"max_line_length = {ruff['line-length']}\n" in text
