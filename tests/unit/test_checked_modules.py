"""The type checker reads every module of the CDK that the stacks use."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
USED = re.compile(
    r"^\s*from aws_cdk import (aws_\w+)|^\s*from aws_cdk\.(aws_\w+) import", re.MULTILINE
)


def test_every_module_of_the_cdk_that_is_used_is_checked() -> None:
    overrides = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["mypy"]["overrides"]
    [checked] = [set(o["module"]) for o in overrides if o.get("follow_imports") == "normal"]
    sources = [ROOT / "app.py", *(ROOT / "stacks").rglob("*.py")]
    used = {
        f"aws_cdk.{one or other}"
        for source in sources
        for one, other in USED.findall(source.read_text())
    }
    assert used
    assert checked == used | {"aws_cdk"}
