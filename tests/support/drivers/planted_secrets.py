"""Puts a text somewhere in the account, to see whether a search finds it there.

Each function makes a resource of the given name, and returns the place as the search names it.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable

from tools.base.endpoint import REGION, Cloud

Plant = Callable[[Cloud, str, str], str]


def in_table(cloud: Cloud, name: str, text: str) -> str:
    dynamodb = cloud.client("dynamodb")
    dynamodb.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    nested = {"L": [{"M": {"name": {"S": text}}}]}
    dynamodb.put_item(TableName=name, Item={"id": {"S": "1"}, "deep": nested})
    return f"table {name}"


def in_table_stream(cloud: Cloud, name: str, text: str) -> str:
    dynamodb = cloud.client("dynamodb")
    dynamodb.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "OLD_IMAGE"},
    )
    dynamodb.put_item(TableName=name, Item={"id": {"S": "1"}, "name": {"S": text}})
    dynamodb.delete_item(TableName=name, Key={"id": {"S": "1"}})
    return f"table stream {name}"


def in_stream(cloud: Cloud, name: str, text: str) -> str:
    kinesis = cloud.client("kinesis")
    kinesis.create_stream(StreamName=name, ShardCount=1)
    kinesis.get_waiter("stream_exists").wait(StreamName=name)
    kinesis.put_record(StreamName=name, PartitionKey="1", Data=text.encode())
    return f"stream {name}"


def in_an_old_version(cloud: Cloud, name: str, text: str) -> str:
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(Bucket=name, Key="events", Body=gzip.compress(text.encode()))
    s3.put_object(Bucket=name, Key="events", Body=b"nothing")
    s3.delete_object(Bucket=name, Key="events")
    return f"bucket {name}"


def in_queue(cloud: Cloud, name: str, text: str) -> str:
    sqs = cloud.client("sqs")
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    for body in [*["nothing"] * 15, text]:
        sqs.send_message(QueueUrl=url, MessageBody=body)
    return f"queue {name}"


def in_log_group(cloud: Cloud, name: str, text: str) -> str:
    logs = cloud.client("logs")
    logs.create_log_group(logGroupName=name)
    logs.create_log_stream(logGroupName=name, logStreamName="1")
    logs.put_log_events(
        logGroupName=name,
        logStreamName="1",
        logEvents=[{"timestamp": 1_900_000_000_000, "message": f"error: {text.upper()}"}],
    )
    return f"log group {name}"


def in_parameter(cloud: Cloud, name: str, text: str) -> str:
    cloud.client("ssm").put_parameter(Name=f"/{name}/deep", Value=text, Type="SecureString")
    return f"parameter /{name}/deep"


PLANTS: list[Plant] = [
    in_table,
    in_table_stream,
    in_stream,
    in_an_old_version,
    in_queue,
    in_log_group,
    in_parameter,
]
