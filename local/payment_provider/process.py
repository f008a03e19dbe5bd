"""Starts and stops the payment provider of a workspace, and speaks with its test interface."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from local import processes
from local.errors import OfflineError
from local.workspace import CHECKOUT, Workspace

_HOST = "127.0.0.1"
_USUAL_PORT = 4610
_START_SECONDS = 10.0
# Those that this process has started: it collects them.
_children: dict[int, subprocess.Popen[bytes]] = {}


class PaymentProviderError(OfflineError):
    """The offline payment provider did not start, or refused a request of a test."""


class PaymentProvider:
    """The provider of one workspace: `PaymentProvider(workspace).start()`.

    It ends with the emulator that it is started for, and is one of the workspace's processes: what
    ends those ends it too.
    """

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace

    @property
    def url(self) -> str:
        """Where it listens.

        Raises:
            PaymentProviderError: it was never started here.
        """
        return f"http://{_HOST}:{self._port}"

    def is_running(self) -> bool:
        """Whether it lives and answers."""
        record = self._record()
        if not record or record["pid"] not in processes.of_workspace(self.workspace.root, None):
            return False
        try:
            self._request("GET", "/_faults")
        except OSError:
            return False
        return True

    def start(self, *, until_gone: int | None = None, persistence: bool = False) -> None:
        """Start it, unless it is running already, on the port of last time if that is free.

        Args:
            until_gone: it ends with the process of this number, else with the workspace's emulator.
            persistence: keep its ledger over a restart.

        Raises:
            PaymentProviderError: it did not start.
        """
        if self.is_running():
            return
        ports = [self._record().get("port", _USUAL_PORT), _USUAL_PORT, 0]
        self.workspace.root.mkdir(parents=True, exist_ok=True)
        self.workspace.payment_provider_record.unlink(missing_ok=True)
        command = [
            *(sys.executable, "-X", processes.workspace_option(self.workspace.root)),
            *("-m", "local.payment_provider"),
            *("--record", str(self.workspace.payment_provider_record)),
            *("--ports", *map(str, ports)),
        ]
        if follows := until_gone or _read(self.workspace.emulator_record).get("pid"):
            command += ["--until-gone", str(follows)]
        if persistence:
            self.workspace.state.mkdir(parents=True, exist_ok=True)
            command += ["--ledger", str(self.workspace.state / "payment-provider.json")]
        with self.workspace.payment_provider_log.open("wb") as log:
            child = subprocess.Popen(
                command,
                cwd=CHECKOUT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        _children[child.pid] = child
        self._wait_until_it_listens(child)

    def stop(self) -> None:
        """End it, if it runs."""
        pid = self._record().get("pid")
        if pid in processes.of_workspace(self.workspace.root, None):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
        if child := _children.pop(pid, None) if pid else None:
            child.wait()

    def add_fault(self, kind: str, **rule: Any) -> None:
        """Make requests fail; see `local.payment_provider.faults.Fault`."""
        self._ask("POST", "/_faults", {"kind": kind, **rule})

    def clear_faults(self) -> None:
        """Let every request succeed."""
        self._ask("DELETE", "/_faults")

    def ledger(self) -> dict[str, Any]:
        """`{authorizations: [...], declined, requests: {operation: count}}`: what it really did."""
        return self._ask("GET", "/_ledger")

    def charges(self, order_id: str) -> list[dict[str, Any]]:
        """The authorizations that were ever made for an order: more than one is a fault."""
        return [it for it in self.ledger()["authorizations"] if it["reference"] == order_id]

    def issue_key(self, key: str | None = None) -> dict[str, str]:
        """`{id, key}` of one more key that it accepts: a new one, or the one given."""
        return self._ask("POST", "/_keys", {"key": key} if key else {})

    def keys(self) -> list[str]:
        """The ids of the keys that it accepts."""
        ids: list[str] = self._ask("GET", "/_keys")["keys"]
        return ids

    def revoke_key(self, key_id: str) -> None:
        """Accept a key no longer."""
        self._ask("DELETE", f"/_keys/{key_id}")

    @property
    def _port(self) -> int:
        try:
            return self._record()["port"]
        except KeyError as error:
            raise PaymentProviderError("the payment provider was never started here") from error

    def _record(self) -> dict[str, int]:
        return _read(self.workspace.payment_provider_record)

    def _wait_until_it_listens(self, child: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while self._record().get("pid") != child.pid:
            if child.poll() is not None or time.monotonic() > deadline:
                child.kill()
                log = self.workspace.payment_provider_log.read_text(errors="replace")
                raise PaymentProviderError(
                    "the payment provider did not start", tuple(log.splitlines()[-10:])
                )
            time.sleep(0.01)

    def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        status, answer = self._request(method, path, body)
        if status >= 400:
            raise PaymentProviderError(f"{method} {path}: {answer.get('error')}")
        return answer

    def _request(
        self, method: str, path: str, body: dict[str, Any] | None = None
    ) -> tuple[int, dict[str, Any]]:
        connection = http.client.HTTPConnection(_HOST, self._port, timeout=5)
        try:
            connection.request(method, path, json.dumps(body) if body is not None else None)
            response = connection.getresponse()
            return response.status, json.loads(response.read())
        finally:
            connection.close()


def _read(record: Path) -> dict[str, int]:
    try:
        found: dict[str, int] = json.loads(record.read_text())
    except FileNotFoundError:
        return {}
    return found
