"""A function that follows the event log: retried without limit, never stopped by one record."""

import re
from collections.abc import Mapping
from typing import Any

from aws_cdk import Duration
from aws_cdk import aws_kinesis as kinesis
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_event_sources as sources

from stacks.constructs.alarms import alarm_when_behind, alarm_when_counted
from stacks.constructs.event_log_access import event_stream_of
from stacks.constructs.microservice_function import MicroserviceFunction, grant
from stacks.constructs.service_stack import ServiceStack
from stacks.constructs.service_table import ServiceTable, text

BATCH_TIMEOUT = Duration.seconds(60)
"""How long a batch may be at work: a rebuild waits for the last one that did not know of it."""


LOOKS = ("dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query")
"""What who only looks may do of what its consumer may."""


class ParkedRecordsTable(ServiceTable):
    """Where a consumer keeps records that it cannot apply, until they are redriven.

    How far it has read the log stands there too.
    """

    def __init__(self, stack: ServiceStack, *, key: kms.IKey, prefix: str = "") -> None:
        super().__init__(
            stack,
            f"{prefix}Parked",
            key=key,
            partition_key=text("consumer"),
            sort_key=text("record"),
        )
        if stack.node.try_find_child("RecordsParked") is None:  # all of a service count as one
            alarm_when_counted(
                stack, "RecordsParked", metric_name="RecordsParked", what="records were parked"
            )


class LogConsumer:
    """A projector on the log, and the functions of operators: one redrives what it parked, the
    other only looks.

    No limit of attempts or age: a passing failure holds the shard until it has passed, and what can
    never succeed is parked by the function itself. Bisecting isolates a record that crashes it.

    ``environment`` and the statements of ``allow`` are for all three; who looks has of them what
    only reads.

    A stack may hold any number of consumers. One of them has no ``prefix``: its resources are
    called ``Parked``, ``Redrive`` and ``Show``, its operators' functions ``redrive-arn`` and
    ``show-arn``, and their handlers are ``redrive`` and ``show``. A further one has a prefix, such
    as ``Returns``, and so ``ReturnsParked``, ``ReturnsRedrive``, ``returns-redrive-arn`` and the
    handler ``redrive_returns``. A prefix never changes: tables that hold data are found by their
    ids.

    Four readers share what a shard gives to all of them: five reads and two megabytes a second,
    Firehose included. Whoever comes after them has ``fan_out``, its own two megabytes, which costs
    by the hour and the gigabyte (Kinesis Data Streams developer guide, "enhanced fan-out").
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
        prefix: str = "",
        fan_out: bool = False,
    ) -> None:
        read_events_arn = read_events_arn or stack.find("orders", "read-events-arn")
        parked = ParkedRecordsTable(stack, key=key, prefix=prefix)
        self.stack = stack
        self.key = key
        self.prefix = prefix
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
            timeout=BATCH_TIMEOUT,
        )
        self.redrive = MicroserviceFunction(
            stack,
            f"{prefix}Redrive",
            handler=self.handler_of("redrive"),
            description=f"For operators: what {id} has parked, and how to apply it again",
            environment={**environment, "EVENT_STREAM_ARN": event_stream_of(stack).stream_arn},
            timeout=Duration.minutes(5),
        )
        self.show = MicroserviceFunction(
            stack,
            f"{prefix}Show",
            handler=self.handler_of("show"),
            description=f"For operators that only look: how far {id} is, and what it has parked",
            environment=environment,
        )
        grant(self.show, "dynamodb:Query", on=parked.table_arn)
        key.grant_decrypt(self.show)
        for function in (self.projector, self.redrive):
            key.grant_encrypt_decrypt(function)
            grant(function, "lambda:InvokeFunction", on=read_events_arn)
            grant(function, "dynamodb:PutItem", "dynamodb:Query", on=parked.table_arn)
        grant(self.redrive, "dynamodb:DeleteItem", on=parked.table_arn)
        self._let_redrive_read_the_log()
        self._follow_the_log(id, fan_out)
        alarm_when_behind(
            stack,
            f"{id}Behind",
            self.projector,
            written=event_stream_of(stack).metric_incoming_records(),
        )
        stack.publish(self.parameter_of("redrive-arn"), self.redrive.function_arn)
        stack.publish(self.parameter_of("show-arn"), self.show.function_arn)

    def allow(self, *actions: str, on: str) -> None:
        """What the functions may do with the read model; who looks, what only reads."""
        grant(self.projector, *actions, on=on)
        grant(self.redrive, *actions, on=on)
        if looks := [it for it in actions if it in LOOKS]:
            grant(self.show, *looks, on=on)
        self.allowed.append((actions, on))

    def handler_of(self, name: str) -> str:
        """The handler of an operators' function: ``redrive`` or, of a further one,
        ``redrive_returns``.
        """
        return f"{name}_{_words(self.prefix, '_')}" if self.prefix else name

    def parameter_of(self, resource: str) -> str:
        """How operators find it: ``redrive-arn`` or, of a further one, ``returns-redrive-arn``."""
        return f"{_words(self.prefix, '-')}-{resource}" if self.prefix else resource

    def _let_redrive_read_the_log(self) -> None:
        """One record, which crashes its consumer and is to be set aside."""
        stream = event_stream_of(self.stack)
        grant(self.redrive, "kinesis:GetRecords", "kinesis:GetShardIterator", on=stream.stream_arn)
        assert stream.encryption_key
        grant(self.redrive, "kms:Decrypt", on=stream.encryption_key.key_arn)

    def _follow_the_log(self, id: str, fan_out: bool) -> None:
        stream = event_stream_of(self.stack)
        options: dict[str, Any] = {
            "starting_position": lambda_.StartingPosition.TRIM_HORIZON,
            "batch_size": 1000,
            "retry_attempts": -1,
            "bisect_batch_on_error": True,
        }
        if not fan_out:
            self.projector.add_event_source(sources.KinesisEventSource(stream, **options))
            return
        consumer = kinesis.StreamConsumer(
            self.stack,
            f"{id}FanOut",
            stream_consumer_name=f"{self.stack.service}-{_words(id, '-')}",
            stream=stream,
        )
        self.projector.add_event_source(sources.KinesisConsumerEventSource(consumer, **options))


def _words(name: str, between: str) -> str:
    """``ReturnsView`` as ``returns-view`` or ``returns_view``."""
    return re.sub(r"(?<!^)(?=[A-Z])", between, name).lower()
