"""A change of one service's code changes that service's template, and no byte of any other."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from contracts.product import PRODUCT
from tests.infra.system import synthesized
from tests.support.drivers.copied_tree import copy_to


@pytest.fixture
def copy_of_the_repository(tmp_path: Path) -> Path:
    """Sources of its own, the same tools, and what was built already."""
    synthesized("dev")  # builds the packages that are copied
    return copy_to(tmp_path, "__snapshots__")


def test_only_the_changed_service_is_deployed_again(copy_of_the_repository: Path) -> None:
    before = _templates(synthesized("dev").assembly.directory)
    changed = copy_of_the_repository / "lambdas" / "orders" / "commands.py"
    changed.write_text(changed.read_text() + "\nA_CHANGE = True\n")
    after = _synthesize(copy_of_the_repository)
    assert before.keys() == after.keys()
    assert {name for name in before if before[name] != after[name]} == {
        f"{PRODUCT}-dev-orders.template.json"
    }


def _templates(assembly: Path) -> dict[str, str]:
    """Every template's file, by its name."""
    return {file.name: file.read_text() for file in assembly.glob("*.template.json")}


def _synthesize(repository: Path) -> dict[str, str]:
    """The same from a process that knows no other sources."""
    program = (
        "import json\n"
        "from tests.infra.system import synthesized\n"
        "from tests.infra.test_independent_deployment import _templates\n"
        "print(json.dumps(_templates(synthesized('dev').assembly.directory)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=repository,
        env=os.environ | {"CDK_VALIDATION": "false"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    templates: dict[str, str] = json.loads(done.stdout.splitlines()[-1])
    return templates
