"""An idle month, reckoned from small templates whose cost is known."""

from __future__ import annotations

from typing import Any

import pytest

from tools.measure.costs import assumptions, prices
from tools.measure.costs.errors import UnpricedProperty
from tools.measure.costs.idle import Idle, idle, is_known
from tools.measure.costs.idle_rates import BY_USE, FREE, PRICED

LISTED = prices.read()
ASSUMED = assumptions.read()


def reckoned(**resources: tuple[str, dict[str, Any]]) -> Idle:
    template = {
        "Resources": {
            id: {"Type": type, "Properties": properties}
            for id, (type, properties) in resources.items()
        }
    }
    return idle({"stack": template}, LISTED, ASSUMED)


def test_each_key_costs_a_dollar_and_each_secret_forty_cents() -> None:
    found = reckoned(
        A=("AWS::KMS::Key", {}), B=("AWS::KMS::Key", {}), C=("AWS::SecretsManager::Secret", {})
    )
    assert found.stacks == {"stack": {"keys": 2.0, "secrets": pytest.approx(0.4)}}
    assert found.total == pytest.approx(2.4)


def test_a_stream_on_demand_is_paid_by_the_hour_and_a_provisioned_one_by_the_shard() -> None:
    on_demand = reckoned(
        S=("AWS::Kinesis::Stream", {"StreamModeDetails": {"StreamMode": "ON_DEMAND"}})
    )
    assert on_demand.total == pytest.approx(730 * 0.04)
    assert reckoned(S=("AWS::Kinesis::Stream", {"ShardCount": 4})).total == pytest.approx(
        730 * 0.015 * 4
    )


def test_a_function_that_waits_for_a_queue_costs_polls_and_one_on_a_stream_none() -> None:
    mapping = "AWS::Lambda::EventSourceMapping"
    assert reckoned(M=(mapping, {"BatchSize": 10})).total == pytest.approx(0.2628)
    assert reckoned(M=(mapping, {"StartingPosition": "TRIM_HORIZON"})).total == 0
    assert reckoned(M=(mapping, {"Enabled": False})).total == 0


def test_an_alarm_is_paid_for_each_metric_that_it_looks_at() -> None:
    query = {"MetricStat": {"Period": 60}}
    plain = ("AWS::CloudWatch::Alarm", {"Period": 300})
    ratio = ("AWS::CloudWatch::Alarm", {"Metrics": [{"Expression": "a/b"}, query, query]})
    fast = ("AWS::CloudWatch::Alarm", {"Period": 10})
    assert reckoned(A=plain).total == pytest.approx(0.1)
    assert reckoned(A=ratio).total == pytest.approx(0.2)
    assert reckoned(A=fast).total == pytest.approx(0.3)


def test_containers_are_paid_for_the_tasks_that_are_wanted() -> None:
    found = reckoned(
        Task=("AWS::ECS::TaskDefinition", {"Cpu": "256", "Memory": "512"}),
        Service=("AWS::ECS::Service", {"TaskDefinition": {"Ref": "Task"}, "DesiredCount": 2}),
    )
    assert found.total == pytest.approx(2 * 730 * (0.25 * 0.03238 + 0.5 * 0.00356))


def test_what_is_paid_for_by_use_costs_nothing() -> None:
    found = reckoned(
        F=("AWS::Lambda::Function", {}),
        T=("AWS::DynamoDB::GlobalTable", {"BillingMode": "PAY_PER_REQUEST"}),
        R=("AWS::IAM::Role", {}),
    )
    assert (found.total, found.unknown) == (0, frozenset())


def test_a_type_that_nobody_has_looked_at_is_named_and_not_taken_for_free() -> None:
    found = reckoned(I=("AWS::EC2::Instance", {}), K=("AWS::KMS::Key", {}))
    assert found.unknown == {"AWS::EC2::Instance"}
    assert found.total == 1.0


def test_a_setting_without_a_price_stops_the_reckoning_and_names_the_resource() -> None:
    with pytest.raises(UnpricedProperty, match=r"stack, Orders: .*provisioned"):
        reckoned(Orders=("AWS::DynamoDB::Table", {"BillingMode": "PROVISIONED"}))


def test_no_type_is_on_two_lists() -> None:
    assert not PRICED.keys() & (BY_USE | FREE)
    assert not BY_USE & FREE
    assert is_known("Custom::Anything")


def test_parts_come_dearest_first() -> None:
    found = reckoned(
        A=("AWS::CloudWatch::Alarm", {}), B=("AWS::KMS::Key", {}), C=("AWS::EKS::Cluster", {})
    )
    assert found.parts == ["clusters", "keys", "alarms"]


@pytest.mark.parametrize(
    ("schedule", "runs"),
    [
        ("rate(1 minute)", 43_800),
        ("rate(5 minutes)", 8_760),
        ("rate(2 hours)", 365),
        ("cron(30 3 * * ? *)", 730 / 24),
    ],
)
def test_a_schedule_is_paid_for_each_time_that_it_starts_a_function(
    schedule: str, runs: float
) -> None:
    target = {"Arn": {"Fn::GetAtt": ["F", "Arn"]}}
    found = reckoned(
        F=("AWS::Lambda::Function", {"MemorySize": 512}),
        S=("AWS::Events::Rule", {"ScheduleExpression": schedule, "Targets": [target]}),
        R=("AWS::Events::Rule", {"EventPattern": {}, "Targets": [target]}),
    )
    seconds = (ASSUMED.own_milliseconds + ASSUMED.call_milliseconds) / 1000
    assert found.total == pytest.approx(runs * (0.2e-6 + 0.5 * seconds * 0.0000133334))


def test_a_schedule_that_nobody_can_count_is_an_error() -> None:
    with pytest.raises(UnpricedProperty, match=r"cron\(0 \*"):
        reckoned(S=("AWS::Events::Rule", {"ScheduleExpression": "cron(0 * ? * MON-FRI *)"}))
