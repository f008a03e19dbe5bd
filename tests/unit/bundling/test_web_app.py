"""The console's web app is built when something of it has changed, to the same bytes each time."""

from __future__ import annotations

import gzip
import json
import re
import shutil
from pathlib import Path

import pytest

from bundling.errors import AppNotBuilt, ToolMissing
from bundling.sources import read_packages
from bundling.web import MANIFEST, app_files, build_app
from bundling.workspace import ROOT
from tests.support.drivers.copied_tree import link_web_tools

MOST_GZIPPED = 60_000
"""Of script and style together: a page that opens at once on a slow line."""


@pytest.fixture
def web(tmp_path: Path) -> Path:
    """The app's sources, and tools of its own that are links to the checkout's."""
    here = tmp_path / "web"
    shutil.copytree(ROOT / "web" / "src", here / "src")
    for name in ("build.mjs", "package-lock.json", "package.json"):
        shutil.copy(ROOT / "web" / name, here)
    link_web_tools(here)
    return here


def test_it_is_built_once_and_again_when_a_source_changes(web: Path) -> None:
    assert build_app(web)
    assert not build_app(web)
    first = app_files(web)
    (web / "src" / "style.css").write_text("body { margin: 1px; }")
    assert build_app(web)
    assert app_files(web) != first


def test_what_somebody_changed_by_hand_is_built_again(web: Path) -> None:
    first = app_files(web)
    (web / "dist" / "index.html").write_text("other")
    assert app_files(web) == first
    (web / "dist" / "more.js").write_text("other")
    assert app_files(web) == first


def test_it_is_the_same_wherever_it_is_built(web: Path) -> None:
    here, there = app_files(web), app_files()
    assert here == there
    assert not any(str(ROOT).encode() in content for content in here.values())


def test_the_manifest_names_every_file_and_only_names_with_a_hash_are_kept(web: Path) -> None:
    files = app_files(web)
    manifest = json.loads(files.pop(MANIFEST))
    assert manifest["files"].keys() == files.keys()
    assert manifest["index"] in files
    for name, said in manifest["files"].items():
        assert said["immutable"] == bool(re.search(r"-[0-9a-f]{12}\.", name))


def test_the_page_takes_nothing_that_its_policy_forbids(web: Path) -> None:
    files = app_files(web)
    page = files["index.html"].decode()
    assert not re.search(r"<script(?![^>]* src=)|<style|style=|\son[a-z]+=|https?://", page)
    addresses = re.findall(r'(?:src|href)="([^"]*)"', page)
    assert len(addresses) == 3
    assert all(address in files for address in addresses), "relative, and there"


def test_a_browser_loads_little() -> None:
    loaded = [
        gzip.compress(content, mtime=0)
        for name, content in app_files().items()
        if name.endswith((".js", ".css"))
    ]
    assert len(loaded) == 2
    assert sum(map(len, loaded)) <= MOST_GZIPPED


def test_a_source_that_is_wrong_is_named(web: Path) -> None:
    (web / "src" / "main.tsx").write_text("const = 1;")
    with pytest.raises(AppNotBuilt, match=r"main\.tsx:1"):
        build_app(web)


def test_without_its_tools_it_says_what_to_run(web: Path) -> None:
    shutil.rmtree(web / "node_modules")
    (web / "node_modules").mkdir()
    with pytest.raises(ToolMissing, match="make setup"):
        build_app(web)


def test_the_package_of_the_console_has_the_app(web: Path) -> None:
    console = web.parent / "lambdas" / "console"
    console.mkdir(parents=True)
    (console / "__init__.py").touch()
    (web.parent / "lambdas" / "shared").mkdir()
    [package] = read_packages(web.parent / "lambdas", [])
    assert package.files["console/app/index.html"] == app_files(web)["index.html"]
    (web / "src" / "style.css").write_text("body { margin: 2px; }")
    [changed] = read_packages(web.parent / "lambdas", [])
    assert changed.digest != package.digest
