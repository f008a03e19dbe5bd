"""A function that follows the event log: retried without limit, never stopped by one record."""

from collections.abc import Mapping

from aws_cdk import Duration
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_event_sources as sources

from stacks.constructs.alarms import alarm_when_behind, alarm_when_counted
from stacks.constructs.event_log_access import event_stream_of
from stacks.constructs.microservice_function import MicroserviceFunction, grant
from stacks.constructs.service_stack import ServiceStack
from stacks.constructs.service_table import ServiceTable, text


class ParkedRecordsTable(ServiceTable):
    """Where a service's consumers keep records that they cannot apply, until they are redriven."""

    def __init__(self, stack: ServiceStack, *, key: kms.IKey) -> None:
        super().__init__(
            stack, "Parked", key=key, partition_key=text("consumer"), sort_key=text("record")
        )
        alarm_when_counted(
            stack, "RecordsParked", metric_name="RecordsParked", what="records were parked"
        )


class LogConsumer:
    """A projector on the log, and the function by which operators redrive what it parked.

    No limit of attempts or age: a passing failure holds the shard until it has passed, and what can
    never succeed is parked by the function itself. Bisecting isolates a record that crashes it.

    ``environment`` and the statements of ``allow`` are for both functions.
    """

    def __init__(
        self,
        stack: ServiceStack,
        id: str,
        *,
        handler: str,
        description: str,
        environment: Mapping[str, str],
        key: kms.IKey,
        read_events_arn: str | None = None,
    ) -> None:
        read_events_arn = read_events_arn or stack.find("orders", "read-events-arn")
        parked = ParkedRecordsTable(stack, key=key)
        self.stack = stack
        self.key = key
        self.read_events_arn = read_events_arn
        self.parked = parked
        self.allowed: list[tuple[tuple[str, ...], str]] = []
        self.environment = environment = {
            **environment,
            "READ_EVENTS_ARN": read_events_arn,
            "PARKED_TABLE": parked.table_name,
        }
        self.projector = MicroserviceFunction(
            stack,
            id,
            handler=handler,
            description=description,
            environment=environment,
            timeout=Duration.seconds(60),
        )
        self.redrive = MicroserviceFunction(
            stack,
            "Redrive",
            handler="redrive",
            description=f"For operators: what {id} has parked, and how to apply it again",
            environment=environment,
            timeout=Duration.minutes(5),
        )
        for function in (self.projector, self.redrive):
            key.grant_encrypt_decrypt(function)
            grant(function, "lambda:InvokeFunction", on=read_events_arn)
            grant(function, "dynamodb:PutItem", "dynamodb:Query", on=parked.table_arn)
        grant(self.redrive, "dynamodb:DeleteItem", on=parked.table_arn)
        self.projector.add_event_source(
            sources.KinesisEventSource(
                event_stream_of(stack),
                starting_position=lambda_.StartingPosition.TRIM_HORIZON,
                batch_size=1000,
                retry_attempts=-1,
                bisect_batch_on_error=True,
            )
        )
        alarm_when_behind(
            stack,
            f"{id}Behind",
            self.projector,
            written=event_stream_of(stack).metric_incoming_records(),
        )
        stack.publish("redrive-arn", self.redrive.function_arn)

    def allow(self, *actions: str, on: str) -> None:
        """What both functions may do with the read model."""
        grant(self.projector, *actions, on=on)
        grant(self.redrive, *actions, on=on)
        self.allowed.append((actions, on))
