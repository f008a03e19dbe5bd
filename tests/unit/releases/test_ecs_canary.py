"""On ECS a release is an update of the stack's one parameter, and ECS is told before each step."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from releases.adapters.ecs_canary import EcsCanary, EcsService
from releases.domain.progress import Phase
from releases.ports import CanaryFailed, Refused

NOW = 1_800_000_000.0
SERVICE = EcsService("pricing", "cluster", "tasks", "product-dev-pricing", "Product/dev")
ARN = "arn:aws:ecs:eu-west-1:1:service-deployment/cluster/tasks/1"


class FakeAws:
    """ECS, CloudFormation and CloudWatch, as far as a release calls them."""

    def __init__(self) -> None:
        self.stack = "UPDATE_COMPLETE"
        self.version = "1.0.0"
        self.deployment: dict[str, Any] | None = None
        self.figures: dict[str, list[float]] = {}
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.fails = ""

    def _called(self, name: str, arguments: dict[str, Any]) -> None:
        self.calls.append((name, arguments))
        if self.fails == name:
            raise ClientError({"Error": {"Code": "Throttling", "Message": "slow down"}}, name)

    def describe_stacks(self, **arguments: Any) -> Any:
        self._called("describe_stacks", arguments)
        parameters = {"Version": self.version, "VpcId": "/product/dev/network/vpc-id"}
        return {
            "Stacks": [
                {
                    "StackStatus": self.stack,
                    "Parameters": [
                        {"ParameterKey": key, "ParameterValue": value}
                        for key, value in parameters.items()
                    ],
                }
            ]
        }

    def update_stack(self, **arguments: Any) -> Any:
        self._called("update_stack", arguments)

    def cancel_update_stack(self, **arguments: Any) -> Any:
        self._called("cancel_update_stack", arguments)

    def list_service_deployments(self, **arguments: Any) -> Any:
        self._called("list_service_deployments", arguments)
        found = [self.deployment] if self.deployment else []
        wanted = arguments.get("status")
        return {"serviceDeployments": [it for it in found if not wanted or it["status"] in wanted]}

    def describe_service_deployments(self, **arguments: Any) -> Any:
        self._called("describe_service_deployments", arguments)
        return {"serviceDeployments": [self.deployment]}

    def continue_service_deployment(self, **arguments: Any) -> Any:
        self._called("continue_service_deployment", arguments)

    def stop_service_deployment(self, **arguments: Any) -> Any:
        self._called("stop_service_deployment", arguments)

    def get_metric_data(self, **arguments: Any) -> Any:
        self._called("get_metric_data", arguments)
        return {"MetricDataResults": [{"Id": k, "Values": v} for k, v in self.figures.items()]}

    def last(self, name: str) -> dict[str, Any]:
        return [arguments for called, arguments in self.calls if called == name][-1]

    def deploy(self, weight: float, *, paused: bool, status: str = "IN_PROGRESS") -> None:
        hook = {"hookId": "h1", "targetType": "PAUSE", "status": "AWAITING_ACTION"}
        self.deployment = {
            "serviceDeploymentArn": ARN,
            "createdAt": datetime.fromtimestamp(NOW + 5, UTC),
            "status": status,
            "targetServiceRevision": {"requestedProductionTrafficWeight": weight},
            "lifecycleHookDetails": [hook] if paused else [],
        }


@pytest.fixture
def aws() -> FakeAws:
    return FakeAws()


@pytest.fixture
def canary(aws: FakeAws) -> EcsCanary:
    return EcsCanary(SERVICE, ecs=aws, cloudformation=aws, cloudwatch=aws, clock=lambda: NOW)


def test_a_release_changes_the_version_and_nothing_else(aws: FakeAws, canary: EcsCanary) -> None:
    handle = canary.start("1.1.0")
    assert handle["old"] == "1.0.0"
    assert aws.last("update_stack") == {
        "StackName": SERVICE.stack,
        "UsePreviousTemplate": True,
        "Capabilities": ["CAPABILITY_NAMED_IAM"],
        "Parameters": [
            {"ParameterKey": "Version", "ParameterValue": "1.1.0"},
            {"ParameterKey": "VpcId", "UsePreviousValue": True},
        ],
    }


def test_ecs_is_told_before_each_share_and_asked_by_figures_of_both_versions(
    aws: FakeAws, canary: EcsCanary
) -> None:
    handle = canary.start("1.1.0")
    assert canary.look(handle).phase is Phase.STARTING, "ECS has not heard of it yet"
    aws.deploy(0, paused=False)
    assert canary.look(handle).phase is Phase.STARTING
    aws.deploy(0, paused=True)
    sight = canary.look(handle)
    assert sight.phase is Phase.READY
    handle = canary.go_on(handle, sight)
    told = {"serviceDeploymentArn": ARN, "hookId": "h1", "action": "CONTINUE"}
    assert aws.last("continue_service_deployment") == told

    aws.deploy(10, paused=False)
    aws.figures = {
        "old_calls": [900, 900],
        "new_calls": [100, 90],
        "new_failed": [3],
        "new_slow": [8],
    }
    sight = canary.look(handle)
    assert (sight.phase, sight.weight, sight.may_go_on) == (Phase.CANARY, 10, False)
    assert (sight.old.calls, sight.new.calls, sight.new.failed) == (1800, 190, 3)
    assert (sight.old.slow_ms, sight.new.slow_ms) == (None, 8)
    releases = {
        it["MetricStat"]["Metric"]["Dimensions"][1]["Value"]
        for it in aws.last("get_metric_data")["MetricDataQueries"]
    }
    assert releases == {"1.0.0", "1.1.0"}

    aws.deploy(10, paused=True)
    handle = canary.go_on(handle, canary.look(handle))
    aws.deploy(100, paused=False)
    assert canary.look(handle).phase is Phase.SETTLING
    aws.deploy(100, paused=False, status="SUCCESSFUL")
    assert canary.look(handle).phase is Phase.DONE


def test_a_pause_ends_in_the_way_back_and_without_one_the_deployment_is_stopped(
    aws: FakeAws, canary: EcsCanary
) -> None:
    handle = canary.start("1.1.0")
    aws.deploy(10, paused=True)
    canary.roll_back(handle)
    assert aws.last("continue_service_deployment")["action"] == "ROLLBACK"
    aws.deploy(10, paused=False)
    canary.roll_back(handle)
    assert aws.last("stop_service_deployment") == {
        "serviceDeploymentArn": ARN,
        "stopType": "ROLLBACK",
    }


def test_a_deployment_of_before_is_never_touched(aws: FakeAws, canary: EcsCanary) -> None:
    handle = canary.start("1.1.0")
    aws.deploy(100, paused=False, status="SUCCESSFUL")
    assert aws.deployment
    aws.deployment["createdAt"] = datetime.fromtimestamp(NOW - 3600, UTC)
    assert canary.look(handle).phase is Phase.STARTING
    canary.roll_back(handle)
    assert not {"stop_service_deployment", "continue_service_deployment"} & {
        name for name, _ in aws.calls
    }


def test_an_update_that_ecs_has_not_heard_of_is_cancelled(aws: FakeAws, canary: EcsCanary) -> None:
    handle = canary.start("1.1.0")
    aws.stack = "UPDATE_IN_PROGRESS"
    canary.roll_back(handle)
    assert aws.last("cancel_update_stack") == {"StackName": SERVICE.stack}


def test_who_began_nothing_takes_nothing_back(aws: FakeAws, canary: EcsCanary) -> None:
    aws.stack = "UPDATE_IN_PROGRESS"
    canary.roll_back({})
    assert "cancel_update_stack" not in {name for name, _ in aws.calls}


@pytest.mark.parametrize(
    ("stack", "version", "deploying", "reason"),
    [
        ("UPDATE_IN_PROGRESS", "1.1.0", False, "stack-in-progress"),
        ("UPDATE_COMPLETE", "1.0.0", False, "same-version"),
        ("UPDATE_COMPLETE", "1.1.0", True, "deployment-in-progress"),
    ],
)
def test_what_cannot_be_released_now_is_refused(
    aws: FakeAws, canary: EcsCanary, stack: str, version: str, deploying: bool, reason: str
) -> None:
    aws.stack = stack
    if deploying:
        aws.deploy(10, paused=False)
    with pytest.raises(Refused, match=reason):
        canary.check(version)


@pytest.mark.parametrize("status", ["ROLLBACK_SUCCESSFUL", "STOPPED", "ROLLBACK_FAILED"])
def test_what_ecs_gave_up_is_seen(aws: FakeAws, canary: EcsCanary, status: str) -> None:
    handle = canary.start("1.1.0")
    aws.deploy(0, paused=False, status=status)
    assert canary.look(handle).phase is Phase.FAILED


def test_a_call_that_fails_is_a_step_that_is_not_known_to_be_taken(
    aws: FakeAws, canary: EcsCanary
) -> None:
    handle = canary.start("1.1.0")
    aws.deploy(0, paused=True)
    aws.fails = "continue_service_deployment"
    with pytest.raises(CanaryFailed, match="Throttling"):
        canary.go_on(handle, canary.look(handle))
