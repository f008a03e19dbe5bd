"""Records of the log that a consumer could not apply: kept with their reason until redriven."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from shared.messaging.envelope import LARGEST_VERSION
from shared.messaging.log_records import LogRecord, Position, position_of
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


_DIGITS = 60
_LAST = "9" * _DIGITS


def place_of(shard: str, sequence: str) -> str:
    """A key that sorts by shard, then in the order of the log."""
    return f"{shard}#{sequence.rjust(_DIGITS, '0')}"


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
        return place_of(self.shard, self.sequence)

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
        self._next: dict[str, tuple[str, str | None]] = {}

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

    def among(self, event: Mapping[str, Any]) -> frozenset[Position]:
        """Which records of a batch of the log are parked: those that an operator set aside.

        A record that crashes its consumer is passed by like this: every crash begins a new
        process. Of each shard a process asks once where the next parked record stands, and again
        when it has come so far. What is parked behind it is never read, however much that is.
        ``event`` is what Lambda gives a consumer: records of one shard, in the order of the log.
        """
        found: set[Position] = set()
        for shard, sequences in _places(event).items():
            first, last = place_of(shard, sequences[0]), place_of(shard, sequences[-1])
            if not self._may_be_parked(shard, first, last):
                continue
            found |= {
                (item["shard"]["S"], item["sequence"]["S"]) for item in self._between(first, last)
            }
            self._next.pop(shard, None)
        return frozenset(found)

    def _may_be_parked(self, shard: str, first: str, last: str) -> bool:
        asked_from, following = self._next.get(shard, (None, None))
        if asked_from is None or first < asked_from:
            items = self._between(first, place_of(shard, _LAST), Limit=1)
            following = next((item["record"]["S"] for item in items), None)
            self._next[shard] = (first, following)
        return following is not None and following <= last

    def _between(self, first: str, last: str, **page: Any) -> Iterator[dict[str, Any]]:
        """Places without what stands there; both ends count."""
        return every_item(
            self._client,
            TableName=self._table,
            KeyConditionExpression="consumer = :consumer AND #record BETWEEN :first AND :last",
            ProjectionExpression="#record, #shard, #sequence",
            ExpressionAttributeNames={
                "#record": "record",
                "#shard": "shard",
                "#sequence": "sequence",
            },
            ExpressionAttributeValues={
                ":consumer": {"S": self._consumer},
                ":first": {"S": first},
                ":last": {"S": last},
            },
            ConsistentRead=True,
            **page,
        )

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


def _places(event: Mapping[str, Any]) -> Mapping[str, list[str]]:
    """The sequence numbers of a batch, by shard."""
    places: dict[str, list[str]] = {}
    for shard, sequence in map(position_of, event["Records"]):
        places.setdefault(shard, []).append(sequence)
    return places


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
