"""Objectives: what customers are promised, and alarms on how fast the promise is used up."""

from typing import Any

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from contracts.product import PRODUCT
from stacks.constructs.burn_rate import Objective, alarm_on_burning
from stacks.constructs.service_api import STAGE
from stacks.constructs.service_stack import ServiceStack
from stacks.services import Service
from stacks.stage import Stage

SERVICE = Service(
    name="objectives",
    owner="platform",
    purpose="what customers are promised, and how fast it is used up",
)
BUSINESS_DIMENSIONS = {
    "OrdersRejected": ("reason", ("no-quotes", "out-of-stock", "payment-declined", "other")),
    "OrderValue": ("currency", ("EUR", "GBP", "USD", "other")),
}
"""Each value of a dimension is a metric with a price: the code names no others."""
ACCEPTED_AT = {
    "first": "/v1/orders",
    "second": "/v2/orders",
    "partners": "/v1/partner-orders",
}
"""Where orders take an order, by the word that the alarms' expressions have for it."""
CONFIRMED_WITHIN_SECONDS = 300
"""A saga that nothing holds up takes seconds; carriers' quotes are waited for."""


class ObjectivesStack(ServiceStack):
    """Looks at metrics of other services by their names, and owns nothing that an order needs.

    Development has none: nobody is promised anything there, and the alarms would cost a tenth of
    its idle month.
    """

    def __init__(self, scope: Construct, *, stage: Stage, **kwargs: Any) -> None:
        super().__init__(scope, SERVICE, stage=stage, **kwargs)
        machine = {"StateMachineArn": self.find("fulfilment", "state-machine-arn")}
        objectives = (
            self._accepted_orders(),
            self._fresh_views(),
            self._confirmed_in_time(machine),
            self._sagas_end(machine),
        )
        alarms = [alarm_on_burning(self, it) for it in objectives]
        cloudwatch.Dashboard(
            self,
            "Dashboard",
            dashboard_name=f"{PRODUCT}-{stage.name}",
            widgets=[
                [cloudwatch.AlarmStatusWidget(title="Objectives", alarms=alarms, width=24)],
                [
                    cloudwatch.GraphWidget(
                        title=f"{it.what}: share of failures, by the hour",
                        left=[it.share(seconds=3600)],
                        left_annotations=[
                            cloudwatch.HorizontalAnnotation(value=it.budget, label="budget")
                        ],
                        width=24 // len(objectives),
                    )
                    for it in objectives
                ],
                self._business(),
            ],
        )

    @classmethod
    def is_in(cls, stage: Stage) -> bool:
        return stage.name != "dev"

    def _business(self) -> list[cloudwatch.IWidget]:
        """What became of orders, as the order view's projector counts them."""
        namespace = self.stage.metric_namespace
        service = {"service": "order-views"}
        minutes = Duration.minutes(5)

        def counted(name: str, label: str, **more: str) -> cloudwatch.Metric:
            return _metric(namespace, name, {**service, **more}, "Sum").with_(
                label=label, period=minutes
            )

        def each(name: str) -> list[cloudwatch.IMetric]:
            (dimension, values) = BUSINESS_DIMENSIONS[name]
            return [counted(name, value, **{dimension: value}) for value in values]

        took = _metric(namespace, "SecondsToConfirm", service, "p50")
        graphs: tuple[tuple[str, list[cloudwatch.IMetric]], ...] = (
            (
                "Orders",
                [counted(f"Orders{it}", it.lower()) for it in ("Placed", "Confirmed", "Cancelled")],
            ),
            ("Orders rejected, by reason", each("OrdersRejected")),
            ("Value of placed orders in minor units", each("OrderValue")),
            (
                "Seconds from placed to confirmed",
                [took.with_(statistic=it, label=it, period=minutes) for it in ("p50", "p95")],
            ),
        )
        return [
            cloudwatch.GraphWidget(title=title, left=metrics, width=24 // len(graphs))
            for title, metrics in graphs
        ]

    def _accepted_orders(self) -> Objective:
        """A request that orders or its gateway answers with an error of ours is not accepted.

        Customers' requests in both versions and those of partners are one promise.
        """
        metrics = {}
        for word, path in ACCEPTED_AT.items():
            route = {
                "ApiName": f"{PRODUCT}-{self.stage.name}-orders",
                "Stage": STAGE,
                "Method": "POST",
                "Resource": path,
            }
            metrics[f"errors_{word}"] = _metric("AWS/ApiGateway", "5XXError", route, "Sum")
            metrics[f"requests_{word}"] = _metric("AWS/ApiGateway", "Count", route, "Sum")
        return Objective(
            id="AcceptedOrders",
            what="orders are not accepted",
            budget=0.001,
            bad=" + ".join(f"errors_{word}" for word in ACCEPTED_AT),
            total=" + ".join(f"requests_{word}" for word in ACCEPTED_AT),
            metrics=metrics,
        )

    def _fresh_views(self) -> Objective:
        """A record is late that the view's projector gets ten seconds after it came to the log."""
        service = {"service": "order-views"}
        namespace = self.stage.metric_namespace
        return Objective(
            id="FreshViews",
            what="views are not fresh",
            budget=0.01,
            bad="late",
            total="projected",
            metrics={
                "late": _metric(namespace, "RecordsProjectedLate", service, "Sum"),
                "projected": _metric(namespace, "RecordsProjected", service, "Sum"),
            },
        )

    def _confirmed_in_time(self, machine: dict[str, str]) -> Objective:
        """Of sagas that end, those that took longer, whatever became of the order."""
        longer = f"PR({CONFIRMED_WITHIN_SECONDS * 1000}:)"  # percent of executions
        return Objective(
            id="ConfirmedInTime",
            what="orders are confirmed late",
            budget=0.01,
            bad="longer / 100 * ended",
            total="ended",
            metrics={
                "longer": _metric("AWS/States", "ExecutionTime", machine, longer),
                "ended": _metric("AWS/States", "ExecutionTime", machine, "SampleCount"),
            },
        )

    def _sagas_end(self, machine: dict[str, str]) -> Objective:
        """Of sagas that begin, those that wait for an operator."""
        return Objective(
            id="SagasEnd",
            what="too many sagas wait for an operator",
            budget=0.001,
            bad="stuck",
            total="started",
            metrics={
                "stuck": _metric(
                    self.stage.metric_namespace,
                    "FulfilmentStuck",
                    {"service": "fulfilment"},
                    "Sum",
                ),
                "started": _metric("AWS/States", "ExecutionsStarted", machine, "Sum"),
            },
        )


def _metric(
    namespace: str, name: str, dimensions: dict[str, str], statistic: str
) -> cloudwatch.Metric:
    return cloudwatch.Metric(
        namespace=namespace, metric_name=name, dimensions_map=dimensions, statistic=statistic
    )
