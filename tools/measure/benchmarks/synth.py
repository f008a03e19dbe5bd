"""Synthesis: seconds for each 100 resources, from the start of the process to the last template.

The process is the one that the CDK's command line starts, ``python app.py``, with packages that are
built already. Without validation is the inner loop, as ``make up`` runs it; with validation is what
``cdk synth`` runs: CloudFormation's rules and cdk-nag's packs over every resource.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bundling.build import build
from bundling.workspace import TargetName
from tools.measure.benchmarks.claims import Result, absolute, at_most
from tools.measure.peers import ROOT


class SynthesisFailed(Exception):
    """The app ended with an error."""


@dataclass(frozen=True, slots=True)
class Synthesis:
    """One run of the app; processor's seconds are those of all its threads and processes."""

    seconds: float
    processor_seconds: float
    resources: int


def measure(*, quick: bool) -> list[Result]:
    """The inner loop, and the full check."""
    rounds = 2 if quick else 5
    build("local", [])
    build("cloud", [])
    return [
        _row("synth, validation off", "local", False, rounds, 1.0),
        _row("synth, validation on", "cloud", True, rounds, 2.5),
        _added_by_containers(rounds),
    ]


def _added_by_containers(rounds: int) -> Result:
    """In turns, with and without the stacks that run containers; validation is off."""
    found = [
        _synthesize("local", False, containers="true").seconds - _synthesize("local", False).seconds
        for _ in range(rounds)
    ]
    return absolute("what containers add to synth, validation off", found, "s", at_most(3, aim=1.5))


def _row(claim: str, target: TargetName, validated: bool, rounds: int, limit: float) -> Result:
    # The first one writes byte code that all later ones read.
    _, *measured = [_synthesize(target, validated) for _ in range(rounds + 1)]
    resources = measured[0].resources
    return absolute(
        f"{claim}, for each 100 resources",
        [synthesis.seconds * 100 / resources for synthesis in measured],
        "s",
        at_most(limit),
        resources=resources,
        seconds=[round(synthesis.seconds, 2) for synthesis in measured],
        processor_seconds=[round(synthesis.processor_seconds, 2) for synthesis in measured],
    )


def _synthesize(target: TargetName, validated: bool, **context: str) -> Synthesis:
    cdk_json: dict[str, Any] = json.loads((ROOT / "cdk.json").read_text())
    with tempfile.TemporaryDirectory() as folder:
        environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("AWS_", "CDK_"))
        } | {
            "CDK_OUTDIR": folder,
            "CDK_CONTEXT_JSON": json.dumps(cdk_json["context"] | {"target": target} | context),
            "CDK_VALIDATION": "true" if validated else "false",
        }
        spent_before = _processor_seconds_of_children()
        begun = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "app.py"],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        seconds = time.perf_counter() - begun
        if done.returncode:
            raise SynthesisFailed(done.stdout[-2000:] + done.stderr[-2000:])
        templates = [json.loads(file.read_text()) for file in Path(folder).glob("*.template.json")]
        return Synthesis(
            seconds=seconds,
            processor_seconds=_processor_seconds_of_children() - spent_before,
            resources=sum(len(template["Resources"]) for template in templates),
        )


def _processor_seconds_of_children() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
