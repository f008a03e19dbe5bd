"""Starts and stops the payment providers of a workspace, and speaks with their test interface."""

from __future__ import annotations

import http.client
import json
from typing import Any, Literal, get_args

from tools.base.errors import OfflineError
from tools.base.records import read_record
from tools.base.workspace import Workspace
from tools.emulator.loopback_guard import HOST
from tools.emulator.side_process import SideProcess

Name = Literal["primary", "backup"]
"""Which of the two that payments deals with."""

_USUAL_PORTS: dict[Name, int] = {"primary": 4610, "backup": 4611}


class PaymentProviderError(OfflineError):
    """An offline payment provider refused a request of a test."""


class PaymentProvider(SideProcess):
    """A provider of one workspace: `PaymentProvider(workspace).start()` is the primary one."""

    def __init__(self, workspace: Workspace, name: Name = "primary") -> None:
        super().__init__(
            workspace,
            module="tools.emulator.payment_provider",
            record=workspace.payment_provider_record(name),
            usual_port=_USUAL_PORTS[name],
        )
        self.name: Name = name

    @classmethod
    def all_of(cls, workspace: Workspace) -> tuple[PaymentProvider, ...]:
        """Every provider of a workspace: whoever adds the money up asks them all."""
        return tuple(cls(workspace, name) for name in get_args(Name))

    def start(self, *, until_gone: int | None = None, persistence: bool = False) -> None:
        """Start it, unless it is running already.

        Args:
            until_gone: it ends with the process of this number, else with the workspace's emulator.
            persistence: keep its ledger over a restart of the emulator, and not of its own alone.

        Raises:
            SideProcessError: it did not start.
        """
        if self.is_running():
            return
        workspace = self.workspace
        workspace.prepare()
        # What the emulator forgets when it starts again, its providers forget as well.
        folder = workspace.state if persistence else workspace.scratch
        folder.mkdir(exist_ok=True, mode=0o700)
        ledger = folder / workspace.payment_provider_record(self.name).name
        options = ["--ledger", str(ledger)]
        if port := read_record(workspace.emulator_record).get("spans"):
            options += ["--spans", f"{HOST}:{port}"]
        self.launch(*options, until_gone=until_gone)

    def add_fault(self, kind: str, **rule: Any) -> None:
        """Make requests fail; see `tools.emulator.payment_provider.faults.Fault`."""
        self._ask("POST", "/_faults", {"kind": kind, **rule})

    def remove_fault(self, name: str) -> None:
        """Take the fault of that name away, and no other."""
        self._ask("DELETE", f"/_faults/{name}")

    def faults(self) -> list[dict[str, Any]]:
        """Those in force, as `add_fault` has them; `matched` is for how many requests each was."""
        rules: list[dict[str, Any]] = self._ask("GET", "/_faults")["rules"]
        return rules

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

    def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        connection = http.client.HTTPConnection(HOST, self.port, timeout=5)
        try:
            headers = {"Content-Type": "application/json"}
            content = json.dumps(body) if body is not None else None
            connection.request(method, path, content, headers)
            response = connection.getresponse()
            answer: dict[str, Any] = json.loads(response.read())
        finally:
            connection.close()
        if response.status >= 400:
            raise PaymentProviderError(f"{method} {path}: {answer.get('error')}")
        return answer
