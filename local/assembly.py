"""Builds the packages and synthesizes the templates for the offline target, if anything changed."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from local.endpoint import REGION
from local.errors import SynthesisError
from local.workspace import CHECKOUT, Workspace

# What the packages and the templates are made from. `lambdas` and `stacks` name most of it.
_INPUTS = (
    "app.py",
    "cdk.json",
    "requirements.txt",
    "requirements",
    "bundling",
    "config",
    "containers",
    "contracts",
    "lambdas",
    "stacks",
)
_NOT_INPUTS = {"__pycache__", ".pytest_cache"}
# Which the CLI would set: with it, templates carry the constructs' paths.
_CLI_CONTEXT = {"aws:cdk:enable-path-metadata": True}


@dataclass(frozen=True)
class Stack:
    """One stack of an assembly."""

    artifact: str
    name: str
    template_file: Path
    depends_on: frozenset[str]
    """Artifact ids of stacks that must be deployed before."""

    @cached_property
    def template(self) -> dict[str, Any]:
        template: dict[str, Any] = json.loads(self.template_file.read_text())
        return template

    @property
    def assets_file(self) -> Path:
        return self.template_file.with_name(f"{self.artifact}.assets.json")


@dataclass(frozen=True)
class Assembly:
    """What `cdk synth` leaves behind: templates, asset manifests, and how stacks depend."""

    directory: Path

    @cached_property
    def stacks(self) -> tuple[Stack, ...]:
        """Every stack, in an order in which each comes after those that it depends on.

        Raises:
            SynthesisError: the assembly holds stages, which are not deployed offline.
        """
        artifacts = json.loads((self.directory / "manifest.json").read_text())["artifacts"]
        if any(artifact["type"] == "cdk:cloud-assembly" for artifact in artifacts.values()):
            raise SynthesisError("the app uses stages; offline, stacks are deployed directly")
        stack_ids = {id for id, it in artifacts.items() if it["type"] == "aws:cloudformation:stack"}
        stacks = {id: self._stack(id, artifacts[id], stack_ids) for id in sorted(stack_ids)}
        return tuple(_in_order(stacks))

    def _stack(self, id: str, artifact: dict[str, Any], stack_ids: set[str]) -> Stack:
        properties = artifact["properties"]
        return Stack(
            artifact=id,
            name=properties.get("stackName", id),
            template_file=self.directory / properties["templateFile"],
            depends_on=frozenset(artifact.get("dependencies", ())) & stack_ids,
        )


def _in_order(stacks: dict[str, Stack]) -> Iterator[Stack]:
    waiting = dict(stacks)
    while waiting:
        ready = [it for it in waiting.values() if not it.depends_on & waiting.keys()]
        if not ready:
            raise SynthesisError(f"these stacks depend on each other: {', '.join(waiting)}")
        for stack in ready:
            yield waiting.pop(stack.artifact)


def synthesize(workspace: Workspace, *, environment: str = "dev") -> Assembly:
    """The assembly of the repository as it is now; made anew only when an input changed.

    Raises:
        SynthesisError: with the last lines of what the build or the app printed.
    """
    made_from = workspace.assembly / "made-from"
    fingerprint = _fingerprint(environment)
    if not made_from.exists() or made_from.read_text() != fingerprint:
        shutil.rmtree(workspace.assembly, ignore_errors=True)
        _run([sys.executable, "-m", "bundling", "--target", "local"], "building the packages")
        _run([sys.executable, "app.py"], "synthesis", _app_environment(workspace, environment))
        made_from.write_text(fingerprint)
    return Assembly(workspace.assembly)


def _app_environment(workspace: Workspace, environment: str) -> dict[str, str]:
    """What the CDK CLI would hand to the app, without the CLI."""
    settings = json.loads((CHECKOUT / "cdk.json").read_text())
    context = settings.get("context", {}) | _CLI_CONTEXT
    context |= {"target": "local", "environment": environment, "region": REGION}
    return {
        "CDK_OUTDIR": str(workspace.assembly),
        "CDK_CONTEXT_JSON": json.dumps(context),
        # The inner loop: the same rules stay on in the checks and in `cdk synth`.
        "CDK_VALIDATION": "false",
    }


def _run(command: list[str], what: str, additions: dict[str, str] | None = None) -> None:
    environment = {
        name: value
        for name, value in os.environ.items()
        # It would make every synthesis compile all modules again.
        if name != "PYTHONDONTWRITEBYTECODE" and not name.startswith(("AWS_", "CDK_"))
    }
    result = subprocess.run(
        command,
        cwd=CHECKOUT,
        env=environment | (additions or {}),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if result.returncode:
        raise SynthesisError(
            f"{what} failed: {' '.join(command[1:])}", tuple(result.stdout.splitlines()[-30:])
        )


def _fingerprint(environment: str) -> str:
    """A digest of every input's path and content, and of what else decides about the result."""
    digest = hashlib.sha256(f"{environment} {sys.version}".encode())
    for file in _input_files():
        digest.update(f"\0{file.relative_to(CHECKOUT)}\0".encode())
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def _input_files() -> Iterator[Path]:
    for name in _INPUTS:
        path = CHECKOUT / name
        if path.is_file():
            yield path
        else:
            for file in sorted(path.rglob("*")):
                if file.is_file() and not _NOT_INPUTS & set(file.parts):
                    yield file
