"""The CDK's app refuses to guess a region."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.infra.system import CHECKOUT


@pytest.mark.nightly  # it starts the app
def test_a_region_that_two_places_say_differently_is_refused_in_a_sentence(tmp_path: Path) -> None:
    context = json.loads((CHECKOUT / "cdk.json").read_text())["context"]
    done = subprocess.run(
        [sys.executable, "app.py"],
        cwd=CHECKOUT,
        env=os.environ
        | {
            "AWS_REGION": "us-east-1",
            "CDK_OUTDIR": str(tmp_path / "out"),
            "CDK_CONTEXT_JSON": json.dumps(context),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("synth: the context says eu-west-1")
    assert "-c region=us-east-1" in done.stderr
    assert not (tmp_path / "out" / "manifest.json").exists()
