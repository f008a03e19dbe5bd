"""Whether an environment's payments can ever be authorized."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from stacks.mail_domain import somebody_can_own
from stacks.payments import BACKUP_PROVIDER_URL, PROVIDER_URL
from tools.base.errors import OperationFailed

if TYPE_CHECKING:
    from rich.console import Console

    from tools.base.target import Target

CONTEXT = Path(__file__).resolve().parents[2] / "cdk.json"


def check(target: Target, console: Console, context: Path = CONTEXT) -> None:
    """Say which payment providers an environment asks, before anything is deployed.

    Development may do without: orders are then accepted and stay open, which is said.

    Raises:
        OperationFailed: an address is not of HTTPS, or names a host that nobody can own.
    """
    named = json.loads(context.read_text("utf-8"))["context"]
    for key, role in ((PROVIDER_URL, "payments"), (BACKUP_PROVIDER_URL, "failover")):
        address = str(named[key])
        parts = urlsplit(address)
        if parts.scheme == "https" and somebody_can_own(parts.hostname or ""):
            console.print(f"{role}: {address}")
        elif target.environment == "dev":
            console.print(
                f"{role}: {address} is no real provider: orders will stay open. Name one of "
                f'yours as "{key}" in the context of cdk.json'
            )
        else:
            raise OperationFailed(
                f"{target.environment} would ask {address} for {role}, where nobody can ever "
                f"answer: orders would stay open until they are undone. Name the https address of "
                f'your provider before you deploy: "{key}" in the context of cdk.json'
            )
