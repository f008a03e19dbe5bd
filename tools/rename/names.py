"""Which names a product may have: what AWS, Python, domains and this repository can bear."""

from __future__ import annotations

import keyword
import re
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path

from tools.base.errors import OfflineError

SHORTEST = 3
LONGEST_BUCKET_NAME = 63
LONGEST = 18
"""What the longest name of a bucket leaves, in the region with the longest name: to ask the CDK for
all regions would take two seconds, and a test does."""
_OF_AWS = ("aws", "amazon", "ssm", "cdk")
"""No SSM parameter, tag or source on the bus may begin so, or none should."""
_USED_BY_THE_SYSTEM = ("con", "nul", "aux", "prn", "localhost", "example", "test", "local")


class NameRefused(OfflineError):
    """Nothing can be called so; the message says why."""


def current(checkout: Path) -> str:
    """What the product is called now: pyproject.toml has it."""
    project = tomllib.loads((checkout / "pyproject.toml").read_text("utf-8"))["project"]
    return str(project["name"])


def check(name: str, now: str, texts: Mapping[str, str]) -> None:
    """Raises NameRefused for a name that something here cannot have, or that stands here already.

    Args:
        texts: every text of the repository, by its path.
    """
    _check_form(name)
    if name == now:
        raise NameRefused(f"the product is called {now} already")
    for path, text in texts.items():
        if name in text.lower().replace(now, "\0") or name in path.lower():
            raise NameRefused(
                f"{name!r} is a word of {path} already, with another meaning: a later rename "
                "could not tell the two apart. Choose another name"
            )


def _check_form(name: str) -> None:
    if not re.fullmatch(r"[a-z][a-z0-9]*", name):
        raise NameRefused(
            f"{name!r} must be small letters a to z and digits, and begin with a letter: buckets "
            "take no capitals, Python no dash, domains neither other letters nor a dash at an end"
        )
    if len(name) < SHORTEST:
        raise NameRefused(f"{name!r} is too short: buckets need {SHORTEST} characters, and so here")
    if len(name) > LONGEST:
        raise NameRefused(
            f"{name!r} has {len(name)} characters, and {LONGEST} are the most: with environment, "
            f"account and region the name of the archive's copy, a bucket, has no room for more "
            f"within {LONGEST_BUCKET_NAME}"
        )
    if keyword.iskeyword(name) or name in keyword.softkwlist or name in sys.stdlib_module_names:
        raise NameRefused(f"{name!r} is a word of Python: no package may be called so")
    if name.startswith(_OF_AWS):
        raise NameRefused(f"{name!r} begins with a word that AWS keeps for itself")
    if name in _USED_BY_THE_SYSTEM:
        raise NameRefused(f"{name!r} is a name that systems keep for themselves")
