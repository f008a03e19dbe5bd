"""Resolvers keep to what AppSync's JavaScript knows, by the rules that AWS publishes for ESLint.

The emulator runs them in Node, which knows more: what it answers proves nothing of that.
"""

from __future__ import annotations

import fcntl
import json
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from bundling.workspace import ROOT, command_line_tool
from stacks.order_graph import RESOLVERS, SHARED, resolver_code
from tools.toolchain.setup import Part, run

LOCK = RESOLVERS / "package-lock.json"
MODULES = RESOLVERS / "node_modules"
FILES = sorted(it.stem for it in RESOLVERS.glob("*.js") if it.stem != SHARED)
FORBIDDEN = {
    "no-for": "for (let i = 0; i < 3; i += 1) { util.error('x'); }",
    "no-while": "while (ctx.args.id) { util.error('x'); }",
    "no-try": "try { util.error('x'); } catch (e) { return null; }",
    "no-regex": "return /x/.test(ctx.args.id);",
    "no-async": "const wait = async () => 1; return wait();",
    "no-recursion": "return ownerOf(ctx);",
    "no-disallowed-unary-operators": "let n = 1; n++; return n;",
    "no-this": "return this;",
    "no-classes": "class Thing {} return Thing;",
}


def lint(folder: Path, files: Mapping[str, str]) -> list[tuple[str, str, int]]:
    """File, rule and line of each message."""
    for name, code in files.items():
        (folder / f"{name}.js").write_text(code, "utf-8")
    done = subprocess.run(
        [command_line_tool("node"), str(RESOLVERS / "lint.mjs"), str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [
        (Path(it["filePath"]).stem, str(it["ruleId"]).rpartition("/")[2], it["line"])
        for it in json.loads(done.stdout)
    ]


@pytest.fixture(scope="module", autouse=True)
def _plugin() -> None:
    """Installed once, whoever comes first; none of its packages' scripts runs."""
    part = Part("AppSync's rules", MODULES, MODULES / ".ready", (LOCK,), _install)
    with LOCK.open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not part.is_ready:
            part.make()


def _install() -> None:
    shutil.rmtree(MODULES, ignore_errors=True)
    quiet = ("--ignore-scripts", "--no-progress", "--loglevel", "error")
    run([command_line_tool("npm"), "ci", "--prefix", RESOLVERS, *quiet])


def test_no_resolver_uses_what_appsync_lacks(tmp_path: Path) -> None:
    assert FILES
    assert ROOT in RESOLVERS.parents
    assert lint(tmp_path, {it: resolver_code(it) for it in FILES}) == []


def test_what_appsync_lacks_is_found(tmp_path: Path) -> None:
    """As it is deployed: with the shared part before it."""
    files = {
        rule: resolver_code("me").replace("callerOf(ctx);", f"callerOf(ctx);\n{code}", 1)
        for rule, code in FORBIDDEN.items()
    }
    found = lint(tmp_path, files)
    assert {(file, rule) for file, rule, _ in found} >= {(it, it) for it in FORBIDDEN}
