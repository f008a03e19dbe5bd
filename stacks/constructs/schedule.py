"""A function that the clock calls: never twice at a time, and what fails in it is kept."""

from typing import Any

import jsii
from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from stacks.constructs.acknowledgment import acknowledge
from stacks.constructs.microservice_function import MicroserviceFunction, grant
from stacks.constructs.service_queue import RETENTION
from stacks.constructs.service_stack import ServiceStack

SHORTEST_EVENT_AGE = Duration.minutes(1)
"""Lambda admits no shorter one."""


@jsii.implements(lambda_.IDestination)
class _Sent:
    """A queue where Lambda sends, in the function's name, what failed.

    Lambda needs no more for that than to send under the queue's key; the CDK's own destination also
    lets the function look at the queue.
    """

    def __init__(self, queue: sqs.IQueue, key: kms.IKey) -> None:
        self._queue = queue
        self._key = key

    def bind(
        self,
        scope: Construct,
        fn: lambda_.IFunction,
        *,
        type: lambda_.DestinationType,
    ) -> lambda_.DestinationConfig:
        assert isinstance(fn, MicroserviceFunction)
        grant(fn, "sqs:SendMessage", on=self._queue.queue_arn)
        grant(fn, "kms:Decrypt", "kms:GenerateDataKey", on=self._key.key_arn)
        return lambda_.DestinationConfig(destination=self._queue.queue_arn)


def keep_failed_runs(
    function: MicroserviceFunction, *, key: kms.IKey, max_event_age: Duration
) -> None:
    """Have Lambda run an asynchronous call once, and keep one that failed with its error."""
    stack = function.stack
    assert isinstance(stack, ServiceStack)
    function.configure_async_invoke(
        retry_attempts=0,
        max_event_age=max(max_event_age, SHORTEST_EVENT_AGE, key=Duration.to_seconds),
        on_failure=_Sent(_failed_runs(stack, key), key),
    )


def call_every(
    interval: Duration,
    function: MicroserviceFunction,
    scope: Construct,
    id: str,
    *,
    description: str,
    key: kms.IKey,
    request: dict[str, Any] | None = None,
    enabled: bool = True,
) -> None:
    """Let the clock call a function of a stack that is done before the next call.

    There are two who would repeat a call that failed: EventBridge, which hands it over, and Lambda,
    which by itself runs a function twice more. Neither does: what one call could not do, the next
    one does. A call that waited for so long that the next one is due is dropped. What failed is
    kept in the stack's queue ``FailedRuns``, under ``key``, with the error; an alarm on the
    function's errors is what tells somebody. To forbid that two run at a time, whoever else calls,
    the function has ``reserved_concurrency=1``.
    """
    assert function.timeout
    assert function.timeout.to_seconds() < interval.to_seconds(), f"{id}: calls would overlap"
    keep_failed_runs(function, key=key, max_event_age=interval)
    events.Rule(
        scope,
        id,
        description=description,
        schedule=events.Schedule.rate(interval),
        enabled=enabled,
        targets=[
            targets.LambdaFunction(
                function,
                event=events.RuleTargetInput.from_object(request) if request else None,
                retry_attempts=0,
            )
        ],
    )


def _failed_runs(stack: ServiceStack, key: kms.IKey) -> sqs.Queue:
    existing = stack.node.try_find_child("FailedRuns")
    if existing is not None:
        return existing  # type: ignore[return-value]
    queue = sqs.Queue(
        stack,
        "FailedRuns",
        encryption=sqs.QueueEncryption.KMS,
        encryption_master_key=key,
        enforce_ssl=True,
        retention_period=RETENTION,
        removal_policy=RemovalPolicy.DESTROY,
    )
    acknowledge(
        queue,
        "It is itself where failures end: nobody consumes it but an operator.",
        "AwsSolutions-SQS3",
    )
    return queue
