"""What the emulator does not do of AppConfig and its alarms: fails when it has learnt it."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.drivers.scratch_configuration import Scratch, scratch
from tools.base.endpoint import Cloud


@pytest.fixture
def one(cloud: Cloud, tmp_path: Path) -> Iterator[Scratch]:
    """A service with a document that is deployed."""
    with scratch(cloud, tmp_path / "config") as made:
        made.apply()
        yield made


def profile(of: Scratch) -> dict[str, str]:
    """The settings, as AppConfig's calls take them."""
    return {
        "ApplicationId": of.ids["application"],
        "ConfigurationProfileId": of.ids["settings-profile"],
    }


def test_a_configurations_description_is_not_kept(one: Scratch) -> None:
    answer = one.appconfig.create_hosted_configuration_version(
        **profile(one), Content=b"{}", ContentType="application/json", Description="commit 1f2e"
    )
    answer["Content"].close()
    kept = one.appconfig.list_hosted_configuration_versions(**profile(one))["Items"]
    assert {it.get("Description", "") for it in kept} == {""}


def test_a_configuration_cannot_be_validated_beforehand(one: Scratch) -> None:
    with pytest.raises(ClientError, match="Unknown AppConfig path"):
        one.appconfig.validate_configuration(**profile(one), ConfigurationVersion="1")


def test_deployments_beyond_a_page_are_not_listed(one: Scratch) -> None:
    environment = {
        "ApplicationId": one.ids["application"],
        "EnvironmentId": one.ids["environment"],
    }
    for _ in range(50):
        one.appconfig.start_deployment(
            **environment,
            ConfigurationProfileId=one.ids["settings-profile"],
            ConfigurationVersion="1",
            DeploymentStrategyId=one.ids["strategy"],
        )
    listed = one.appconfig.list_deployments(**environment)
    assert len(listed["Items"]) == 50
    assert "NextToken" not in listed


def test_an_alarm_looks_at_no_dimensions(cloud: Cloud) -> None:
    make: Any = cloud.client
    cloudwatch, name = make("cloudwatch"), f"guard-{uuid.uuid4().hex[:8]}"
    cloudwatch.put_metric_alarm(
        AlarmName=name,
        Namespace=name,
        MetricName="Complaints",
        Dimensions=[{"Name": "service", "Value": "orders"}],
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=0,
        ComparisonOperator="GreaterThanThreshold",
    )
    try:
        cloudwatch.put_metric_data(
            Namespace=name,
            MetricData=[
                {
                    "MetricName": "Complaints",
                    "Dimensions": [{"Name": "service", "Value": "payments"}],
                    "Value": 1.0,
                    "Timestamp": time.time(),
                }
            ],
        )
        [alarm] = cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"]
        assert alarm["StateValue"] == "ALARM"
    finally:
        cloudwatch.delete_alarms(AlarmNames=[name])
