"""The logic of the console's web app does what its own tests say, in Node's test runner."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from bundling.workspace import ROOT, command_line_tool

TESTS = ROOT / "web" / "tests"


def run(*files: Path) -> subprocess.CompletedProcess[str]:
    """Run tests that are written in TypeScript, which Node reads as it is."""
    command = [command_line_tool("node"), "--test", "--test-reporter=tap", *map(str, files)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def test_the_web_apps_own_tests_pass() -> None:
    files = sorted(TESTS.glob("*.test.ts"))
    assert files
    done = run(*files)
    assert done.returncode == 0, done.stdout
    assert int(re.findall(r"^# pass (\d+)", done.stdout, re.MULTILINE)[0]) >= len(files)


def test_one_that_fails_is_noticed(tmp_path: Path) -> None:
    planted = tmp_path / "planted.test.mjs"
    planted.write_text('import test from "node:test"; test("no", () => { throw new Error("x"); });')
    assert run(planted).returncode == 1
