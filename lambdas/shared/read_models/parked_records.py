"""Records of the log that a consumer could not apply: kept with their reason until redriven."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from shared.messaging.envelope import LARGEST_VERSION
from shared.messaging.log_records import LogRecord, Position
from shared.runtime import clock, log
from shared.runtime.dynamodb_pages import every_item
from shared.runtime.patterns import is_uuid
from shared.runtime.plain_text import plain

MAX_REASON = 500
MAX_PLACE = 128
"""Characters of a shard's id and of a sequence number (Kinesis API, "SequenceNumber")."""
MAX_BODY = 300_000
"""Bytes. A DynamoDB item holds 400 KB. No message of ours is that large (MAX_EVENT_BYTES), and what
is larger stays in the log and in the archive, where shard and sequence name it."""


@dataclass(frozen=True, slots=True)
class ParkedRecord:
    """Why and where a record was set aside; ``aggregate_id`` is None if it could not be read."""

    shard: str
    sequence: str
    reason: str
    digest: str
    body: bytes | None
    aggregate_id: str | None = None
    version: int | None = None
    parked_at: str = ""

    @property
    def place(self) -> str:
        """Where it stands among the parked records: by shard, then in the order of the log."""
        return f"{self.shard}#{self.sequence.rjust(60, '0')}"

    @property
    def line(self) -> dict[str, Any]:
        """What a list for operators says of it: everything but its body and digest."""
        return {
            "shard": self.shard,
            "sequence": self.sequence,
            "reason": self.reason,
            "aggregate_id": self.aggregate_id,
            "version": self.version,
            "parked_at": self.parked_at,
        }

    @classmethod
    def of(
        cls,
        record: LogRecord,
        reason: str,
        aggregate_id: str | None = None,
        version: int | None = None,
    ) -> "ParkedRecord":
        """The record, set aside for a reason.

        An id that is no UUID, or a version that no table keeps as a number, goes into the reason:
        parking never fails for what it parks.
        """
        if aggregate_id is not None and not is_uuid(aggregate_id):
            reason, aggregate_id = f"{reason} (of {aggregate_id!r:.80})", None
        if version is not None and not 0 < version <= LARGEST_VERSION:
            reason, version = f"{reason} (its version is out of bounds)", None
        return cls(
            plain(record.shard, MAX_PLACE),
            plain(record.sequence, MAX_PLACE),
            plain(reason, MAX_REASON),
            hashlib.sha256(record.body).hexdigest(),
            record.body if len(record.body) <= MAX_BODY else None,
            aggregate_id,
            version,
            clock.now(),
        )


class ParkedRecords:
    """One consumer's parked records; the table's key is ``consumer`` and ``record``.

    ``client`` is a botocore DynamoDB client.
    """

    def __init__(self, client: Any, table_name: str, consumer: str) -> None:
        self._client = client
        self._table = table_name
        self._consumer = consumer
        self._positions: frozenset[Position] | None = None

    def put(self, parked: ParkedRecord) -> dict[str, Any]:
        """The ``Put`` that parks a record, for a transaction; parking it again changes nothing."""
        item = {
            **self._key(parked),
            "shard": {"S": parked.shard},
            "sequence": {"S": parked.sequence},
            "reason": {"S": parked.reason},
            "digest": {"S": parked.digest},
            "parked_at": {"S": parked.parked_at},
        }
        if parked.body is not None:
            item["body"] = {"B": parked.body}
        if parked.aggregate_id is not None:
            item["aggregate_id"] = {"S": parked.aggregate_id}
        if parked.version is not None:
            item["version"] = {"N": str(parked.version)}
        return {"TableName": self._table, "Item": item}

    def park(self, parked: ParkedRecord) -> None:
        """Set a record aside that belongs to no aggregate; once, however often it comes again."""
        try:
            self._client.put_item(
                **self.put(parked), ConditionExpression="attribute_not_exists(consumer)"
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            return
        self.announce(parked)

    def announce(self, parked: ParkedRecord) -> None:
        """Tell operations; the alarm on this metric is what calls somebody."""
        log.warning(
            "record parked",
            consumer=self._consumer,
            shard=parked.shard,
            sequence=parked.sequence,
            reason=parked.reason,
            aggregate_id=parked.aggregate_id,
        )
        log.metric("RecordsParked", 1)

    def all(self, after: str | None = None) -> Iterator[ParkedRecord]:
        """Every parked record of this consumer, oldest of each shard first, after a ``place``."""
        page: dict[str, Any] = {}
        if after is not None:
            start = {"consumer": {"S": self._consumer}, "record": {"S": after}}
            page = {"ExclusiveStartKey": start}
        items = every_item(
            self._client,
            TableName=self._table,
            KeyConditionExpression="consumer = :consumer",
            ExpressionAttributeValues={":consumer": {"S": self._consumer}},
            ConsistentRead=True,
            **page,
        )
        return map(_from_item, items)

    def count(self, most: int) -> int:
        """How many there are, ``most`` at most: without their bodies, which may be large."""
        found = 0
        page: dict[str, Any] = {}
        while found < most:
            answer = self._client.query(
                TableName=self._table,
                KeyConditionExpression="consumer = :consumer",
                ExpressionAttributeValues={":consumer": {"S": self._consumer}},
                Select="COUNT",
                Limit=most - found,
                **page,
            )
            found += answer["Count"]
            if "LastEvaluatedKey" not in answer:
                break
            page = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}
        return found

    def find(self, shard: str, sequence: str) -> ParkedRecord | None:
        """The record that stands at this place in the log, if it is parked."""
        wanted = ParkedRecord(shard, sequence, "", "", None)
        answer = self._client.query(
            TableName=self._table,
            KeyConditionExpression="consumer = :consumer AND #record = :record",
            ExpressionAttributeNames={"#record": "record"},
            ExpressionAttributeValues={
                f":{name}": value for name, value in self._key(wanted).items()
            },
            ConsistentRead=True,
        )
        return next(map(_from_item, answer["Items"]), None)

    def positions(self) -> frozenset[Position]:
        """Where the parked records stand in the log, as it was when this process first asked.

        A record that crashes its consumer is set aside by an operator; every crash begins a new
        process, which then passes it by.
        """
        if self._positions is None:
            self._positions = frozenset((each.shard, each.sequence) for each in self.all())
        return self._positions

    def forget(self, parked: ParkedRecord) -> None:
        """Take a record off the list once it has been dealt with."""
        self._client.delete_item(TableName=self._table, Key=self._key(parked))

    def discard(self, parked: ParkedRecord) -> bool:
        """Take a record off the list that was never applied. False if it has changed since."""
        try:
            self._client.delete_item(
                TableName=self._table,
                Key=self._key(parked),
                ConditionExpression=(
                    "digest = :digest AND reason = :reason AND parked_at = :parked_at"
                ),
                ExpressionAttributeValues={
                    ":digest": {"S": parked.digest},
                    ":reason": {"S": parked.reason},
                    ":parked_at": {"S": parked.parked_at},
                },
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            return False
        log.warning(
            "parked record discarded by an operator",
            consumer=self._consumer,
            shard=parked.shard,
            sequence=parked.sequence,
            reason=parked.reason,
            parked_at=parked.parked_at,
            digest=parked.digest,
            aggregate_id=parked.aggregate_id,
            version=parked.version,
        )
        log.metric("RecordsDiscarded", 1)
        return True

    def _key(self, parked: ParkedRecord) -> dict[str, Any]:
        return {
            "consumer": {"S": self._consumer},
            "record": {"S": parked.place},
        }


def _from_item(item: dict[str, Any]) -> ParkedRecord:
    return ParkedRecord(
        shard=item["shard"]["S"],
        sequence=item["sequence"]["S"],
        reason=item["reason"]["S"],
        digest=item["digest"]["S"],
        body=item["body"]["B"] if "body" in item else None,
        aggregate_id=item["aggregate_id"]["S"] if "aggregate_id" in item else None,
        version=int(item["version"]["N"]) if "version" in item else None,
        parked_at=item["parked_at"]["S"],
    )
