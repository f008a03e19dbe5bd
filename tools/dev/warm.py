"""Keeps a process at hand that has loaded the CDK: a changed stack waits for its own code alone."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from tools.base.assembly import app_environment, process_environment
from tools.base.errors import SynthesisError
from tools.base.target import OFFLINE
from tools.base.workspace import CHECKOUT
from tools.dev.child import Child

_SCRIPT = Path(__file__).with_name("warm_app.py")
_APP = CHECKOUT / "app.py"
_EVIDENCE_LINES = 30


class WarmApp(Child):
    """`with WarmApp() as app: app.run(environment)`; each process runs the app once."""

    def __init__(self) -> None:
        super().__init__()
        self._environment: Mapping[str, str] = {}

    def __enter__(self) -> Self:
        self.prepare()
        return self

    def prepare(self) -> subprocess.Popen[str]:
        """Have a process load the CDK, if none has."""
        if self.running is not None:
            return self.running
        # The CDK's own process takes them over when it is loaded, and not when the app runs.
        self._environment = app_environment(OFFLINE)
        return self.start(
            [sys.executable, str(_SCRIPT), str(_APP), *_modules()],
            environment={**process_environment(), **self._environment},
            errors=subprocess.STDOUT,
            folder=CHECKOUT,
        )

    def run(self, environment: Mapping[str, str]) -> None:
        """Run the app.

        Raises:
            SynthesisError: with the last lines of what it printed.
        """
        if environment != self._environment:
            self.end()
        process = self.prepare()
        try:
            printed, _ = process.communicate("\n")
        finally:
            self.end()
        if process.returncode:
            evidence = tuple(printed.splitlines()[-_EVIDENCE_LINES:])
            raise SynthesisError("synthesis failed: app.py", evidence)


def _modules() -> list[str]:
    """The CDK's modules that the stacks use."""
    found = {
        f"aws_cdk.{name}"
        for file in (CHECKOUT / "stacks").rglob("*.py")
        for name in re.findall(r"^from aws_cdk import (aws_\w+)", file.read_text(), re.MULTILINE)
    }
    return ["aws_cdk", *sorted(found)]
