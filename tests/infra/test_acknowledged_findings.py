"""``cdk synth`` with every rule on: what is found is accepted, beside its construct and why."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.infra.system import CHECKOUT, synthesized
from tools.base.templates import EVERYTHING

SHORTEST_REASON = 40
BY_THE_CDK = (
    ("CloudFormation-Validate::W3010", "-network"),
    ("CloudFormation-Validate::F3002", "/Vpc/FlowLog"),
    ("CloudFormation-Validate::F3003", "/Vpc/FlowLog"),
)
"""Rules that it accepts for what it makes itself, by the end of the construct's path."""
WARNINGS = "Annotation::"
"""What constructs warn of: it is printed unless it is accepted, and reported in neither case."""
PACKS = {"AwsSolutions", "Serverless"}


@dataclass(frozen=True)
class Synthesis:
    """What a synthesis with validation left behind."""

    status: int
    printed: str
    report: dict[str, Any]
    acknowledged: dict[str, dict[str, str]]
    """By construct path: rules with their reasons, as the assembly's metadata has them."""

    @property
    def ours(self) -> dict[str, dict[str, str]]:
        """What is acknowledged in this repository, and not by the CDK for what it makes itself."""
        return {
            path: {
                rule: reason
                for rule, reason in rules.items()
                if not any(rule == its and path.endswith(end) for its, end in BY_THE_CDK)
            }
            for path, rules in self.acknowledged.items()
        }

    @property
    def suppressed(self) -> set[tuple[str, str, str]]:
        """Pack, rule and construct of each finding that was accepted."""
        return {
            (pack["pluginName"].replace(" ", "-"), finding["ruleName"], construct["constructPath"])
            for pack in self.report["pluginReports"]
            for finding in pack.get("suppressedViolations", [])
            for construct in finding["violatingConstructs"]
        }


@pytest.fixture(scope="module")
def synthesis(tmp_path_factory: pytest.TempPathFactory) -> Synthesis:
    """The app run as the CDK CLI runs it, in a process of its own since the rules are on in it."""
    synthesized("dev")  # builds the packages
    out = tmp_path_factory.mktemp("cdk.out")
    context = json.loads((CHECKOUT / "cdk.json").read_text())["context"] | EVERYTHING
    inherited = {k: v for k, v in os.environ.items() if k not in _NOT_INHERITED}
    done = subprocess.run(
        [sys.executable, "app.py"],
        cwd=CHECKOUT,
        env=inherited
        | {
            "CDK_OUTDIR": str(out),
            "CDK_CONTEXT_JSON": json.dumps(context),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    report = json.loads((out / "validation-report.json").read_text())
    return Synthesis(done.returncode, done.stdout + done.stderr, report, _acknowledged(out))


_NOT_INHERITED = {"CDK_VALIDATION", "PYTHONDONTWRITEBYTECODE", "AWS_REGION"}


def test_nothing_is_found_that_is_not_accepted(synthesis: Synthesis) -> None:
    found = Counter(
        f"{finding['ruleName']} at {construct['constructPath']}"
        for pack in synthesis.report["pluginReports"]
        for finding in pack["violations"]
        for construct in finding["violatingConstructs"]
    )
    assert not found, synthesis.printed[-3000:]
    assert synthesis.status == 0, synthesis.printed[-3000:]


def test_the_rules_were_on(synthesis: Synthesis) -> None:
    packs = {pack["pluginName"] for pack in synthesis.report["pluginReports"]}
    assert packs >= PACKS
    assert synthesis.suppressed


def test_every_reason_says_why(synthesis: Synthesis) -> None:
    too_short = [
        f"{path}: {rule}: {reason!r}"
        for path, rules in synthesis.ours.items()
        for rule, reason in rules.items()
        if len(reason) < SHORTEST_REASON or not reason.endswith(".")
    ]
    assert not too_short


def test_every_acknowledgment_is_used(synthesis: Synthesis) -> None:
    """In the stack where it is made, or somewhere, if it holds for every stack."""
    made = {
        (path, rule)
        for path, rules in synthesis.ours.items()
        for rule in rules
        if not rule.startswith(WARNINGS)
    }
    everywhere = {rule for path, rule in made if "/" not in path.strip("/")}
    used = {
        (path, rule)
        for path, rule in made
        for pack, name, construct in synthesis.suppressed
        if rule == f"{pack}::{name}" and f"/{construct}/".startswith(f"{path}/")
    }
    used |= {(path, rule) for path, rule in made if rule in everywhere & {it for _, it in used}}
    assert not sorted(made - used)


def _acknowledged(out: Path) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    artifacts = json.loads((out / "manifest.json").read_text())["artifacts"].values()
    for name in filter(None, (it.get("additionalMetadataFile") for it in artifacts)):
        for path, entries in json.loads((out / name).read_text()).items():
            for entry in entries:
                if entry["type"] == "aws:cdk:acknowledged-rules":
                    found.setdefault(path, {}).update(entry["data"])
    return found
