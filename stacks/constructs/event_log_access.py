"""How other stacks find the event log, its key and its archive, and are let in."""

from aws_cdk import aws_kinesis as kinesis
from aws_cdk import aws_kms as kms

from stacks.constructs.acknowledgment import acknowledge
from stacks.constructs.microservice_function import MicroserviceFunction, grant
from stacks.constructs.service_stack import ServiceStack


def key_of(stack: ServiceStack) -> kms.IKey:
    """The event log's key, for whoever reads or writes the log."""
    existing = stack.node.try_find_child("EventLogKey")
    if existing is not None:
        return existing  # type: ignore[return-value]
    return kms.Key.from_key_arn(stack, "EventLogKey", stack.find("event-log", "key-arn"))


def event_stream_of(stack: ServiceStack) -> kinesis.IStream:
    """The central event log with its key: an import without the key would grant nothing on it."""
    existing = stack.node.try_find_child("EventStream")
    if existing is not None:
        return existing  # type: ignore[return-value]
    return kinesis.Stream.from_stream_attributes(
        stack,
        "EventStream",
        stream_arn=stack.find("event-log", "event-stream-arn"),
        encryption_key=key_of(stack),
    )


def allow_reading_the_log(function: MicroserviceFunction, stack: ServiceStack) -> None:
    """Let a function read the log by hand, beside those who follow it."""
    stream = event_stream_of(stack)
    grant(
        function,
        "kinesis:DescribeStreamSummary",
        "kinesis:GetRecords",
        "kinesis:GetShardIterator",
        "kinesis:ListShards",
        on=stream.stream_arn,
    )
    assert stream.encryption_key
    grant(function, "kms:Decrypt", on=stream.encryption_key.key_arn)


def allow_reading_the_archive(function: MicroserviceFunction, stack: ServiceStack) -> None:
    """Let a function list and read every event for ever; the log's key opens the archive too."""
    bucket = stack.find("event-log", "archive-bucket-arn")
    grant(function, "s3:ListBucket", on=bucket)
    grant(function, "s3:GetObject", on=f"{bucket}/events/*")
    assert function.role
    acknowledge(
        function.role,
        "The archive's objects have the names that Firehose gave them.",
        f"AwsSolutions-IAM5[Resource::<{stack.resolve(bucket)['Ref']}>/events/*]",
    )
