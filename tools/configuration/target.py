"""Where configuration goes: the emulator of this checkout, or one environment of an account."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from botocore.config import Config

from tools.base import clients, outputs
from tools.base.endpoint import Cloud
from tools.base.region import Region

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
    client: clients.Client
    is_offline: bool


def offline(workspace: Path) -> Target:
    """The emulator that ``make up`` started; its clients reach nothing but this machine.

    Raises:
        OfflineError: nothing is deployed.
    """
    return of_emulator(Cloud(outputs.read(workspace / "outputs.json")["endpoint"]))


def of_emulator(cloud: Cloud) -> Target:
    """An emulator that the system is deployed to."""
    client = clients.of_emulator(cloud)
    return Target(f"offline at {cloud.endpoint}", OFFLINE, client, is_offline=True)


def account(environment: str, region: Region) -> Target:
    """An environment of the account that the usual credentials lead to.

    Raises:
        ClientError, BotoCoreError: they lead nowhere.
    """
    client = clients.of_account(region, _CONFIG)
    name = clients.account_of(client, environment, region)
    return Target(name, environment, client, is_offline=False)
