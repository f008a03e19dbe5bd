"""What operators look at the log and its archive with."""

from aws_cdk import ArnFormat
from aws_cdk import aws_kinesis as kinesis
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3

from contracts.product import PRODUCT
from stacks.constructs.acknowledgment import acknowledge
from stacks.constructs.microservice_function import MicroserviceFunction, grant
from stacks.constructs.service_stack import ServiceStack
from stacks.constructs.service_table import Backup, ServiceTable, text


def show_the_log(stack: ServiceStack, *, key: kms.IKey, stream: kinesis.IStream) -> None:
    """A shard has five reads a second, and four readers take them: operators have one in two
    seconds in all, however many look. Whose turn it is stands in a table of its own.
    """
    turns = ServiceTable(
        stack,
        "ReadTurns",
        key=key,
        partition_key=text("id"),
        recovery_days=1,
        backup=Backup.NEVER,
    )
    show = MicroserviceFunction(
        stack,
        "ShowLog",
        handler="show_log",
        description="For operators that only look: the newest records of the log",
        environment={
            "EVENT_STREAM_ARN": stream.stream_arn,
            "TURNS_TABLE": turns.table_name,
        },
    )
    grant(
        show,
        "kinesis:GetRecords",
        "kinesis:GetShardIterator",
        "kinesis:ListShards",
        on=stream.stream_arn,
    )
    grant(show, "dynamodb:PutItem", on=turns.table_arn)
    key.grant_encrypt_decrypt(show)  # a turn is written under it
    stack.publish("show-log-arn", show.function_arn)


def show_the_archive(stack: ServiceStack, *, key: kms.IKey, archive: s3.IBucket) -> None:
    """An order's timeline says which object holds each of its events."""
    show = MicroserviceFunction(
        stack,
        "ShowArchive",
        handler="show_archive",
        description="For operators that only look: which object of the archive holds an event",
        environment={"ARCHIVE_BUCKET": archive.bucket_name},
    )
    objects = archive.arn_for_objects("events/*")
    grant(show, "s3:ListBucket", on=archive.bucket_arn)
    grant(show, "s3:GetObject", on=objects)
    key.grant_decrypt(show)
    assert show.role
    acknowledge(
        show.role,
        "Which object holds an event is what it looks for: it may be any below events/.",
        "AwsSolutions-IAM5[Resource::<ArchiveDA4CB258.Arn>/events/*]",
    )
    stack.publish("show-archive-arn", show.function_arn)


def show_the_alarms(stack: ServiceStack) -> None:
    """States of alarms and counts of queues are of no one service, and hold no data of any: this
    one function reads them of all.
    """
    prefix = f"{PRODUCT}-{stack.stage.name}-"
    show = MicroserviceFunction(
        stack,
        "ShowAlarms",
        handler="show_alarms",
        description="For operators that only look: alarms that fire, messages that wait",
        environment={"STACKS_PREFIX": prefix},
    )
    alarms = stack.format_arn(
        service="cloudwatch", resource="alarm:*", arn_format=ArnFormat.NO_RESOURCE_NAME
    )
    queues = stack.format_arn(service="sqs", resource=f"{prefix}*")
    grant(show, "cloudwatch:DescribeAlarms", on=alarms)
    grant(show, "sqs:GetQueueAttributes", "sqs:GetQueueUrl", on=queues)
    assert show.role
    place = f"{stack.partition}:{{}}:{stack.region}:<AWS::AccountId>"
    acknowledge(
        show.role,
        "CloudWatch lets list all alarms or none. Of queues their counts are read, by names that "
        "alarms tell while it runs; it may receive no message.",
        f"AwsSolutions-IAM5[Resource::arn:{place.format('cloudwatch')}:alarm:*]",
        f"AwsSolutions-IAM5[Resource::arn:{place.format('sqs')}:{prefix}*]",
    )
    stack.publish("show-alarms-arn", show.function_arn)
