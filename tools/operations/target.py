"""What a command works on: the emulator of this checkout, or one environment of an account."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from botocore.config import Config
from botocore.exceptions import ClientError

from tools.base import clients, outputs
from tools.base.endpoint import Cloud
from tools.base.region import Region
from tools.local.bring_up import ENVIRONMENT
from tools.operations.errors import FunctionFailed, OperationFailed

LONGEST_CALL = 15 * 60
"""Seconds: a function's own limit."""
_CONFIG = Config(
    read_timeout=LONGEST_CALL,
    tcp_keepalive=True,
    # A call that was cut off may still be at work: a second one beside it would help nobody.
    retries={"mode": "standard", "total_max_attempts": 1},
)


@dataclass(frozen=True)
class Target:
    """``name`` says to the operator where the command works."""

    name: str
    environment: str
    client: clients.Client
    is_offline: bool
    _found: dict[str, str] = field(default_factory=dict)

    def find(self, service: str, resource: str) -> str:
        """What a service published, such as ``("orders", "read-events-arn")``.

        Raises:
            OperationFailed: it is not deployed here.
        """
        name = f"/parcelworks/{self.environment}/{service}/{resource}"
        if name not in self._found:
            try:
                answer = self.client("ssm").get_parameter(Name=name)
            except ClientError as error:
                if error.response["Error"]["Code"] != "ParameterNotFound":
                    raise
                raise OperationFailed(f"{self.name} has no {name}: is it deployed?") from error
            self._found[name] = answer["Parameter"]["Value"]
        return self._found[name]

    def call(self, service: str, resource: str, request: Mapping[str, Any]) -> Any:
        """Call a published function and return its answer.

        Raises:
            FunctionFailed: with what the function raised.
        """
        answer = self.client("lambda").invoke(
            FunctionName=self.find(service, resource), Payload=json.dumps(request).encode()
        )
        payload = json.loads(answer["Payload"].read())
        if "FunctionError" in answer:
            raise FunctionFailed(
                f"{service} {resource.removesuffix('-arn')}",
                payload.get("errorType", "error"),
                payload.get("errorMessage", ""),
            )
        return payload


def offline(workspace: Path) -> Target:
    """The emulator that ``make up`` started; its clients reach nothing but this machine.

    Raises:
        OfflineError: nothing is deployed.
    """
    cloud = Cloud(outputs.read(workspace / "outputs.json")["endpoint"])
    client = clients.of_emulator(cloud)
    return Target(f"offline at {cloud.endpoint}", ENVIRONMENT, client, is_offline=True)


def account(environment: str, region: Region) -> Target:
    """An environment of the account that the usual credentials lead to.

    Raises:
        ClientError, BotoCoreError: they lead nowhere.
    """
    client = clients.of_account(region, _CONFIG)
    name = clients.account_of(client, environment, region)
    return Target(name, environment, client, is_offline=False)
