"""Processes of services in containers: marked as the workspace's, on free ports."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from tools.base import processes
from tools.base.errors import OfflineError
from tools.base.records import read_record
from tools.base.workspace import CHECKOUT, Workspace, write_private
from tools.containers import proto
from tools.containers.environment import PYTHON


class ContainerProcessError(OfflineError):
    """A process of a service in containers did not start, or was never started here."""


class ContainerProcess:
    """One process; ``{name}.json`` has its number and its ports, ``{name}.log`` what it prints."""

    def __init__(self, workspace: Workspace, name: str, folder: Path) -> None:
        self.workspace = workspace
        self.name = name
        self.folder = folder
        self.record_file = self.folder / f"{name}.json"
        self.log = self.folder / f"{name}.log"

    @property
    def pid(self) -> int | None:
        """The number of its process, if it was started here."""
        return read_record(self.record_file).get("pid")

    def port(self, name: str) -> int:
        """One of its ports. Raises ContainerProcessError: it was never started here."""
        try:
            return read_record(self.record_file)[name]
        except KeyError as error:
            raise ContainerProcessError(
                f"{self.folder.name}'s {self.name} was never started here"
            ) from error

    def is_running(self) -> bool:
        """Whether it lives."""
        return processes.leads(self.workspace.root, self.pid)

    def launch(
        self,
        module: str,
        options: Sequence[str],
        ports: Mapping[str, int],
        environment: Mapping[str, str],
        python: str | Path = PYTHON,
    ) -> subprocess.Popen[bytes]:
        """Start a module of this repository, with the container tools' Python if no other."""
        self.workspace.prepare()
        self.folder.mkdir(exist_ok=True, mode=0o700)
        mark = processes.workspace_option(self.workspace.root)
        follows = read_record(self.workspace.emulator_record).get("pid")
        command = [
            *(str(python), "-X", mark, "-m", module, *options),
            *(("--until-gone", str(follows)) if follows else ()),
        ]
        paths = (CHECKOUT, CHECKOUT / "lambdas", CHECKOUT / "containers", proto.generated())
        child = processes.launch(
            command,
            log=self.log,
            folder=CHECKOUT,
            environment={
                "PATH": os.environ.get("PATH", ""),
                "HOME": os.environ.get("HOME", ""),
                "PYTHONPATH": os.pathsep.join(map(str, paths)),
                "PYTHONUTF8": "1",
                **environment,
            },
        )
        write_private(self.record_file, json.dumps({"pid": child.pid, **ports}))
        return child

    def wait(self, child: subprocess.Popen[bytes], is_ready: Callable[[], bool]) -> None:
        """Until it is ready. Raises ContainerProcessError: it has ended, or takes too long."""
        evidence = processes.refused_to_start(child, is_ready, log=self.log)
        if evidence is not None:
            raise ContainerProcessError(f"{self.folder.name}'s {self.name} did not start", evidence)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Ask it to end, if it runs; SIGKILL does not ask. It may take its time to drain."""
        pid = self.pid
        if pid is not None and self.is_running():
            with suppress(ProcessLookupError):
                os.killpg(pid, number)

    def wait_until_gone(self, seconds: float = 20.0) -> bool:
        """Whether it has ended within that time."""
        deadline = time.monotonic() + seconds
        while self.is_running():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.05)
        if self.pid is not None:
            processes.collect([self.pid])
        return True
