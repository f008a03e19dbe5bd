"""A git repository for a test, away from anybody's settings."""

from __future__ import annotations

import subprocess
from pathlib import Path


def git(checkout: Path, *arguments: str) -> str:
    """Run git as nobody in particular, away from anybody's settings."""
    identity = ["-c", "user.name=test", "-c", "user.email=test@example.com"]
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(checkout), "GIT_CONFIG_NOSYSTEM": "1"}
    return subprocess.run(
        ["git", "-C", str(checkout), *identity, *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()


def commit(checkout: Path, message: str) -> str:
    """Commit everything; the commit's hash."""
    git(checkout, "add", "--all")
    git(checkout, "commit", "--quiet", "--message", message)
    return git(checkout, "rev-parse", "HEAD")
