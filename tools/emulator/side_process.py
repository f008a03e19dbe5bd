"""A process beside the emulator that stands in for a part of the cloud: how it starts and ends."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from tools.base import processes, proxies
from tools.base.errors import OfflineError
from tools.base.records import read_record
from tools.base.workspace import CHECKOUT, Workspace, write_private
from tools.emulator.loopback_guard import HOST, GuardedServer

ServerT = TypeVar("ServerT", bound=GuardedServer)


class SideProcessError(OfflineError):
    """A process beside the emulator did not start, or was never started here."""


class SideProcess:
    """One such process of a workspace; what ends the workspace's processes ends it too.

    ``record`` is the file in which it writes down its number and its port; its log is beside it.
    """

    def __init__(self, workspace: Workspace, *, module: str, record: Path, usual_port: int) -> None:
        self.workspace = workspace
        self._module = module
        self._record_file = record
        self._log = record.with_suffix(".log")
        self._usual_port = usual_port

    @property
    def url(self) -> str:
        """Where it listens.

        Raises:
            SideProcessError: it was never started here.
        """
        return f"http://{HOST}:{self.port}"

    @property
    def port(self) -> int:
        """The port that it listens on. Raises as ``url`` does."""
        try:
            return read_record(self._record_file)["port"]
        except KeyError as error:
            raise SideProcessError(f"{self._module} was never started here") from error

    @property
    def pid(self) -> int:
        """The number of its process. Raises as ``url`` does."""
        try:
            return read_record(self._record_file)["pid"]
        except KeyError as error:
            raise SideProcessError(f"{self._module} was never started here") from error

    def is_running(self) -> bool:
        """Whether it lives."""
        pid = read_record(self._record_file).get("pid")
        return processes.leads(self.workspace.root, pid)

    def launch(self, *options: str, until_gone: int | None = None) -> None:
        """Start it on the port of last time if that is free, and wait until it listens.

        Args:
            options: for its command line.
            until_gone: it ends with the process of this number, else with the workspace's emulator.

        Raises:
            SideProcessError: it did not start.
        """
        ports = [read_record(self._record_file).get("port", self._usual_port), self._usual_port, 0]
        self.workspace.prepare()
        self._record_file.unlink(missing_ok=True)
        command = [
            *(sys.executable, "-X", processes.workspace_option(self.workspace.root)),
            *("-m", self._module, *options),
            *("--record", str(self._record_file)),
            *("--ports", *map(str, ports)),
        ]
        if follows := until_gone or read_record(self.workspace.emulator_record).get("pid"):
            command += ["--until-gone", str(follows)]
        child = processes.launch(
            command, log=self._log, folder=CHECKOUT, environment=proxies.without(os.environ)
        )
        evidence = processes.refused_to_start(
            child,
            lambda: read_record(self._record_file).get("pid") == child.pid,
            log=self._log,
        )
        if evidence is not None:
            raise SideProcessError(f"{self._module} did not start", evidence)

    def stop(self) -> None:
        """End it, if it runs."""
        if not self.is_running():
            return
        pid = read_record(self._record_file)["pid"]
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
        processes.collect([pid])


def serve(
    make: Callable[[int], ServerT], ports: Iterable[int], record: Path, until_gone: int | None
) -> None:
    """Inside of the process: listen on the first free port, write down which, and serve."""
    server = _listening(make, list(ports))
    if until_gone:
        threading.Thread(target=_end_with, args=(until_gone,), daemon=True).start()
    write_private(record, json.dumps({"pid": os.getpid(), "port": server.server_port}))
    server.serve_forever(poll_interval=0.1)


def _listening(make: Callable[[int], ServerT], ports: list[int]) -> ServerT:
    for port in ports:
        try:
            return make(port)
        except OSError:
            continue
    raise SystemExit(f"none of the ports {ports} is free")


def _end_with(pid: int) -> None:
    while True:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            os._exit(0)
        time.sleep(0.5)
