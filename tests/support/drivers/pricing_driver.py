"""Pricing of a deployed system: its processes, and calls of it by gRPC and by REST."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.drivers.offline import Answer, Deployment, call
from tools.base.endpoint import ACCOUNT
from tools.base.workspace import CHECKOUT
from tools.containers import proto
from tools.containers.environment import PYTHON
from tools.emulator.loopback_guard import HOST
from tools.emulator.pricing.system import PricingSystem

CALLS = CHECKOUT / "tests" / "support" / "pricing_calls.py"
IDENTITY = {
    "x-amzn-lattice-identity": f"Principal=arn:aws:iam::{ACCOUNT}:role/partners;SessionName=tests"
}
"""As Lattice says who has signed a call."""
LINES = [{"sku": "TEA-SENCHA", "quantity": 2}]


def quote_request(**other: Any) -> dict[str, Any]:
    """A request that is right, but for what is said."""
    return {"customer_id": "somebody", "lines": LINES, "currency": "EUR", **other}


@dataclass(frozen=True)
class Pricing:
    """Pricing beside a deployment."""

    deployment: Deployment
    system: PricingSystem

    @property
    def folder(self) -> Path:
        """Certificates, logs, records."""
        return self.system.envoy.folder

    def calls(
        self, *wanted: dict[str, Any], listener: str = "plain", caller: str | None = None
    ) -> list[dict[str, Any]]:
        """Make these calls, one after the other, on one connection; their answers."""
        port = self.system.envoy.port(listener)
        return calls(port, wanted, self.folder if listener == "mutual" else None, caller)

    def quote(self, metadata: dict[str, str] = IDENTITY, **other: Any) -> dict[str, Any]:
        """One quote."""
        request = quote_request(**other)
        return self.calls({"method": "Quote", "request": request, "metadata": metadata})[0]

    def rest(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """By Envoy's transcoder."""
        sent = {**IDENTITY, **headers}
        return call(method, f"{self.system.envoy.plain_url}{path}", body=body, headers=sent)


def calls(
    port: int,
    wanted: Sequence[dict[str, Any]],
    folder: Path | None = None,
    caller: str | None = None,
) -> list[dict[str, Any]]:
    """Calls of whatever listens on a port; with a folder of certificates, by TLS."""
    files = () if folder is None else (str(folder), *((caller,) if caller else ()))
    done = subprocess.run(
        [str(PYTHON), str(CALLS), f"{HOST}:{port}", *files],
        input="".join(f"{json.dumps(it)}\n" for it in wanted),
        env={"PYTHONPATH": str(proto.generated()), "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return [json.loads(it) for it in done.stdout.splitlines()]
