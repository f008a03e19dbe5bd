"""Where a command works: on the emulator of this checkout, or on an environment of an account."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

from contracts.product import PRODUCT
from tools.base import clients, outputs
from tools.base.endpoint import REGION, Cloud
from tools.base.errors import FunctionFailed, OperationFailed

if TYPE_CHECKING:
    from botocore.config import Config

    from tools.base.region import Region

ENVIRONMENTS = ("dev", "staging", "prod")
OFFLINE = "dev"
"""The environment that is deployed to the emulator."""


class NoAccount(BotoCoreError):
    """Nothing says which account is meant; boto's own message does not say what to do."""

    fmt = (
        "no credentials of AWS were found: name a profile that has some (AWS_PROFILE=...), log in "
        "to it, and run the same command again"
    )


@dataclass(frozen=True)
class Target:
    """``name`` says to people where a command works; ``client`` makes a client of an AWS service.

    >>> target.call("orders", "read-events-arn", {"order_id": "…"})
    """

    name: str
    environment: str
    client: clients.Client
    is_offline: bool
    region: str = REGION
    _found: dict[str, str] = field(default_factory=dict)

    def find(self, service: str, resource: str) -> str:
        """What a service published, such as ``("orders", "read-events-arn")``.

        Raises:
            OperationFailed: it is not deployed here.
        """
        name = f"/{PRODUCT}/{self.environment}/{service}/{resource}"
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
    return of_emulator(Cloud(outputs.read(workspace / "outputs.json")["endpoint"]))


def of_emulator(cloud: Cloud, environment: str = OFFLINE) -> Target:
    """An emulator that the system is deployed to."""
    name = f"offline at {cloud.endpoint}"
    client = clients.of_emulator(cloud)
    return Target(name, environment, client, is_offline=True, region=cloud.region)


def account(environment: str, region: Region, calls: Config = clients.USUAL_CALLS) -> Target:
    """An environment of the account that the usual credentials lead to.

    Raises:
        ClientError, BotoCoreError: they lead nowhere; NoAccount if there are none.
    """
    client = clients.of_account(region.name, calls)
    try:
        number = client("sts").get_caller_identity()["Account"]
    except NoCredentialsError as error:
        raise NoAccount from error
    name = f"environment {environment}, account {number}, region {region}"
    return Target(name, environment, client, is_offline=False, region=region.name)
