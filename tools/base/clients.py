"""Clients of AWS for operators' commands, by the name of the service."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from tools.base.endpoint import Cloud

Client = Callable[[str], Any]
LONGEST_CALL = 15 * 60
"""Seconds: a function's own limit."""
USUAL_CALLS = Config()
LONG_CALLS = Config(
    read_timeout=LONGEST_CALL,
    tcp_keepalive=True,
    # A call that was cut off may still be at work: a second one beside it would help nobody.
    retries={"mode": "standard", "total_max_attempts": 1},
)
"""For functions that work as long as a function may."""
THROTTLED_CALLS = Config(
    connect_timeout=5,
    read_timeout=60,
    # AppConfig's control plane is throttled for the whole account: others deploy at the same time.
    retries={"mode": "standard", "total_max_attempts": 8},
)
"""For control planes that refuse calls when there are many."""


def of_emulator(cloud: Cloud) -> Client:
    """Of an emulator: they reach nothing but this machine."""

    def client(service: str) -> Any:
        make: Any = cloud.client
        return make(service)

    return client


def of_account(region: str, calls: Config = USUAL_CALLS) -> Client:
    """Of the account that the usual credentials lead to, each made once."""
    session = boto3.Session(region_name=region)
    clients: dict[str, Any] = {}

    def client(service: str) -> Any:
        if service not in clients:
            make: Any = session.client
            clients[service] = make(service, config=calls)
        return clients[service]

    return client
