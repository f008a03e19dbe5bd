"""The way to DynamoDB with every botocore that a runtime may bring: old ones and the newest."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TESTS = "tests/unit/shared/runtime/test_aws.py"
VERSIONS = ("1.36.*", "1.37.*", "1.38.0", "1.39.*", "1.40.*", "1.41.*", "1.42.*", "")
"""The last is the newest that there is on the day of the test."""


@pytest.mark.nightly
@pytest.mark.parametrize("version", VERSIONS, ids=lambda it: it or "newest")
def test_what_is_sent_and_heard_is_what_this_botocore_sends_and_hears(
    version: str, tmp_path: Path
) -> None:
    wanted = f"botocore=={version}" if version else "botocore"
    uv = Path(sys.executable).with_name("uv")
    install = [str(uv), "pip", "install", "--quiet", "--no-deps"]
    subprocess.run([*install, "--target", str(tmp_path), wanted], check=True, timeout=300)
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    where = [sys.executable, "-c", "import botocore; print(botocore.__file__)"]
    found = subprocess.run(
        where, env=environment, check=True, capture_output=True, text=True, cwd=ROOT
    )
    assert found.stdout.startswith(str(tmp_path))
    tests = subprocess.run(
        [sys.executable, "-m", "pytest", TESTS, "-p", "no:cacheprovider"],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert tests.returncode == 0, tests.stdout
