"""Starts and stops the emulator of AWS (MiniStack), one for each workspace."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from tools.base import processes, proxies
from tools.base.endpoint import ACCOUNT, REGION, Cloud
from tools.base.errors import EmulatorError
from tools.base.records import read_record
from tools.base.workspace import CHECKOUT, Workspace, write_private
from tools.emulator.loopback_guard import HOST
from tools.emulator.ports import answers, free_port
from tools.emulator.resumption import read_streams_from_the_beginning

_INTERPRETER = CHECKOUT / ".venv-emulator" / "bin" / "python"
_ENGINE = CHECKOUT / "tools" / "emulator" / "engine.py"
_START_SECONDS = 30.0
_READY = " Ready "
_HEALTH = "/_ministack/health"
_OTHER_PORTS = 3
SAVE_SECONDS = 30.0
"""How often the state is saved, and so how much a killed emulator loses at most."""


class Emulator:
    """The emulator of one workspace: `with Emulator(directory) as emulator: emulator.cloud`.

    Entered as a context it ends with this process, even if that is killed; started with
    `start()` it goes on until `stop()`, which any later process may call.

    Args:
        directory: the workspace's folder; log, record and state are kept there.
        auth: enforce IAM with the functions' own roles.
        persistence: keep everything over a stop, in the folder `state`.
        save_seconds: with `persistence`, how often everything is saved meanwhile.
        region: the one that it plays.
    """

    def __init__(
        self,
        directory: Path,
        *,
        auth: bool = False,
        persistence: bool = False,
        save_seconds: float = SAVE_SECONDS,
        region: str = REGION,
    ) -> None:
        self.workspace = Workspace(directory.resolve())
        self.auth = auth
        self.persistence = persistence
        self.save_seconds = save_seconds
        self.region = region
        self.lost_since: datetime | None = None
        """After a start: from when on everything is lost, since it did not end in order."""
        self._cloud: Cloud | None = None

    @classmethod
    def of(cls, workspace: Workspace) -> Emulator:
        """The emulator that this workspace started last, running or not."""
        record = read_record(workspace.emulator_record)
        return cls(
            workspace.root,
            auth=bool(record.get("auth")),
            # Without a record: what there is to keep is kept.
            persistence=bool(record.get("persistence", workspace.state.exists())),
        )

    @property
    def port(self) -> int:
        """The port it listens on.

        Raises:
            EmulatorError: it was never started here.
        """
        try:
            return int(read_record(self.workspace.emulator_record)["port"])
        except KeyError as error:
            raise EmulatorError("nothing runs here yet: start it with `make up`") from error

    @property
    def endpoint(self) -> str:
        return f"http://{HOST}:{self.port}"

    @property
    def cloud(self) -> Cloud:
        """Clients for it, the same as long as it keeps its port."""
        endpoint = self.endpoint
        if self._cloud is None or self._cloud.endpoint != endpoint:
            self._cloud = Cloud(endpoint, self.region)
        return self._cloud

    @property
    def pids(self) -> list[int]:
        """Its living processes: the server and the workers that run functions."""
        return processes.of_workspace(self.workspace.root, self._recorded_pid)

    def is_healthy(self) -> bool:
        """Whether its server lives and answers."""
        return processes.leads(self.workspace.root, self._recorded_pid) and answers(
            self.port, _HEALTH
        )

    def start(self) -> None:
        """Start it, unless it is running already.

        Raises:
            EmulatorError: it is not installed, did not become healthy, or runs with other
                options than these.
        """
        if self.is_healthy():
            self._assert_same_options()
            return
        self._launch(tethered=False)

    def stop(self) -> list[int]:
        """End the server and its workers, whatever state they are in; return what was ended."""
        ended = processes.end(self.workspace.root, self._recorded_pid, grace=self._grace)
        shutil.rmtree(self.workspace.scratch, ignore_errors=True)
        if not self.persistence:
            self.workspace.outputs.unlink(missing_ok=True)  # it names what is gone
        return ended

    def log_tail(self, lines: int = 12) -> tuple[str, ...]:
        """The last lines of its log, without its opening picture if it did start."""
        try:
            log = self.workspace.emulator_log.read_text(errors="replace").splitlines()
        except FileNotFoundError:
            return ()
        ready = next((number for number, line in enumerate(log) if _READY in line), 0)
        return tuple(log[ready:][-lines:])

    def __enter__(self) -> Self:
        self._launch(tethered=True)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def _recorded_pid(self) -> int | None:
        return read_record(self.workspace.emulator_record).get("pid")

    @property
    def _grace(self) -> float:
        """Seconds for a clean end: only what is to be kept has to be written."""
        return 15.0 if self.persistence else 0.0

    def _assert_same_options(self) -> None:
        running = Emulator.of(self.workspace)
        if (running.auth, running.persistence) != (self.auth, self.persistence):
            raise EmulatorError(
                "the emulator is running with other options; stop it first with `make down`"
            )

    def _launch(self, *, tethered: bool) -> None:
        if not _INTERPRETER.exists():
            raise EmulatorError("the emulator is not installed: run `make setup` first")
        previous_port = read_record(self.workspace.emulator_record).get("port")
        self.stop()  # what a crash may have left
        resumes = self.persistence and self._take_up_the_state()
        try:
            for preferred in (previous_port, *[None] * _OTHER_PORTS):
                port = free_port(preferred)
                server = self._spawn(port, tethered=tethered)
                if self._wait_until_healthy(server, port):
                    if resumes:
                        read_streams_from_the_beginning(self.cloud)
                    return
        except BaseException:
            self.stop()
            raise
        raise EmulatorError("the emulator did not start", self.log_tail())

    def _take_up_the_state(self) -> bool:
        """Go on with what was kept; after an end that was none, with the last save.

        What was saved is whole, and its two sides belong together: the payment providers' books
        are those of the same moment.
        """
        workspace = self.workspace
        if not workspace.state.exists():
            return False
        if workspace.clean_end.exists():
            workspace.clean_end.unlink()
            return True
        saved = workspace.last_save.exists()
        since = workspace.last_save if saved else workspace.state
        self.lost_since = datetime.fromtimestamp(since.stat().st_mtime).astimezone()
        shutil.rmtree(workspace.state)
        if saved:
            shutil.copytree(workspace.last_save, workspace.state)
        return saved

    def _spawn(self, port: int, *, tethered: bool) -> subprocess.Popen[bytes]:
        spans = free_port(None, socket.SOCK_DGRAM)
        self.workspace.prepare()
        self.workspace.scratch.mkdir(exist_ok=True, mode=0o700)
        root = self.workspace.root
        program = ["-P", str(_ENGINE), *(["--tethered"] if tethered else [])]
        server = processes.launch(
            # The option -X only puts the workspace's path into the command line.
            [str(_INTERPRETER), "-X", processes.workspace_option(root), *program],
            log=self.workspace.emulator_log,
            folder=root,
            environment=self._environment(port, spans),
            stdin=subprocess.PIPE if tethered else subprocess.DEVNULL,
        )
        record = {
            "pid": server.pid,
            "port": port,
            "spans": spans,
            "auth": self.auth,
            "persistence": self.persistence,
        }
        write_private(self.workspace.emulator_record, json.dumps(record))
        return server

    def _environment(self, port: int, spans: int) -> dict[str, str]:
        """All that the emulator sees, and the functions too: they inherit it."""
        environment = {
            "PATH": os.defpath,
            "HOME": str(self.workspace.scratch),  # no ~/.aws
            "TMPDIR": str(self.workspace.scratch),
            "LANG": "C.UTF-8",
            "GATEWAY_PORT": str(port),
            "BIND_HOST": HOST,
            "MINISTACK_HOST": HOST,  # in the addresses of queues
            "MINISTACK_ACCOUNT_ID": ACCOUNT,
            "MINISTACK_REGION": self.region,
            "STATE_DIR": str(self.workspace.state),
            "S3_DATA_DIR": str(self.workspace.state / "s3"),
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
            "LAMBDA_EXECUTOR": "local",
            "LAMBDA_WARM_TTL_SECONDS": "60",  # for all but a function's first process
            "DOCKER_HOST": f"unix://{self.workspace.scratch}/no-docker.sock",
            "AWS_EC2_METADATA_DISABLED": "true",
            # Where Lambda's daemon for X-Ray would be, whether something receives there or not.
            "AWS_XRAY_DAEMON_ADDRESS": f"{HOST}:{spans}",
            # Partners' webhooks may go to receivers that stand here, with a certificate of its own.
            "LOOPBACK_RECEIVERS": str(self.workspace.receivers_authority),
            **proxies.NONE,
        }
        if self.auth:
            environment["AUTH"] = "true"
        if self.persistence:
            environment |= {
                "PERSIST_STATE": "1",
                "S3_PERSIST": "1",
                "SAVE_SECONDS": str(self.save_seconds),
            }
        return environment

    def _wait_until_healthy(self, server: subprocess.Popen[bytes], port: int) -> bool:
        """False if the process ended by itself, as it does when the port was just taken."""
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline:
            if server.poll() is not None:
                return False
            # Its own log too: another workspace's emulator may have answered on that port.
            if _READY in "".join(self.log_tail()) and answers(port, _HEALTH):
                return True
            time.sleep(0.02)
        raise EmulatorError(
            f"the emulator did not answer within {_START_SECONDS:.0f} s", self.log_tail()
        )
