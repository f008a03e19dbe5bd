"""A stage's budget: who hears of it before it is spent, and of a day that is unlike the others.

Budgets and Cost Explorer are asked in us-east-1, wherever the system is. Both see the system by its
tag, which the account has to know as a cost allocation tag first: see docs/operations.md.
"""

from __future__ import annotations

import json
from typing import Any

from aws_cdk import RemovalPolicy, Stack
from aws_cdk import aws_budgets as budgets
from aws_cdk import aws_ce as ce
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from constructs import Construct

from contracts.product import PRODUCT, PRODUCT_TITLE

REGION = "us-east-1"
SPENT = (50, 80, 100)
"""Percent of the budget at which people hear of it, and of 100 that are forecast."""
UNLIKE_USD = 10
"""From how much more than usual on a day."""
TELLERS = ("budgets.amazonaws.com", "costalerts.amazonaws.com")


class BudgetStack(Stack):
    """``amount`` in USD a month, for what has the system's tag in this account."""

    def __init__(self, scope: Construct, stage: str, *, amount: int, **kwargs: Any) -> None:
        super().__init__(
            scope,
            f"{PRODUCT}-{stage}-budget",
            description=f"{PRODUCT_TITLE}: what {stage} may cost, and who is told",
            **kwargs,
        )
        self._name = f"{PRODUCT}-{stage}"
        self.told = self._tell_people()
        self._limit(amount)
        self._notice_what_is_unusual()

    def _tell_people(self) -> sns.Topic:
        key = kms.Key(self, "Key", enable_key_rotation=True, removal_policy=RemovalPolicy.DESTROY)
        topic = sns.Topic(self, "Costs", master_key=key, enforce_ssl=True)
        for name in TELLERS:
            teller = iam.ServicePrincipal(
                name, conditions={"StringEquals": {"aws:SourceAccount": self.account}}
            )
            topic.grant_publish(teller)
            key.grant(teller, "kms:GenerateDataKey*", "kms:Decrypt")
        return topic

    def _limit(self, amount: int) -> None:
        people = budgets.CfnBudget.SubscriberProperty(
            subscription_type="SNS", address=self.told.topic_arn
        )
        levels = [("ACTUAL", percent) for percent in SPENT] + [("FORECASTED", 100)]
        budgets.CfnBudget(
            self,
            "Budget",
            budget=budgets.CfnBudget.BudgetDataProperty(
                budget_name=self._name,
                budget_type="COST",
                time_unit="MONTHLY",
                budget_limit=budgets.CfnBudget.SpendProperty(amount=amount, unit="USD"),
                cost_filters={"TagKeyValue": [f"user:system${PRODUCT}"]},
            ),
            notifications_with_subscribers=[
                budgets.CfnBudget.NotificationWithSubscribersProperty(
                    notification=budgets.CfnBudget.NotificationProperty(
                        comparison_operator="GREATER_THAN",
                        notification_type=kind,
                        threshold=percent,
                        threshold_type="PERCENTAGE",
                    ),
                    subscribers=[people],
                )
                for kind, percent in levels
            ],
        )

    def _notice_what_is_unusual(self) -> None:
        monitor = ce.CfnAnomalyMonitor(
            self,
            "Monitor",
            monitor_name=self._name,
            monitor_type="CUSTOM",
            monitor_specification=json.dumps(
                {"Tags": {"Key": "system", "Values": [PRODUCT], "MatchOptions": ["EQUALS"]}}
            ),
        )
        ce.CfnAnomalySubscription(
            self,
            "Unusual",
            subscription_name=self._name,
            frequency="IMMEDIATE",
            monitor_arn_list=[monitor.attr_monitor_arn],
            subscribers=[
                ce.CfnAnomalySubscription.SubscriberProperty(
                    type="SNS", address=self.told.topic_arn
                )
            ],
            threshold_expression=json.dumps(
                {
                    "Dimensions": {
                        "Key": "ANOMALY_TOTAL_IMPACT_ABSOLUTE",
                        "MatchOptions": ["GREATER_THAN_OR_EQUAL"],
                        "Values": [str(UNLIKE_USD)],
                    }
                }
            ),
        )
