"""What images hold and how they run, read from their Dockerfiles: no builder is needed."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from fnmatch import fnmatch
from pathlib import Path

import pytest

from tests.support.containers import with_containers
from tools.base.workspace import CHECKOUT
from tools.containers import proto
from tools.containers.environment import PYTHON

FILES = sorted((CHECKOUT / "containers").glob("*/Dockerfile"))
NAMES = [file.parent.name for file in FILES]
SERVER = CHECKOUT / "containers" / "pricing_server" / "Dockerfile"


def instructions(file: Path) -> list[tuple[str, str]]:
    """``[(FROM, rest), ...]``, continued lines joined."""
    text = re.sub(r"^#.*\n", "", file.read_text("utf-8"), flags=re.MULTILINE)
    lines = text.replace("\\\n", " ").splitlines()
    return [(line.split()[0], line.split(maxsplit=1)[1]) for line in lines if line.strip()]


def wrong_with(found: list[tuple[str, str]]) -> list[str]:
    """What no image of ours may be."""
    problems = []
    last = max(at for at, (name, _) in enumerate(found) if name == "FROM")
    users = [rest for name, rest in found[last:] if name == "USER"]
    if not users or not re.fullmatch(r"[1-9]\d*:[1-9]\d*", users[-1]):
        problems.append("its user is no number of an ordinary user")
    if any(name == "ADD" for name, _ in found):
        problems.append("ADD fetches and unpacks what nobody has looked at")
    bases = [rest.partition("=")[2] for name, rest in found if name == "ARG"]
    if any(re.search(r":latest$|^[^:@]+$", it) for it in bases):
        problems.append("a base has no version")
    installs = [part for name, rest in found if name == "RUN" for part in rest.split("&&")]
    if any("pip install" in it and "--require-hashes" not in it for it in installs):
        problems.append("a package is installed without its hash")
    if not any(name == "ENTRYPOINT" and rest.startswith("[") for name, rest in found[last:]):
        problems.append("a shell stands before the program and keeps SIGTERM to itself")
    if any(
        name in {"ENV", "ARG"} and re.search("secret|password|token", rest, re.IGNORECASE)
        for name, rest in found
    ):
        problems.append("a secret")
    return problems


@pytest.mark.parametrize("file", FILES, ids=NAMES)
def test_an_image_runs_as_nobody_in_particular_and_holds_what_is_locked(file: Path) -> None:
    assert wrong_with(instructions(file)) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("USER 10001:10001", "USER root"),
        ("USER 10001:10001\n", ""),
        ("USER 10001:10001", "USER 0:0"),
        ("COPY lambdas/shared", "ADD lambdas/shared"),
        ("python:3.13-slim-bookworm", "python:latest"),
        ("--require-hashes ", ""),
        ('ENTRYPOINT ["python", "-m", "pricing_server.handlers.serve"]', "ENTRYPOINT python"),
        ("PYTHONUNBUFFERED=1", "API_TOKEN=1"),
    ],
)
def test_each_of_these_faults_is_found(old: str, new: str, tmp_path: Path) -> None:
    text = SERVER.read_text("utf-8")
    assert old in text
    planted = tmp_path / "Dockerfile"
    planted.write_text(text.replace(old, new), "utf-8")
    assert wrong_with(instructions(planted))


@pytest.mark.parametrize("file", FILES, ids=NAMES)
def test_what_is_copied_is_there_and_no_more_than_that_is_sent_to_a_builder(file: Path) -> None:
    sent = re.findall(r"^!(.+)$", (CHECKOUT / ".dockerignore").read_text("utf-8"), re.MULTILINE)
    for name, rest in instructions(file):
        words = [it for it in rest.split() if not it.startswith("--")]
        if name == "COPY" and "--from=" not in rest:
            for source in words[:-1]:
                assert (CHECKOUT / source).exists(), source
                assert any(fnmatch(source, it) or source.startswith(f"{it}/") for it in sent)


@pytest.mark.nightly
@with_containers
def test_the_servers_image_holds_all_that_the_server_imports(tmp_path: Path) -> None:
    """The folders that are copied, with the generated code, and nothing else of the checkout."""
    for name, rest in instructions(SERVER):
        words = rest.split()
        if name == "COPY" and words[-1].startswith("/app/"):
            shutil.copytree(CHECKOUT / words[0], tmp_path / words[-1].removeprefix("/app/"))
    shutil.copytree(proto.generated() / "shop", tmp_path / "shop")
    program = "import pricing_server.handlers.serve, pricing_server.handlers.is_healthy"
    done = subprocess.run(
        [PYTHON, "-c", program],
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path), "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
