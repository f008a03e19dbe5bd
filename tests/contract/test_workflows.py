"""Workflows call targets that there are, store no credential, deploy only what is merged."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
ENVIRONMENTS = {path.name for path in (ROOT / "config").iterdir()} - {"schemas"}


def steps(workflow: Path) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Each step with its job."""
    jobs = yaml.safe_load(workflow.read_text("utf-8"))["jobs"].values()
    return [(job, step) for job in jobs for step in job["steps"]]


def test_there_is_a_workflow() -> None:
    assert WORKFLOWS


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.stem)
def test_every_target_that_it_makes_exists(workflow: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    made = [step["run"].split()[1] for _, step in steps(workflow) if "run" in step]
    assert made
    assert set(made) <= targets


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.stem)
def test_every_checkout_has_the_whole_history(workflow: Path) -> None:
    """A document's commit cannot be told from the last one alone."""
    checkouts = [step for _, step in steps(workflow) if "actions/checkout" in step.get("uses", "")]
    assert checkouts
    assert all(step.get("with", {}).get("fetch-depth") == 0 for step in checkouts)


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.stem)
def test_it_assumes_a_role_and_knows_no_secret(workflow: Path) -> None:
    assert "secrets." not in workflow.read_text("utf-8")
    for job, step in steps(workflow):
        if "ENVIRONMENT=" in step.get("run", ""):
            assert set(job["strategy"]["matrix"]["environment"]) == ENVIRONMENTS
            assert any("role-to-assume" in other.get("with", {}) for other in job["steps"])


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.stem)
def test_only_what_is_merged_and_judged_is_deployed(workflow: Path) -> None:
    for job, step in steps(workflow):
        if "config-apply" in step.get("run", ""):
            assert job["if"] == "github.event_name == 'push'"
            assert job["needs"] == "judge"
            assert job["strategy"]["max-parallel"] == 1
