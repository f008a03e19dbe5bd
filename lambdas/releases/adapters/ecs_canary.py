"""A service of ECS on VPC Lattice: ECS owns the weights, and waits before each step to be told."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from releases.domain.judgement import Figures
from releases.domain.progress import Phase, Sight
from releases.ports import CanaryFailed, Handle, Refused

VERSION = "Version"
"""The parameter of the service's template that a release changes."""
UNDER_WAY = ("PENDING", "IN_PROGRESS")
GOING_BACK = ("STOP_REQUESTED", "ROLLBACK_REQUESTED", "ROLLBACK_IN_PROGRESS")
AWAITING = "AWAITING_ACTION"
SKEW = timedelta(minutes=2)
"""Clocks differ, and a deployment begins after the update that causes it."""


@dataclass(frozen=True, slots=True)
class EcsService:
    """Where it runs: cluster and service by name, its stack, and the namespace of its metrics."""

    name: str
    cluster: str
    tasks: str
    stack: str
    metrics: str


class EcsCanary:
    """Implements ``releases.ports.Canary`` by clients of botocore."""

    def __init__(
        self,
        service: EcsService,
        *,
        ecs: Any,
        cloudformation: Any,
        cloudwatch: Any,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._service = service
        self._ecs = ecs
        self._cloudformation = cloudformation
        self._cloudwatch = cloudwatch
        self._clock = clock

    def check(self, version: str) -> None:
        """Refuse what runs already, and while something is under way. Raises Refused."""
        stack = self._ask(self._described_stack)
        if stack["StackStatus"].endswith("_IN_PROGRESS"):
            raise Refused(f"stack-in-progress: {stack['StackStatus']}")
        if self._ask(lambda: self._deployments(UNDER_WAY + GOING_BACK)):
            raise Refused("deployment-in-progress")
        if _parameters(stack).get(VERSION) == version:
            raise Refused("same-version")

    def start(self, version: str) -> Handle:
        """Update the stack: its one parameter, and all else as it was. Raises CanaryFailed."""
        began = self._clock()
        stack = self._ask(self._described_stack)
        old = _parameters(stack).get(VERSION, "")
        others = [
            {"ParameterKey": key, "UsePreviousValue": True}
            for key in _parameters(stack)
            if key != VERSION
        ]
        self._ask(
            lambda: self._cloudformation.update_stack(
                StackName=self._service.stack,
                UsePreviousTemplate=True,
                Capabilities=["CAPABILITY_NAMED_IAM"],
                Parameters=[{"ParameterKey": VERSION, "ParameterValue": version}, *others],
            )
        )
        return {
            "version": version,
            "old": old,
            "phase": Phase.STARTING,
            "since": began,
            "began": began,
        }

    def look(self, handle: Handle) -> Sight:
        """ECS's deployment, and CloudWatch's figures while both get calls. Raises CanaryFailed."""
        phase = Phase(handle["phase"])
        deployment = self._ask(lambda: self._of(handle))
        if deployment is None:
            stack = self._ask(self._described_stack)
            failed = "ROLLBACK" in stack["StackStatus"] or stack["StackStatus"].endswith("FAILED")
            return Sight(Phase.FAILED if failed else phase, 0, reason="stack-update-failed")
        status, weight = deployment["status"], _weight(deployment)
        if status == "SUCCESSFUL":
            return Sight(Phase.DONE, 100)
        if status not in UNDER_WAY:
            return Sight(Phase.FAILED, weight, reason=f"deployment-{status.lower()}")
        paused = _hook(deployment) is not None
        if phase is Phase.STARTING:
            return Sight(Phase.READY if paused else phase, weight)
        if phase is Phase.SETTLING:
            return Sight(phase, weight)
        old, new = self._ask(lambda: self._figures(handle))
        return Sight(phase, weight, old, new, may_go_on=paused)

    def go_on(self, handle: Handle, sight: Sight) -> Handle:
        """End the pause. Raises CanaryFailed."""
        deployment = self._ask(lambda: self._of(handle))
        hook = deployment and _hook(deployment)
        if not deployment or not hook:
            raise CanaryFailed("no pause to be ended")
        self._ask(
            lambda: self._ecs.continue_service_deployment(
                serviceDeploymentArn=deployment["serviceDeploymentArn"],
                hookId=hook,
                action="CONTINUE",
            )
        )
        phase = Phase.CANARY if sight.phase is Phase.READY else Phase.SETTLING
        return {**handle, "phase": phase, "since": self._clock()}

    def roll_back(self, handle: Handle) -> None:
        """Have ECS give all calls to the revision before. Raises CanaryFailed."""
        deployment = self._ask(lambda: self._of(handle)) if "began" in handle else None
        if deployment is None:
            return self._cancel(handle)
        if deployment["status"] not in UNDER_WAY:
            return None
        arn, hook = deployment["serviceDeploymentArn"], _hook(deployment)
        if hook:
            self._ask(
                lambda: self._ecs.continue_service_deployment(
                    serviceDeploymentArn=arn, hookId=hook, action="ROLLBACK"
                )
            )
        else:
            self._ask(
                lambda: self._ecs.stop_service_deployment(
                    serviceDeploymentArn=arn, stopType="ROLLBACK"
                )
            )
        return None

    def _cancel(self, handle: Handle) -> None:
        """An update that has not come to the service yet is taken back by CloudFormation."""
        stack = self._ask(self._described_stack)
        if "began" in handle and stack["StackStatus"] == "UPDATE_IN_PROGRESS":
            self._ask(
                lambda: self._cloudformation.cancel_update_stack(StackName=self._service.stack)
            )

    def _described_stack(self) -> Mapping[str, Any]:
        answer = self._cloudformation.describe_stacks(StackName=self._service.stack)
        found: Mapping[str, Any] = answer["Stacks"][0]
        return found

    def _deployments(self, statuses: tuple[str, ...] | None = None) -> list[Mapping[str, Any]]:
        wanted = {"status": list(statuses)} if statuses else {}
        answer = self._ecs.list_service_deployments(
            cluster=self._service.cluster, service=self._service.tasks, **wanted
        )
        found: list[Mapping[str, Any]] = answer["serviceDeployments"]
        return found

    def _of(self, handle: Handle) -> Mapping[str, Any] | None:
        """The newest deployment, if it began with this release."""
        began = datetime.fromtimestamp(float(handle["began"]), UTC) - SKEW
        brief = [it for it in self._deployments() if it["createdAt"] >= began]
        if not brief:
            return None
        newest = max(brief, key=lambda it: it["createdAt"])
        answer = self._ecs.describe_service_deployments(
            serviceDeploymentArns=[newest["serviceDeploymentArn"]]
        )
        found: Mapping[str, Any] = answer["serviceDeployments"][0]
        return found

    def _figures(self, handle: Handle) -> tuple[Figures, Figures]:
        since = datetime.fromtimestamp(float(handle["since"]), UTC)
        versions = {"old": str(handle["old"]), "new": str(handle["version"])}
        answer = self._cloudwatch.get_metric_data(
            StartTime=since,
            EndTime=datetime.fromtimestamp(self._clock(), UTC),
            MetricDataQueries=[
                self._query(f"{side}_{id}", metric, statistic, version)
                for side, version in versions.items()
                for id, metric, statistic in (
                    ("calls", "ReleaseCalls", "Sum"),
                    ("failed", "ReleaseFailedCalls", "Sum"),
                    ("slow", "ReleaseSlowestCall", "Average"),
                )
            ],
        )
        values = {it["Id"]: it["Values"] for it in answer["MetricDataResults"]}
        old, new = (_summed(values, side) for side in versions)
        return old, new

    def _query(self, id: str, metric: str, statistic: str, version: str) -> dict[str, Any]:
        dimensions = {"service": self._service.name, "release": version}
        return {
            "Id": id,
            "MetricStat": {
                "Metric": {
                    "Namespace": self._service.metrics,
                    "MetricName": metric,
                    "Dimensions": [{"Name": it, "Value": of} for it, of in dimensions.items()],
                },
                "Period": 60,
                "Stat": statistic,
            },
        }

    def _ask(self, what: Callable[[], Any]) -> Any:
        try:
            return what()
        except (BotoCoreError, ClientError) as error:
            raise CanaryFailed(f"{type(error).__name__}: {error}") from error


def _parameters(stack: Mapping[str, Any]) -> dict[str, str]:
    return {it["ParameterKey"]: it.get("ParameterValue", "") for it in stack.get("Parameters", ())}


def _hook(deployment: Mapping[str, Any]) -> str | None:
    """The pause that waits to be ended."""
    for hook in deployment.get("lifecycleHookDetails", ()):
        if hook["status"] == AWAITING and hook["targetType"] == "PAUSE":
            found: str = hook["hookId"]
            return found
    return None


def _weight(deployment: Mapping[str, Any]) -> float:
    weight = deployment.get("targetServiceRevision", {}).get("requestedProductionTrafficWeight")
    return float(weight or 0)


def _summed(values: Mapping[str, Any], side: str) -> Figures:
    slow = values.get(f"{side}_slow") or []
    return Figures(
        int(sum(values.get(f"{side}_calls") or [])),
        int(sum(values.get(f"{side}_failed") or [])),
        sum(slow) / len(slow) if slow else None,
    )
