"""Searches everything that is kept in the account for words that must not be there."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from tools.base.endpoint import Cloud


@dataclass(frozen=True)
class Find:
    """A place that holds a text, such as ``table ...-dev-orders-EventStore...``."""

    place: str
    text: str


class Everything:
    """All that is kept in the account: tables and their streams, log, archive, queues, logs,
    parameters.
    """

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    def places_with(self, *texts: str, among: Iterable[str] = ()) -> set[str]:
        """Every place that holds one of the texts, in whatever case.

        ``among`` names the kinds of places to search, such as ``stream``; all if it is empty.
        Searching queues hides their messages from others for a moment.
        """
        wanted = [text.casefold() for text in texts]
        return {
            find.place
            for kind, content in self._kinds.items()
            if not among or kind in among
            for find in content()
            if any(text in find.text.casefold() for text in wanted)
        }

    @property
    def _kinds(self) -> dict[str, Callable[[], Iterator[Find]]]:
        return {
            "table": self._tables,
            "table stream": self._table_streams,
            "stream": self._event_streams,
            "bucket": self._buckets,
            "queue": self._queues,
            "log group": self._log_groups,
            "parameter": self._parameters,
        }

    def _tables(self) -> Iterator[Find]:
        dynamodb = self._cloud.client("dynamodb")
        for page in dynamodb.get_paginator("list_tables").paginate():
            for table in page["TableNames"]:
                for items in dynamodb.get_paginator("scan").paginate(TableName=table):
                    for item in items["Items"]:
                        yield Find(f"table {table}", _as_text(item))

    def _table_streams(self) -> Iterator[Find]:
        client: Any = self._cloud.client
        streams = client("dynamodbstreams")
        for stream in streams.list_streams()["Streams"]:
            arn = stream["StreamArn"]
            for shard in streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]:
                iterator = streams.get_shard_iterator(
                    StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
                )["ShardIterator"]
                for record in _records(streams.get_records, iterator):
                    yield Find(f"table stream {stream['TableName']}", _as_text(record))

    def _event_streams(self) -> Iterator[Find]:
        kinesis = self._cloud.client("kinesis")
        for stream in kinesis.list_streams()["StreamNames"]:
            for shard in kinesis.list_shards(StreamName=stream)["Shards"]:
                iterator = kinesis.get_shard_iterator(
                    StreamName=stream, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
                )["ShardIterator"]
                for record in _records(kinesis.get_records, iterator):
                    yield Find(f"stream {stream}", record["PartitionKey"] + _plain(record["Data"]))

    def _buckets(self) -> Iterator[Find]:
        s3 = self._cloud.client("s3")
        for bucket in [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]:
            for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
                for version in page.get("Versions", []):
                    body = s3.get_object(
                        Bucket=bucket, Key=version["Key"], VersionId=version["VersionId"]
                    )["Body"].read()
                    yield Find(f"bucket {bucket}", version["Key"] + _plain(body))

    def _queues(self) -> Iterator[Find]:
        sqs = self._cloud.client("sqs")
        for url in sqs.list_queues().get("QueueUrls", []):
            handles = []
            while messages := sqs.receive_message(
                QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=60
            ).get("Messages"):
                for message in messages:
                    handles.append(message["ReceiptHandle"])
                    yield Find(f"queue {url.rsplit('/', 1)[1]}", message["Body"])
            for handle in handles:
                sqs.change_message_visibility(
                    QueueUrl=url, ReceiptHandle=handle, VisibilityTimeout=0
                )

    def _log_groups(self) -> Iterator[Find]:
        logs = self._cloud.client("logs")
        for page in logs.get_paginator("describe_log_groups").paginate():
            for group in [group["logGroupName"] for group in page["logGroups"]]:
                for events in logs.get_paginator("filter_log_events").paginate(logGroupName=group):
                    for event in events["events"]:
                        yield Find(f"log group {group}", event["message"])

    def _parameters(self) -> Iterator[Find]:
        ssm = self._cloud.client("ssm")
        pages = ssm.get_paginator("get_parameters_by_path").paginate(
            Path="/", Recursive=True, WithDecryption=True
        )
        for page in pages:
            for parameter in page["Parameters"]:
                yield Find(f"parameter {parameter['Name']}", parameter["Value"])


def _records(get_records: Callable[..., Any], iterator: str | None) -> Iterator[Any]:
    """From the oldest record to the first empty page; a shard of this size has no gaps."""
    while iterator:
        answer = get_records(ShardIterator=iterator)
        yield from answer["Records"]
        iterator = answer.get("NextShardIterator") if answer["Records"] else None


def _plain(body: bytes) -> str:
    if body.startswith(b"\x1f\x8b"):
        body = gzip.decompress(body)
    return body.decode("utf-8", "replace")


def _as_text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)
