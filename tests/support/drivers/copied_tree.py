"""A copy of the checkout, in which a test may add, change and remove what it likes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tools.base.workspace import CHECKOUT

COPIED = (
    *("stacks", "lambdas", "web", "bundling", "contracts", "config", "tools", "docs", "tests"),
    *(
        "resolvers",
        "containers",
        "k8s",
        "app.py",
        "cdk.json",
        "pyproject.toml",
        "CODEOWNERS",
        ".build",
    ),
)
INSTALLED = ("node_modules", "web/node_modules", ".venv-emulator")


def copy_to(folder: Path, *without: str) -> Path:
    """The sources, the packages that are built already, and links to what is installed."""
    ignored = shutil.ignore_patterns("__pycache__", "node_modules", *without)
    for name in COPIED:
        source = CHECKOUT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=ignored)
        else:
            shutil.copy(source, folder / name)
    for name in INSTALLED:
        (folder / name).symlink_to(CHECKOUT / name)
    return folder


def link_web_tools(web: Path) -> None:
    """The tools of the console's app for a copy of it; what its build notes is the copy's own."""
    (web / "node_modules").mkdir()
    for tool in (CHECKOUT / "web" / "node_modules").iterdir():
        if not tool.name.startswith("."):
            (web / "node_modules" / tool.name).symlink_to(tool)


def run(tree: Path, *program: str) -> subprocess.CompletedProcess[str]:
    """One of the copy's own programs."""
    environment = {
        key: value
        for key, value in os.environ.items()
        # A pytest in the copy is nobody's worker.
        if key != "PYTHONPATH" and not key.startswith("PYTEST_")
    }
    return subprocess.run(
        [sys.executable, "-m", *program],
        cwd=tree,
        env={**environment, "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )
