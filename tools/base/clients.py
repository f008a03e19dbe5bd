"""Clients of AWS for operators' commands, by the name of the service."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import boto3

if TYPE_CHECKING:
    from botocore.config import Config

    from tools.base.endpoint import Cloud
    from tools.base.region import Region

Client = Callable[[str], Any]


def of_emulator(cloud: Cloud) -> Client:
    """Of an emulator: they reach nothing but this machine."""

    def client(service: str) -> Any:
        make: Any = cloud.client
        return make(service)

    return client


def of_account(region: Region, config: Config) -> Client:
    """Of the account that the usual credentials lead to, each made once."""
    session = boto3.Session(region_name=region.name)
    clients: dict[str, Any] = {}

    def client(service: str) -> Any:
        if service not in clients:
            make: Any = session.client
            clients[service] = make(service, config=config)
        return clients[service]

    return client


def account_of(client: Client, environment: str, region: Region) -> str:
    """Where commands work, for people: the environment, the account's number, the region.

    Raises:
        ClientError, BotoCoreError: the credentials lead nowhere.
    """
    number = client("sts").get_caller_identity()["Account"]
    return f"environment {environment}, account {number}, region {region}"
