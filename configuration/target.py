"""Where configuration goes: the emulator of this checkout, or one environment of an account."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from local import outputs
from local.endpoint import Cloud

OFFLINE = "dev"
"""The environment that is deployed to the emulator."""
_CONFIG = Config(
    connect_timeout=5,
    read_timeout=60,
    # AppConfig's control plane is throttled for the whole account: others deploy at the same time.
    retries={"mode": "standard", "total_max_attempts": 8},
)


@dataclass(frozen=True)
class Target:
    """``name`` says to people where a command works."""

    name: str
    environment: str
    client: Callable[[str], Any]
    is_offline: bool


def offline(workspace: Path) -> Target:
    """The emulator that ``make up`` started; its clients reach nothing but this machine.

    Raises:
        OfflineError: nothing is deployed.
    """
    return of_emulator(Cloud(outputs.read(workspace / "outputs.json")["endpoint"]))


def of_emulator(cloud: Cloud) -> Target:
    """An emulator that the system is deployed to."""

    def client(service: str) -> Any:
        make: Any = cloud.client
        return make(service)

    return Target(f"offline at {cloud.endpoint}", OFFLINE, client, is_offline=True)


def account(environment: str, region: str) -> Target:
    """An environment of the account that the usual credentials lead to."""
    session = boto3.Session(region_name=region)
    clients: dict[str, Any] = {}

    def client(service: str) -> Any:
        if service not in clients:
            make: Any = session.client
            clients[service] = make(service, config=_CONFIG)
        return clients[service]

    return Target(f"environment {environment} in {region}", environment, client, is_offline=False)
