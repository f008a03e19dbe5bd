"""Workflows call targets that there are, store no credential, deploy only what is merged.

What they run of others is pinned by its commit, and they may do no more than their steps need.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tools.doctor.machine import NEWEST, OLDEST

ROOT = Path(__file__).resolve().parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
ENVIRONMENTS = {path.name for path in (ROOT / "config").iterdir()} - {"schemas"}


PINNED = re.compile(r"[\w-]+/[\w/-]+@[0-9a-f]{40}  # v\d+\.\d+\.\d+")


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


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.stem)
def test_actions_are_pinned_by_their_commit_with_the_version_beside_it(workflow: Path) -> None:
    lines = re.findall(r"uses: (.+)", workflow.read_text("utf-8"))
    assert lines
    assert [it for it in lines if not PINNED.fullmatch(it)] == []


def test_an_action_is_of_one_commit_everywhere() -> None:
    text = "".join(it.read_text("utf-8") for it in WORKFLOWS)
    pins = set(re.findall(r"uses: (.+)", text))
    assert len({it.partition("@")[0] for it in pins}) == len(pins)


@pytest.mark.parametrize(
    "line", ["actions/checkout@v5", "actions/checkout@main", "a/b@08c6903cd8c0"]
)
def test_an_action_that_can_change_is_found(line: str) -> None:
    assert not PINNED.fullmatch(line)


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.stem)
def test_it_may_read_and_only_who_assumes_a_role_may_ask_for_a_token(workflow: Path) -> None:
    found = yaml.safe_load(workflow.read_text("utf-8"))
    assert found["permissions"] == {"contents": "read"}
    for name, job in found["jobs"].items():
        assumes = any("role-to-assume" in step.get("with", {}) for step in job["steps"])
        wanted = {"contents": "read", "id-token": "write"} if assumes else None
        assert job.get("permissions") == wanted, name


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.stem)
def test_no_job_hangs_and_no_run_overtakes_another(workflow: Path) -> None:
    found = yaml.safe_load(workflow.read_text("utf-8"))
    assert found["concurrency"]
    assert [it for it, job in found["jobs"].items() if "timeout-minutes" not in job] == []


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.stem)
def test_no_step_keeps_a_credential_or_runs_what_somebody_wrote(workflow: Path) -> None:
    text = workflow.read_text("utf-8")
    assert "pull_request_target" not in text
    for _, step in steps(workflow):
        if "actions/checkout" in step.get("uses", ""):
            assert step["with"]["persist-credentials"] is False
        assert set(re.findall(r"\$\{\{ (.+?) \}\}", step.get("run", ""))) <= {
            "matrix.environment",
            "matrix.service",
        }


def test_a_merge_is_delivered_in_the_order_of_the_stages_and_taken_back_if_its_canary_fails() -> (
    None
):
    found = yaml.safe_load((ROOT / ".github/workflows/delivery.yml").read_text())
    assert found[True] == {"push": {"branches": ["main"]}}  # YAML 1.1 reads `on` as a truth value
    jobs = found["jobs"]
    assert [(name, job.get("needs")) for name, job in jobs.items()] == [
        ("affected", None),
        ("staging", "affected"),
        ("prod", ["affected", "staging"]),
    ]
    for stage in ("staging", "prod"):
        job = jobs[stage]
        assert job["environment"] == stage
        services = "${{ fromJSON(needs.affected.outputs.services) }}"
        assert job["strategy"] == {"max-parallel": 1, "matrix": {"service": services}}
        made = [it["run"] for it in job["steps"] if "run" in it]
        assert made[0].startswith(f"make deploy ENV={stage} SERVICE=")
    canary, checkout, back = jobs["prod"]["steps"][-3:]
    assert canary["run"].startswith("make canary ENV=prod")
    assert (checkout["if"], checkout["with"]["ref"]) == (
        "failure()",
        "${{ github.event.before }}",
    )
    assert (back["if"], back["run"]) == ("failure()", jobs["prod"]["steps"][-4]["run"])


def test_a_pull_request_is_checked_on_every_system_and_python_that_is_promised() -> None:
    job = yaml.safe_load((ROOT / ".github/workflows/checks.yml").read_text())["jobs"]["test"]
    systems = "".join(job["strategy"]["matrix"]["system"])
    assert "ubuntu-24.04-arm" in systems
    assert "macos" in systems
    assert job["strategy"]["matrix"]["python"] == [
        f"3.{minor}" for minor in range(OLDEST[1], NEWEST[1] + 1)
    ]
    runs = [step["run"] for step in job["steps"] if "run" in step]
    assert runs[-2:] == ["make check", "make test"]


def test_every_night_has_all_tests() -> None:
    found = yaml.safe_load((ROOT / ".github/workflows/nightly.yml").read_text())
    # YAML 1.1 reads the key as a truth value.
    assert found[True]["schedule"]
    assert "make test-nightly" in [it.get("run") for it in found["jobs"]["test"]["steps"]]
