"""Clients of AWS for operators' commands, by the name of the service."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import boto3

if TYPE_CHECKING:
    from botocore.config import Config

    from local.endpoint import Cloud

Client = Callable[[str], Any]


def of_emulator(cloud: Cloud) -> Client:
    """Of an emulator: they reach nothing but this machine."""

    def client(service: str) -> Any:
        make: Any = cloud.client
        return make(service)

    return client


def of_account(region: str, config: Config) -> Client:
    """Of the account that the usual credentials lead to, each made once."""
    session = boto3.Session(region_name=region)
    clients: dict[str, Any] = {}

    def client(service: str) -> Any:
        if service not in clients:
            make: Any = session.client
            clients[service] = make(service, config=config)
        return clients[service]

    return client
