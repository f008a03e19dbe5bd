"""`make service` in a copy of the tree: what it makes is held to everything, and passes."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path
from typing import Any

import pytest

from contracts.product import PRODUCT
from tests.infra.system import synthesized
from tests.support.drivers.copied_tree import copy_to, run
from tests.support.drivers.offline import call
from tools.generator.generate import kinds

PAGES = {
    "CODEOWNERS",
    "web/src/figures/bill.json",
    *(
        f"docs/{name}.md"
        for name in ("architecture", "catalogue", "configuration", "parity", "permissions")
    ),
}
SNAPSHOTS = "tests/infra/__snapshots__/"
LEFT_BY_TOOLS = ("__pycache__", "cdk.out", "dist")  # the console's app is built with its bill

pytestmark = [
    pytest.mark.nightly,  # one kind is made each day by test_a_new_service
    pytest.mark.timeout(3600),  # each synthesizes every environment several times
]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    synthesized("dev")  # builds the packages that are copied
    return copy_to(tmp_path, "images")


def content(tree: Path) -> dict[str, bytes]:
    """Every file that is somebody's work."""
    found = {}
    for file in tree.rglob("*"):
        name = str(file.relative_to(tree))
        parts = file.relative_to(tree).parts
        if file.is_file() and not any(it[0] == "." or it in LEFT_BY_TOOLS for it in parts):
            found[name] = file.read_bytes()
    return found


def make(tree: Path, name: str, kind: str) -> None:
    done = run(
        *(tree, "tools.generator", "make", f"--name={name}", f"--kind={kind}"),
        *("--owner=research", "--confirm"),
    )
    assert done.returncode == 0, done.stdout + done.stderr


def remove(tree: Path, name: str) -> None:
    done = run(tree, "tools.generator", "remove", f"--name={name}", "--confirm")
    assert done.returncode == 0, done.stdout + done.stderr


def assert_it_holds(tree: Path, *packages: str) -> None:
    """Formatting, lint, types, layers, template rules, and the service's own unit tests."""
    answer = run(tree, "tests.infra.newcomer")
    assert answer.returncode == 0, answer.stderr
    found: dict[str, Any] = json.loads(answer.stdout)
    assert found["broken"] == []
    for program in (
        ("tools.checks.layers",),
        ("ruff", "check", "."),
        ("ruff", "format", "--check"),
    ):
        done = run(tree, *program)
        assert done.returncode == 0, done.stdout
    for package in packages:
        done = run(tree, "pytest", f"tests/unit/{package}")
        assert done.returncode == 0, done.stdout
        assert re.search(r"[1-9]\d* passed|\.+ +\[100%\]", done.stdout)


@pytest.mark.parametrize("kind", kinds())
def test_a_service_is_made_passes_and_goes_without_a_trace(tree: Path, kind: str) -> None:
    before = content(tree)
    shutil.rmtree(tree / ".build")
    make(tree, "returns", kind)
    assert not (tree / ".build").exists(), "pages and snapshots need no package"
    after = content(tree)
    changed = {name for name in before if before[name] != after.get(name)}
    says = any(name.startswith("contracts/events/") for name in after.keys() - before.keys())
    described = "contracts/openapi/returns.json" in after
    assert described == (kind != "worker"), "each API has a document"
    assert ("contracts/released/openapi/returns.json" in after) == described
    pages = PAGES | ({"contracts/asyncapi.json"} if says else set())
    pages |= {"docs/api.md"} if described else set()
    assert {name for name in changed if not name.startswith(SNAPSHOTS)} == pages
    assert f"/lambdas/returns/ @{PRODUCT}/research\n".encode() in after["CODEOWNERS"]
    assert b"\n## returns\n" in after["docs/catalogue.md"]
    assert f"{SNAPSHOTS}test_snapshots/test_template[returns].json" in after
    whole = run(tree, "tools.generate")
    assert whole.returncode == 0, whole.stderr
    assert content(tree) == after, "to synthesize every stack would have changed nothing"
    assert_it_holds(tree, "returns")
    remove(tree, "returns")
    assert content(tree) == before


@pytest.mark.parametrize("kind", kinds())
def test_two_of_a_kind_are_deployed_beside_each_other_and_answer(tree: Path, kind: str) -> None:
    for name in ("gift-cards", "zebras"):
        make(tree, name, kind)
    assert_it_holds(tree, "gift_cards", "zebras")
    types = run(tree, "mypy", ".")
    assert types.returncode == 0, types.stdout
    deployed = [f"tests/integration/test_{name}.py" for name in ("gift_cards", "zebras")]
    done = run(tree, "pytest", *deployed)
    assert done.returncode == 0, done.stdout


def test_what_is_up_has_it_at_once_and_has_it_no_more_when_it_is_removed(tree: Path) -> None:
    up = run(tree, "tools.local", "up")
    try:
        assert up.returncode == 0, up.stderr
        make(tree, "gift-cards", "api")
        outputs = json.loads((tree / ".local" / "outputs.json").read_text("utf-8"))
        url = outputs["services"]["gift-cards"]["urls"]["Api"]
        assert call("GET", f"{url}/v1/gift-cards/{uuid.uuid4()}").status == 401
        remove(tree, "gift-cards")
        outputs = json.loads((tree / ".local" / "outputs.json").read_text("utf-8"))
        assert "gift-cards" not in outputs["services"]
        assert call("GET", f"{url}/v1/gift-cards/{uuid.uuid4()}").status == 404
        assert "orders" in outputs["services"]
    finally:
        run(tree, "tools.local", "down")


def test_a_service_that_cannot_be_finished_is_taken_back(tree: Path) -> None:
    (tree / "stacks" / "constructs" / "service_queue.py").write_text("raise RuntimeError('broken')")
    before = content(tree)
    done = run(
        *(tree, "tools.generator", "make", "--name=gift-cards", "--kind=worker", "--confirm"),
    )
    assert done.returncode == 1
    assert "RuntimeError: broken" in done.stderr
    assert content(tree) == before


@pytest.mark.parametrize("seconds", [0.0, 0.5, 2.0, 5.0, 9.0])
def test_ctrl_c_leaves_nothing_of_a_service_that_was_being_made(tree: Path, seconds: float) -> None:
    before = content(tree)
    making = subprocess.Popen(
        [
            *(sys.executable, "-u", "-m", "tools.generator", "make"),
            *("--name=gift-cards", "--kind=aggregate", "--confirm"),
        ],
        cwd=tree,
        env={key: value for key, value in os.environ.items() if key != "PYTHONPATH"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # Ctrl-C reaches all of a terminal's processes, and no others
    )
    while not (tree / "stacks" / "gift_cards.py").exists():
        assert making.poll() is None
        time.sleep(0.002)
    time.sleep(seconds)
    os.killpg(making.pid, signal.SIGINT)
    status = making.wait(60)
    if seconds <= 2:
        assert status == 128 + signal.SIGINT, "it was at work still"
    if status:
        assert content(tree) == before
        make(tree, "gift-cards", "aggregate")
    remove(tree, "gift-cards")
    assert content(tree) == before
