"""What rebuilds a read model from the archive: a function, its scratch, and a state machine."""

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_stepfunctions as stepfunctions

from contracts.product import PRODUCT
from stacks.constructs.acknowledgment import acknowledge
from stacks.constructs.alarms import alarm_on
from stacks.constructs.distributed_map import let_run_its_parts
from stacks.constructs.event_log_access import (
    allow_reading_the_archive,
    allow_reading_the_log,
    event_stream_of,
)
from stacks.constructs.log_consumer import BATCH_TIMEOUT, LogConsumer
from stacks.constructs.logged_machine import logged_machine
from stacks.constructs.microservice_function import MicroserviceFunction, grant
from stacks.constructs.rebuild_machine import rebuild_machine
from stacks.constructs.service_table import ServiceTable

NOTES = ("counts.json", "caught-up.json", "sum.json")
"""What a rebuild notes of itself without content: who looks reads these objects and no others."""


class RebuildableView:
    """For a consumer whose read model has generations.

    Its function has the consumer's permissions, and its resources the consumer's prefix.
    """

    def __init__(self, consumer: LogConsumer, view: ServiceTable) -> None:
        self.stack = consumer.stack
        self.key = consumer.key
        self.consumer = consumer
        self.scratch = self._make_scratch()
        self.function = self._make_function(consumer, view)
        self.machine = self._make_machine()
        self._let_show_it(consumer.show)
        self.change = self._make_change(view)
        self.stack.publish(consumer.parameter_of("rebuild-arn"), self.function.function_arn)
        self.stack.publish(
            consumer.parameter_of("rebuild-machine-arn"), self.machine.state_machine_arn
        )
        self.stack.publish(consumer.parameter_of("change-arn"), self.change.function_arn)

    def _make_scratch(self) -> s3.Bucket:
        scratch = s3.Bucket(
            self.stack,
            f"{self.consumer.prefix}RebuildScratch",
            encryption=s3.BucketEncryption.KMS,
            encryption_key=self.key,
            bucket_key_enabled=True,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            enforce_ssl=True,
            lifecycle_rules=[
                s3.LifecycleRule(
                    expiration=Duration.days(14),
                    abort_incomplete_multipart_upload_after=Duration.days(1),
                )
            ],
            removal_policy=RemovalPolicy.DESTROY,  # the archive has it all
        )
        acknowledge(
            scratch,
            "It holds copies of the archive for the time of a rebuild; who reads the archive is "
            "logged there.",
            "AwsSolutions-S1",
        )
        return scratch

    def _make_function(self, consumer: LogConsumer, view: ServiceTable) -> MicroserviceFunction:
        stack = self.stack
        function = MicroserviceFunction(
            stack,
            f"{consumer.prefix}Rebuild",
            handler=consumer.handler_of("rebuild"),
            description="For operators: builds a new generation from the archive, step by step",
            environment={
                **consumer.environment,
                "ARCHIVE_BUCKET": stack.find("event-log", "archive-bucket-name"),
                "SCRATCH_BUCKET": self.scratch.bucket_name,
                "EVENT_STREAM_ARN": event_stream_of(stack).stream_arn,
            },
            memory_size=2048,
            timeout=Duration.minutes(15),
        )
        self.key.grant_encrypt_decrypt(function)
        grant(function, "lambda:InvokeFunction", on=consumer.read_events_arn)
        grant(function, "dynamodb:PutItem", on=consumer.parked.table_arn)
        for actions_of_view, table in consumer.allowed:
            grant(function, *actions_of_view, on=table)
        grant(function, "dynamodb:BatchWriteItem", "dynamodb:Scan", on=view.table_arn)
        grant(function, "s3:ListBucket", on=self.scratch.bucket_arn)
        grant(function, "s3:GetObject", "s3:PutObject", on=self.scratch.arn_for_objects("*"))
        allow_reading_the_log(function, stack)
        allow_reading_the_archive(function, stack)
        assert function.role
        self._acknowledge_scratch(function.role)
        return function

    def _make_machine(self) -> stepfunctions.StateMachine:
        stack, prefix = self.stack, self.consumer.prefix
        view = self.consumer.parameter_of("rebuild") if prefix else "rebuild"
        name = f"{PRODUCT}-{stack.stage.name}-{view}-{stack.service}"
        machine, role = logged_machine(
            stack,
            f"{prefix}RebuildMachine",
            name=name,
            comment="Builds a new generation of a view from the archive, and serves it",
            definition=rebuild_machine(),
            substitutions={"Rebuild": self.function.function_arn},
        )
        for actions_, resource in (
            (["lambda:InvokeFunction"], self.function.function_arn),
            (["s3:GetObject"], self.scratch.arn_for_objects("*")),
        ):
            role.add_to_policy(iam.PolicyStatement(actions=actions_, resources=[resource]))
        let_run_its_parts(role, stack, name)
        self.key.grant_decrypt(role)
        self._acknowledge_scratch(role)
        alarm_on(
            stack,
            f"{prefix}RebuildFails",
            what="a rebuild has failed",
            metric=machine.metric_failed(statistic="Sum", period=Duration.minutes(5)),
        )
        return machine

    def _let_show_it(self, show: MicroserviceFunction) -> None:
        """Who only looks sees the generations, and how far the rebuild of one is."""
        show.add_environment("SCRATCH_BUCKET", self.scratch.bucket_name)
        show.add_environment("REBUILD_MACHINE_ARN", self.machine.state_machine_arn)
        grant(show, "s3:ListBucket", on=self.scratch.bucket_arn)
        grant(show, "s3:GetObject", on=[self.scratch.arn_for_objects(f"*/{it}") for it in NOTES])
        grant(show, "states:ListExecutions", on=self.machine.state_machine_arn)
        assert show.role
        self._acknowledge_scratch(show.role, *(f"/{it}" for it in NOTES))

    def _make_change(self, view: ServiceTable) -> MicroserviceFunction:
        """It moves the pointer, and starts the machine; it reads and writes no item of the view."""
        consumer = self.consumer
        change = MicroserviceFunction(
            self.stack,
            f"{consumer.prefix}Change",
            handler=consumer.handler_of("change"),
            description="For operators: a new generation, back to the one before, or its end",
            environment={
                **consumer.environment,
                "REBUILD_MACHINE_ARN": self.machine.state_machine_arn,
                "BATCH_SECONDS": str(BATCH_TIMEOUT.to_seconds()),
            },
        )
        self.key.grant_encrypt_decrypt(change)
        change.add_to_role_policy(
            iam.PolicyStatement(
                actions=["dynamodb:GetItem", "dynamodb:PutItem"],
                resources=[view.table_arn],
                conditions={"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["pointer"]}},
            )
        )
        grant(
            change,
            "states:ListExecutions",
            "states:StartExecution",
            on=self.machine.state_machine_arn,
        )
        return change

    def _acknowledge_scratch(self, role: iam.IRole, *names: str) -> None:
        bucket = self.stack.get_logical_id(self.scratch.node.default_child)  # type: ignore[arg-type]
        acknowledge(
            role,
            "The scratch's objects are named by generation, task and partition.",
            *(f"AwsSolutions-IAM5[Resource::<{bucket}.Arn>/*{it}]" for it in names or ("",)),
        )
