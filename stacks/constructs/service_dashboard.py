"""A dashboard for each service, drawn from what its stack declares: nobody keeps it up to date."""

from collections.abc import Sequence
from typing import TypeVar

from aws_cdk import Duration, Stack
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_stepfunctions as stepfunctions
from constructs import IConstruct

from stacks.constructs.service_stack import ServiceStack

PartT = TypeVar("PartT", bound=IConstruct)
WIDTH = 24
"""Columns of a dashboard."""
MOST_ALARMS = 100
"""A widget shows no more."""
MINUTE = Duration.minutes(1)


def draw_dashboard(stack: ServiceStack) -> None:
    """Its alarms, then what its API, functions, queues and machines do; nothing in development.

    A dashboard costs 3 USD a month: where nobody is on call, a graph can be made when it is needed.
    """
    rows = [row for row in (_alarms(stack), *_graphs(stack)) if row]
    if stack.stage.name != "dev" and rows:
        cloudwatch.Dashboard(
            stack,
            "ServiceDashboard",
            dashboard_name=f"{stack.stack_name}",
            widgets=rows,
        )


def _graphs(stack: ServiceStack) -> Sequence[list[cloudwatch.IWidget]]:
    functions = _all(stack, lambda_.Function)
    queues = _all(stack, sqs.Queue)
    apis = _all(stack, apigateway.RestApi)
    machines = _all(stack, stepfunctions.StateMachine)
    return (
        _row(
            ("Requests", [it.metric_count(period=MINUTE) for it in apis]),
            ("Answers with errors of ours", [it.metric_server_error(period=MINUTE) for it in apis]),
            (
                "95 of 100 answers within ms",
                [it.metric_latency(statistic="p95", period=MINUTE) for it in apis],
            ),
        ),
        _row(
            ("Calls", [it.metric_invocations(period=MINUTE) for it in functions]),
            ("Errors", [it.metric_errors(period=MINUTE) for it in functions]),
            ("Throttled", [it.metric_throttles(period=MINUTE) for it in functions]),
            (
                "95 of 100 calls within ms",
                [it.metric_duration(statistic="p95", period=MINUTE) for it in functions],
            ),
        ),
        _row(
            (
                "Age of the oldest message in s",
                [it.metric_approximate_age_of_oldest_message(period=MINUTE) for it in queues],
            ),
            (
                "Messages that wait",
                [it.metric_approximate_number_of_messages_visible(period=MINUTE) for it in queues],
            ),
        ),
        _row(
            ("Executions begun", [it.metric_started(period=MINUTE) for it in machines]),
            ("Executions failed", [it.metric_failed(period=MINUTE) for it in machines]),
        ),
    )


def _row(*graphs: tuple[str, Sequence[cloudwatch.IMetric]]) -> list[cloudwatch.IWidget]:
    drawn = [(title, metrics) for title, metrics in graphs if metrics]
    return [
        cloudwatch.GraphWidget(title=title, left=list(metrics), width=WIDTH // len(drawn))
        for title, metrics in drawn
    ]


def _alarms(stack: ServiceStack) -> list[cloudwatch.IWidget]:
    alarms = _all(stack, cloudwatch.Alarm)[:MOST_ALARMS]
    if not alarms:
        return []
    return [cloudwatch.AlarmStatusWidget(title="Alarms", alarms=list(alarms), width=WIDTH)]


def _all(stack: ServiceStack, kind: type[PartT]) -> list[PartT]:
    """Parts of one kind, in the order in which the stack makes them."""
    return [it for it in stack.node.find_all() if isinstance(it, kind) and Stack.of(it) is stack]
