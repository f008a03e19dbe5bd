"""Plays the part that the emulator leaves out: Secrets Manager's, when a secret is rotated."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from typing import Any

from tools.base.endpoint import Cloud
from tools.base.errors import OfflineError
from tools.base.outputs import Outputs
from tools.emulator import function_logs

STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")
FUNCTION = "{secret}Rotation"
"""How the constructs call the function that rotates a secret."""
_LOG_LINES = 12


class RotationError(OfflineError):
    """A secret could not be rotated; the one before is still in force."""


@dataclass(frozen=True, slots=True)
class Rotated:
    """One rotation that is complete; versions by their ids."""

    secret: str
    before: str
    after: str
    was_under_way: bool


def secrets_of(deployed: Outputs, service: str, only: str | None = None) -> dict[str, str]:
    """The secrets of a service: `{logical name: name}`.

    Raises:
        RotationError: there is no such service or secret, or it has none.
    """
    services = {name: it["secrets"] for name, it in deployed["services"].items() if "secrets" in it}
    if service not in services:
        raise RotationError(f"{service} has no secrets; those that have: {', '.join(services)}")
    if only is not None and only not in services[service]:
        raise RotationError(
            f"{service} has no secret {only}; it has {', '.join(services[service])}"
        )
    return {name: it for name, it in services[service].items() if only in (None, name)}


def rotate(deployed: Outputs, cloud: Cloud, service: str, secret: str) -> Rotated:
    """Take the four steps in their order, or go on with a rotation that was interrupted.

    The steps that were taken already are taken again: that is what Secrets Manager does too.

    Raises:
        RotationError: a step failed; says which one, and why.
    """
    name = secrets_of(deployed, service, secret)[secret]
    function = deployed["services"][service]["functions"][FUNCTION.format(secret=secret)]
    described = cloud.client("secretsmanager").describe_secret(SecretId=name)
    stages: dict[str, list[str]] = described["VersionIdsToStages"]
    before = next(version for version, labels in stages.items() if "AWSCURRENT" in labels)
    pending = [it for it, labels in stages.items() if "AWSPENDING" in labels and it != before]
    token = pending[0] if pending else str(uuid.uuid4())
    for step in STEPS:
        _take(step, cloud, function, described["ARN"], token)
    return Rotated(secret, before, token, bool(pending))


def call(cloud: Cloud, function: str, event: dict[str, Any]) -> Any:
    """What a function answers; RotationError with its last words if it fails."""
    answer = cloud.client("lambda").invoke(FunctionName=function, Payload=json.dumps(event))
    said = json.loads(answer["Payload"].read() or "null")
    if "FunctionError" in answer:
        logged = [str(line) for line in function_logs.lines(cloud, {function: function})]
        raise RotationError(str(said.get("errorMessage")), tuple(logged[-_LOG_LINES:]))
    return said


def _take(step: str, cloud: Cloud, function: str, secret_arn: str, token: str) -> None:
    try:
        call(
            cloud,
            function,
            {"Step": step, "SecretId": secret_arn, "ClientRequestToken": token},
        )
    except RotationError as failed:
        raise RotationError(
            f"{step} failed, and the secret is as it was: {failed}; "
            "correct the cause, then run the same command again to continue",
            failed.evidence,
        ) from failed
