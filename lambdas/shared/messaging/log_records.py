"""Records of the event log as a Lambda function receives them, and the envelopes in them."""

import base64
from collections.abc import Container, Mapping
from typing import Any

import msgspec

from shared.messaging.envelope import Envelope, decode


class Unreadable(Exception):
    """The record is not an envelope, or not one that could be ours."""


class LogRecord(msgspec.Struct, frozen=True, gc=False):
    """One record: where it stands in the log, and its bytes."""

    shard: str
    sequence: str
    body: bytes


Position = tuple[str, str]
"""Shard and sequence number."""


def position_of(record: Mapping[str, Any]) -> Position:
    """Where a record of a Kinesis event stands in the log."""
    shard, _, sequence = record["eventID"].partition(":")
    return shard, sequence


def read(event: Mapping[str, Any], set_aside: Container[Position] = ()) -> list[LogRecord]:
    """The records of a Kinesis event, in the order of the log, without those that are set aside."""
    records = []
    for record in event["Records"]:
        shard, sequence = position_of(record)
        if (shard, sequence) in set_aside:
            continue
        records.append(LogRecord(shard, sequence, base64.b64decode(record["kinesis"]["data"])))
    return records


def read_envelope(body: bytes) -> Envelope:
    """The envelope in a record. Raises Unreadable with the reason."""
    try:
        return decode(body)
    except msgspec.DecodeError as malformed:
        raise Unreadable(f"not an envelope: {malformed}") from malformed
