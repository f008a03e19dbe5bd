"""Takes the steps of a release for the state machine."""

from functools import cache
from typing import Annotated, Any, Literal

import msgspec

from releases.adapters.ecs_canary import EcsCanary, EcsService
from releases.adapters.envoy_canary import EnvoyCanary
from releases.adapters.places import places_of, runs_on
from releases.adapters.running_executions import RunningExecutions
from releases.commands import Release
from releases.domain.judgement import Standard
from releases.domain.progress import Patience
from releases.environment import ReleasesEnvironment
from shared.runtime import aws
from shared.runtime.environment import load
from shared.runtime.envoy_traffic import Traffic
from shared.runtime.tracing.invocations import invocation

Name = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9-]{0,30}\Z")]
Version = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,39}\Z")]
ON_ECS = Standard(patience=600, shortest=240)
"""CloudWatch is a minute behind, and ECS pauses five minutes after it has shifted."""
PATIENCE_WITH_ECS = Patience(start=1500, settle=1500)


class Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One step. ``handle`` is what the step before has answered; ``execution`` is the machine's
    name of this release; ``cause`` is why it is rolled back.
    """

    step: Literal["check", "start", "observe", "continue", "roll-back"]
    service: Name
    version: Version
    execution: Annotated[str, msgspec.Meta(max_length=256)] = ""
    handle: dict[str, Any] = {}
    cause: str = ""


class OfEnvoy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is published of a service whose versions are behind one Envoy of this machine."""

    kind: Literal["envoy"]
    admin_url: Annotated[str, msgspec.Meta(pattern=r"^http://127\.0\.0\.1:[0-9]{1,5}\Z")]


@invocation
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Take it; see ``releases.commands.Release`` for the answers.

    Raises:
        msgspec.ValidationError: the request does not have the form above.
        NotReleasable: nothing is known of the service.
        Refused: a release cannot begin.
        CanaryFailed: it is not known that the step was taken.
    """
    asked = msgspec.convert(event, Step)
    release = _release(asked.service)
    match asked.step:
        case "check":
            return release.check(asked.version, asked.service, asked.execution, _executions())
        case "start":
            return release.start(asked.version)
        case "observe":
            return release.observe(asked.handle)
        case "continue":
            return release.go_on(asked.handle)
        case "roll-back":
            return release.roll_back(asked.handle, asked.cause)


class NotReleasable(Exception):
    """No such service has published where its versions run."""


def _release(service: str) -> Release:
    values = places_of(aws.client("ssm"), load(ReleasesEnvironment).services_path, service)
    if "envoy" in values:
        of_envoy = msgspec.json.decode(values["envoy"], type=OfEnvoy)
        return Release(EnvoyCanary(Traffic(of_envoy.admin_url, service)), Standard(), Patience())
    if runs_on(values) is None:
        raise NotReleasable(service)
    canary = EcsCanary(
        EcsService(service, values["cluster"], values["tasks"], values["stack"], values["metrics"]),
        ecs=aws.client("ecs"),
        cloudformation=aws.client("cloudformation"),
        cloudwatch=aws.client("cloudwatch"),
    )
    return Release(canary, ON_ECS, PATIENCE_WITH_ECS, look_every=2.5)


@cache
def _executions() -> RunningExecutions:
    return RunningExecutions(aws.client("stepfunctions"), load(ReleasesEnvironment).machine_arn)
