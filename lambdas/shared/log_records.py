"""Records of the event log as a Lambda function receives them."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class LogRecord:
    """One record: where it stands in the log, and its bytes."""

    shard: str
    sequence: str
    body: bytes


def read(event: Mapping[str, Any]) -> list[LogRecord]:
    """The records of a Kinesis event, in the order of the log."""
    records = []
    for record in event["Records"]:
        shard, _, sequence = record["eventID"].partition(":")
        records.append(LogRecord(shard, sequence, base64.b64decode(record["kinesis"]["data"])))
    return records
