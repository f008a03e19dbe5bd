"""A deployed service's configuration, changed for a while in the way that a merge changes it."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

from rich.console import Console

from tests.support.drivers.offline import Deployment, eventually
from tools.base import processes
from tools.base.target import of_emulator
from tools.configuration import commands, services

ENVIRONMENT = "dev"
Values = Mapping[str, Any]


@contextmanager
def changed(
    deployment: Deployment, service: str, *, settings: Values | None = None, **flags: Values
) -> Iterator[None]:
    """Every process works with these changes inside, and with git's documents again afterwards.

    ``flags`` are attributes by flag, whose name is written with underscores:
    ``payment_failover={"enabled": True}``.
    """
    document = json.loads((services.CONFIG / ENVIRONMENT / f"{service}.json").read_text())
    document["settings"].update(settings or {})
    for name, attributes in flags.items():
        document["flags"][name.replace("_", "-")].update(attributes)
    with TemporaryDirectory() as folder:
        file = Path(folder) / ENVIRONMENT / f"{service}.json"
        file.parent.mkdir()
        file.write_text(json.dumps(document))
        try:
            apply(deployment, service, Path(folder))
            yield
        finally:
            apply(deployment, service, services.CONFIG)


def process_ids(deployment: Deployment, service: str, function: str) -> frozenset[int]:
    """The living processes of a function, such as ``QueuedCommands``."""
    name = deployment.named(service, "functions", function)
    own = deployment.emulator.pids
    return frozenset(
        pid for pid, _, command in processes.listing() if pid in own and f"-{name}-" in command
    )


def apply(deployment: Deployment, service: str, config: Path) -> None:
    """Deploy a service's document, and wait until no process works with the one before."""
    commands.apply(
        of_emulator(deployment.cloud),
        Console(quiet=True),
        chosen=services.chosen([service]),
        config=config,
        wait_seconds=60,
    )
    document = json.loads((config / ENVIRONMENT / f"{service}.json").read_text())
    reader = _reader(deployment, service)
    eventually(lambda: all(_serves(reader, profile, document[profile]) for profile in document))
    # Each process asks the agent again once what it has is so old.
    since = time.monotonic()
    eventually(lambda: time.monotonic() - since > float(reader["CONFIGURATION_POLL_SECONDS"]))


def _reader(deployment: Deployment, service: str) -> Mapping[str, str]:
    """The environment of a function that reads the service's configuration."""
    name = "PlaceOrder" if service == "orders" else "QueuedCommands"
    answer = deployment.cloud.client("lambda").get_function_configuration(
        FunctionName=deployment.named(service, "functions", name)
    )
    return answer["Environment"]["Variables"]


def _serves(reader: Mapping[str, str], profile: str, wanted: Any) -> bool:
    """Whether the agent has it under the names by which functions ask: it polls for each name."""
    address = urlsplit(reader["CONFIGURATION_AGENT_URL"])
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=10)
    path = (
        f"/applications/{reader['CONFIGURATION_APPLICATION']}"
        f"/environments/{reader['CONFIGURATION_ENVIRONMENT']}/configurations/{profile}"
    )
    try:
        connection.request("GET", path)
        served = json.loads(connection.getresponse().read())
    finally:
        connection.close()
    return _without_idle_attributes(served) == _without_idle_attributes(wanted)


def _without_idle_attributes(document: Mapping[str, Any]) -> dict[str, Any]:
    """AppConfig serves a flag that is off without its attributes; the emulator serves them."""
    return {
        name: {"enabled": False} if isinstance(it, dict) and it.get("enabled") is False else it
        for name, it in document.items()
    }
