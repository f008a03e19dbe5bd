"""Alarms on how fast an objective's budget of failures is used up, over two windows at a time.

A burn rate of 1 uses the budget up in exactly the time that it is for. The long window of a pair
says that enough was lost to wake somebody, the short one that it is still being lost.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch

from stacks.constructs.alarms import tell_operations
from stacks.constructs.service_stack import ServiceStack

LEAST = 5
"""So many failures in the long window are the least that wakes anybody: of the three orders of a
quiet night, one is a third."""


@dataclass(frozen=True)
class Pair:
    """``factor`` times the budget, over both windows, in seconds."""

    name: str
    factor: float
    long: int
    short: int


PAIRS = (
    Pair("Fast", 14.4, 300, 60),
    Pair("Slow", 6, 3600, 300),
    Pair("Daily", 3, 86400, 3600),
)
"""The budget of 30 days is used up in two days, in five, in ten."""


@dataclass(frozen=True)
class Objective:
    """``bad`` of ``total`` may be up to ``budget``, a share of 1; both are expressions over the
    names of ``metrics``. ``what`` is wrong otherwise, as ``docs/operations.md`` heads it.
    """

    id: str
    what: str
    budget: float
    bad: str
    total: str
    metrics: Mapping[str, cloudwatch.IMetric]

    def share(self, *, seconds: int, least: int = 1) -> cloudwatch.MathExpression:
        """The share of failures in a window; 0 where there are fewer than ``least``."""
        bad, total = self._filled(self.bad), self._filled(self.total)
        return cloudwatch.MathExpression(
            expression=f"IF({bad} >= {least}, ({bad}) / ({total}), 0)",
            using_metrics=dict(self.metrics),
            period=Duration.seconds(seconds),
            label=self.what,
        )

    def _filled(self, expression: str) -> str:
        """Where a metric has no data, it is 0: one that is silent must not hide the others."""
        names = "|".join(self.metrics)
        return re.sub(rf"\b({names})\b", r"FILL(\1, 0)", expression)


def alarm_on_burning(stack: ServiceStack, objective: Objective) -> cloudwatch.CompositeAlarm:
    """One alarm that tells operations, made of two for each pair that tell nobody by themselves."""
    pairs = []
    for pair in PAIRS:
        both = [
            cloudwatch.Alarm(
                stack,
                f"{objective.id}{pair.name}{name}",
                alarm_description=f"{stack.service}: {objective.what}; see docs/operations.md",
                metric=objective.share(seconds=seconds, least=least),
                threshold=round(pair.factor * objective.budget, 9),
                comparison_operator=(
                    cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD
                ),
                evaluation_periods=1,
                treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
            )
            for name, seconds, least in (("Long", pair.long, LEAST), ("Short", pair.short, 1))
        ]
        pairs.append(
            cloudwatch.AlarmRule.all_of(
                *(cloudwatch.AlarmRule.from_alarm(it, cloudwatch.AlarmState.ALARM) for it in both)
            )
        )
    alarm = cloudwatch.CompositeAlarm(
        stack,
        f"{objective.id}Burn",
        alarm_description=f"{stack.service}: {objective.what}; see docs/operations.md",
        alarm_rule=cloudwatch.AlarmRule.any_of(*pairs),
    )
    tell_operations(alarm, stack)
    return alarm
