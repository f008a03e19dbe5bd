"""A Lambda function as every service here runs it: arm64, its own role, its own log group."""

from collections.abc import Mapping, Sequence

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs

from bundling import asset_path
from stacks.constructs.acknowledgment import acknowledge
from stacks.constructs.alarms import alarm_on
from stacks.constructs.service_stack import ServiceStack

SPANS_ENDPOINT = "spans_endpoint"
"""The context's key for a URL that takes spans as OTLP over HTTP. X-Ray's own needs Transaction
Search in the account: `make deploy` asks."""


class MicroserviceFunction(lambda_.Function):
    """``handler`` is a module of the service's handlers, such as ``place_order``.

    So many of it as ``reserved_concurrency`` says run whatever else the account is busy with, and
    never more. In a ``vpc`` it has addresses of that network, and what ``security_groups`` let out.
    Who makes no spans need not ``begin_traces``: it is seen in a trace that somebody else began.
    """

    def __init__(
        self,
        stack: ServiceStack,
        id: str,
        *,
        handler: str,
        description: str,
        environment: Mapping[str, str] | None = None,
        memory_size: int = 512,
        timeout: Duration | None = None,
        reserved_concurrency: int | None = None,
        begin_traces: bool = True,
        vpc: ec2.IVpc | None = None,
        security_groups: Sequence[ec2.ISecurityGroup] | None = None,
    ) -> None:
        package = stack.service.replace("-", "_")
        stage = stack.stage
        log_group = logs.LogGroup(
            stack,
            f"{id}Logs",
            retention=stage.log_retention,
            removal_policy=RemovalPolicy.DESTROY,
        )
        role = iam.Role(
            stack,
            f"{id}Role",
            role_name=stage.role_name(stack.service, id),
            assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
        )
        log_group.grant_write(role)
        super().__init__(
            stack,
            id,
            description=description,
            code=lambda_.Code.from_asset(str(asset_path(package, stage.target))),
            handler=f"{package}.handlers.{handler}.handler",
            runtime=lambda_.Runtime.PYTHON_3_13,
            architecture=lambda_.Architecture.ARM_64,
            memory_size=memory_size,
            timeout=timeout or Duration.seconds(10),
            reserved_concurrent_executions=stage.reserved(reserved_concurrency),
            log_group=log_group,
            # Lambda's own lines of an invocation that went well cost more than ours, and say what
            # its metrics say. Of one that failed or took too long they come.
            logging_format=lambda_.LoggingFormat.JSON,
            system_log_level_v2=lambda_.SystemLogLevel.WARN,
            role=role,
            tracing=lambda_.Tracing.ACTIVE if begin_traces else lambda_.Tracing.PASS_THROUGH,
            vpc=vpc,
            security_groups=security_groups,
            environment={
                "SERVICE": stack.service,
                "METRIC_NAMESPACE": stage.metric_namespace,
                "TRACE_SHARE": str(stage.trace_share),
                **_way_of_spans(stack),
                **(environment or {}),
            },
        )
        alarm_on(
            self,
            "Throttled",
            what=f"{id} is throttled",
            metric=self.metric_throttles(statistic="Sum", period=Duration.minutes(1)),
            periods=5,
        )
        if not begin_traces:
            acknowledge(
                self,
                "It makes no spans: Lambda's own segment would stand alone in each trace. It is "
                "traced where somebody else began one.",
                "Serverless-LambdaTracing",
            )
        acknowledge(
            role,
            "X-Ray's actions know no resources: a function that reports its traces may do so to *.",
            "AwsSolutions-IAM5[Resource::*]",
        )


def _way_of_spans(stack: ServiceStack) -> dict[str, str]:
    """Without an endpoint they go to the X-Ray daemon beside the function."""
    endpoint = stack.node.try_get_context(SPANS_ENDPOINT)
    return {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": endpoint} if endpoint else {}


class FunctionsWith:
    """Makes functions of a stack that have a part of their environment in common.

    ``key`` is one that each of them may use; ``timeout`` holds where a function says nothing.
    """

    def __init__(
        self,
        stack: ServiceStack,
        *,
        key: kms.IKey | None = None,
        timeout: Duration | None = None,
        **environment: str,
    ) -> None:
        self._stack = stack
        self._key = key
        self._timeout = timeout
        self._environment = environment

    def __call__(
        self,
        id: str,
        handler: str,
        description: str,
        timeout: Duration | None = None,
        reserved_concurrency: int | None = None,
        **environment: str,
    ) -> MicroserviceFunction:
        """One more, with variables of its own."""
        function = MicroserviceFunction(
            self._stack,
            id,
            handler=handler,
            description=description,
            timeout=timeout or self._timeout,
            reserved_concurrency=reserved_concurrency,
            environment={**self._environment, **environment},
        )
        if self._key is not None:
            self._key.grant_encrypt_decrypt(function)
        return function


def grant(function: MicroserviceFunction, *actions: str, on: str | list[str]) -> None:
    """Allow exactly these actions on exactly these resources."""
    function.add_to_role_policy(
        iam.PolicyStatement(actions=list(actions), resources=[on] if isinstance(on, str) else on)
    )
