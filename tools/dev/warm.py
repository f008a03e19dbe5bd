"""Keeps a process at hand that has loaded the CDK: a changed stack waits for its own code alone."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from tools.base.assembly import app_environment, process_environment
from tools.base.errors import SynthesisError
from tools.base.target import OFFLINE
from tools.base.workspace import CHECKOUT

_SCRIPT = Path(__file__).with_name("warm_app.py")
_APP = CHECKOUT / "app.py"
_EVIDENCE_LINES = 30


class WarmApp:
    """`with WarmApp() as app: app.run(settings)`; each process runs the app once."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None
        self._settings: Mapping[str, str] = {}

    def __enter__(self) -> Self:
        self.prepare()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end()

    def prepare(self) -> None:
        """Have a process load the CDK, if none has."""
        if self._process is None:
            # The CDK's own process takes them over when it is loaded, and not when the app runs.
            self._settings = app_environment(OFFLINE)
            self._process = subprocess.Popen(
                [sys.executable, str(_SCRIPT), str(_APP), *_modules()],
                cwd=CHECKOUT,
                env={**process_environment(), **self._settings},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                start_new_session=True,  # Ctrl-C is for the command, which ends it
            )

    def run(self, settings: Mapping[str, str]) -> None:
        """Run the app.

        Raises:
            SynthesisError: with the last lines of what it printed.
        """
        if settings != self._settings or (self._process and self._process.poll() is not None):
            self._end()
        self.prepare()
        process = self._process
        assert process is not None
        try:
            printed, _ = process.communicate("\n")
        finally:
            self._end()
        if process.returncode:
            evidence = tuple(printed.splitlines()[-_EVIDENCE_LINES:])
            raise SynthesisError("synthesis failed: app.py", evidence)

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.communicate()


def _modules() -> list[str]:
    """The CDK's modules that the stacks use."""
    found = {
        f"aws_cdk.{name}"
        for file in (CHECKOUT / "stacks").rglob("*.py")
        for name in re.findall(r"^from aws_cdk import (aws_\w+)", file.read_text(), re.MULTILINE)
    }
    return ["aws_cdk", *sorted(found)]
