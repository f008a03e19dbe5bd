"""Builds the packages and synthesizes the templates for the offline target, if anything changed."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from contracts.product import PRODUCT
from tools.base.endpoint import REGION
from tools.base.errors import SynthesisError
from tools.base.workspace import CHECKOUT, Workspace

DIRECTORY = CHECKOUT / ".local" / "cdk.out"

# What packages and templates are certainly not made from. Everything else counts: a file too many
# costs a synthesis, and one too few would deploy what is no longer there.
_NOT_INPUTS = {"node_modules", "__pycache__"}
_NOT_INPUTS_HERE = {"cdk.out", "tests", "docs", "README.md", "CONTRIBUTING.md", "Makefile"}
_OF_THE_TOOLS = ("__init__.py", "base")
"""What the app itself takes."""
# Which the CLI would set: with it, templates carry the constructs' paths.
_CLI_CONTEXT = {"aws:cdk:enable-path-metadata": True}
# Who changes a flag on a laptop wants to see it now. Containers are processes beside the
# deployment, which call its functions.
_OFFLINE = {"configuration_poll_seconds": "1", "beside_containers": "true"}
_NO_CONTEXT: Mapping[str, str] = {}


@dataclass(frozen=True)
class Stack:
    """One stack of an assembly."""

    artifact: str
    name: str
    template_file: Path
    depends_on: frozenset[str]
    """Artifact ids of stacks that must be deployed before."""
    tags: Mapping[str, str]

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
            tags=properties.get("tags", {}),
        )


def _in_order(stacks: dict[str, Stack]) -> Iterator[Stack]:
    waiting = dict(stacks)
    while waiting:
        ready = [it for it in waiting.values() if not it.depends_on & waiting.keys()]
        if not ready:
            raise SynthesisError(f"these stacks depend on each other: {', '.join(waiting)}")
        for stack in ready:
            yield waiting.pop(stack.artifact)


@contextmanager
def synthesized(
    *,
    environment: str = "dev",
    context: Mapping[str, str] = _NO_CONTEXT,
    run_app: Callable[[Mapping[str, str]], None] | None = None,
) -> Iterator[Assembly]:
    """The assembly of the repository as it is now; made anew only when an input changed.

    It stays as it is inside of the `with`: another command that wants it has to wait. There is
    one for each checkout, as the packages too are built in one place.

    Args:
        run_app: runs the app with these variables; without it, a new process does.

    Raises:
        SynthesisError: with the last lines of what the build or the app printed.
    """
    Workspace(DIRECTORY.parent).prepare()
    with DIRECTORY.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        made_from = DIRECTORY / "made-from"
        fingerprint = _fingerprint(environment, context)
        if not made_from.exists() or made_from.read_text() != fingerprint:
            shutil.rmtree(DIRECTORY, ignore_errors=True)
            _run([sys.executable, "-m", "bundling", "--target", "local"], "building the packages")
            variables = app_environment(environment, context)
            if run_app is None:
                _run([sys.executable, "app.py"], "synthesis", variables)
            else:
                run_app(variables)
            made_from.write_text(fingerprint)
        yield Assembly(DIRECTORY)


def service_of(stack: str, environment: str) -> str:
    """The service that a stack's name names; some stacks are of every environment."""
    return stack.removeprefix(f"{PRODUCT}-{environment}-").removeprefix(f"{PRODUCT}-")


def context_value(name: str) -> str:
    """A value of the context in `cdk.json`, such as the address of the payment provider."""
    value: str = json.loads((CHECKOUT / "cdk.json").read_text())["context"][name]
    return value


def app_environment(environment: str, additions: Mapping[str, str] = _NO_CONTEXT) -> dict[str, str]:
    """What the CDK CLI would hand to the app, without the CLI."""
    configuration = json.loads((CHECKOUT / "cdk.json").read_text())
    context = configuration.get("context", {}) | _CLI_CONTEXT
    context |= {
        "target": "local",
        "environment": environment,
        "region": REGION,
        **_OFFLINE,
        **additions,
    }
    return {
        "CDK_OUTDIR": str(DIRECTORY),
        "CDK_CONTEXT_JSON": json.dumps(context),
        # The inner loop: the same rules stay on in the checks and in `cdk synth`.
        "CDK_VALIDATION": "false",
    }


def process_environment() -> dict[str, str]:
    """What a process that builds or synthesizes sees of this one's variables."""
    return {
        name: value
        for name, value in os.environ.items()
        # It would make every synthesis compile all modules again.
        if name != "PYTHONDONTWRITEBYTECODE" and not name.startswith(("AWS_", "CDK_"))
    }


def _run(command: list[str], what: str, additions: dict[str, str] | None = None) -> None:
    result = subprocess.run(
        command,
        cwd=CHECKOUT,
        env=process_environment() | (additions or {}),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if result.returncode:
        raise SynthesisError(
            f"{what} failed: {' '.join(command[1:])}", tuple(result.stdout.splitlines()[-30:])
        )


def _fingerprint(environment: str, context: Mapping[str, str]) -> str:
    """A digest of every input's path and content, and of what else decides about the result."""
    digest = hashlib.sha256(f"{sys.version}{app_environment(environment, context)}".encode())
    for file in sorted(_inputs(CHECKOUT)):
        digest.update(f"\0{file.relative_to(CHECKOUT)}\0".encode())
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def _inputs(checkout: Path) -> Iterator[Path]:
    for entry in checkout.iterdir():
        if entry.name == "web":  # the console's app, which is built with its package
            yield from (it for it in _files(entry) if not it.is_relative_to(entry / "dist"))
        elif entry.name == "tools":
            for name in _OF_THE_TOOLS:
                yield from _files(entry / name)
        elif entry.name not in _NOT_INPUTS_HERE:
            yield from _files(entry)


def _files(entry: Path) -> Iterator[Path]:
    if entry.name in _NOT_INPUTS or entry.name.startswith("."):
        return
    if entry.is_dir():
        for each in entry.iterdir():
            yield from _files(each)
    elif entry.is_file():
        yield entry
