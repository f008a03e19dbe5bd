"""The event store on DynamoDB: one item for each event, appended if its version is free."""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, cast

from botocore.exceptions import ClientError

from orders.adapters.event_codec import Item, from_item, part_of_hour, to_envelope, to_item
from orders.ports import RecordedEvent, VersionTaken
from shared.messaging.envelope import Envelope

BY_TIME = "by-time"
"""The index of events by the hour in which they occurred; it holds keys only."""
KEYS_AT_ONCE = 100
"""BatchGetItem takes no more (DynamoDB limits)."""
Key = dict[str, dict[str, str]]


class StoreBusy(Exception):
    """DynamoDB left items unread again and again: try later."""


class DynamoDbEventStore:
    """Implements ``orders.ports.EventStore``.

    The table's key is ``order_id`` (S) and ``version`` (N). ``client`` is a botocore DynamoDB
    client.
    """

    def __init__(self, client: Any, table_name: str) -> None:
        self._client = client
        self._table = table_name

    def append(self, recorded: RecordedEvent) -> None:
        """One put on the condition that the version is free. Raises VersionTaken."""
        try:
            self._client.put_item(
                TableName=self._table,
                Item=to_item(recorded),
                ConditionExpression="attribute_not_exists(order_id)",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            existing = from_item(cast(dict[str, Any], error.response)["Item"])
            # The client itself retries a put whose answer was lost: then it meets its own event.
            if existing.command == recorded.command:
                return
            raise VersionTaken(existing) from error

    def history(self, order_id: str) -> Sequence[RecordedEvent]:
        """Every event of an order, by version."""
        return [from_item(item) for item in self._items(order_id, after_version=0)]

    def first(self, order_id: str) -> RecordedEvent | None:
        """The order's first event, if there is one."""
        answer = self._client.get_item(
            TableName=self._table,
            Key={"order_id": {"S": order_id}, "version": {"N": "1"}},
            ConsistentRead=True,
        )
        return from_item(answer["Item"]) if "Item" in answer else None

    def envelopes(self, order_id: str, after_version: int, limit: int) -> list[Envelope]:
        """Up to ``limit`` events after a version, in the form that the log carries."""
        return list(islice(self.following(order_id, after_version, limit), limit))

    def following(self, order_id: str, after_version: int, page: int) -> Iterator[Envelope]:
        """The events after a version, as they are asked for; ``page`` are read at once."""
        return map(to_envelope, self._items(order_id, after_version, page))

    def scan(
        self, segment: int, segments: int, after: tuple[str, int] | None, at_least: int
    ) -> tuple[list[Envelope], tuple[str, int] | None]:
        """Events of one segment of the whole table, and the position to go on after, if any."""
        request: dict[str, Any] = {"TableName": self._table, "ConsistentRead": True}
        if segments > 1:
            request |= {"Segment": segment, "TotalSegments": segments}
        if after:
            request["ExclusiveStartKey"] = _key(*after)
        found: list[Envelope] = []
        while True:
            answer = self._client.scan(**request)
            found += map(to_envelope, answer["Items"])
            if "LastEvaluatedKey" not in answer:
                return found, None
            last = request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]
            if len(found) >= at_least:
                return found, (last["order_id"]["S"], int(last["version"]["N"]))

    def of_hour(
        self, hour: str, part: int, after: tuple[str, int] | None, limit: int
    ) -> tuple[list[Envelope], tuple[str, int] | None]:
        """Events that occurred in a part of an hour, and the position to go on after, if any.

        The index may be a moment late. Raises StoreBusy.
        """
        place = {"occurred_in": {"S": part_of_hour(hour, part)}}
        request: dict[str, Any] = {
            "TableName": self._table,
            "IndexName": BY_TIME,
            "KeyConditionExpression": "occurred_in = :part",
            "ExpressionAttributeValues": {":part": place["occurred_in"]},
            "Limit": limit,
        }
        if after:
            request["ExclusiveStartKey"] = place | _key(*after)
        answer = self._client.query(**request)
        keys = [_key(it["order_id"]["S"], int(it["version"]["N"])) for it in answer["Items"]]
        found = [
            to_envelope(item)
            for start in range(0, len(keys), KEYS_AT_ONCE)
            for item in self._at(keys[start : start + KEYS_AT_ONCE])
        ]
        last = answer.get("LastEvaluatedKey")
        return found, (last["order_id"]["S"], int(last["version"]["N"])) if last else None

    def _at(self, keys: list[Key]) -> Iterator[Item]:
        """The items with these keys, in any order."""
        for _ in range(len(keys)):  # each answer has an item at least, and 16 MB at most
            answer = self._client.batch_get_item(
                RequestItems={self._table: {"Keys": keys, "ConsistentRead": True}}
            )
            yield from answer["Responses"].get(self._table, [])
            keys = answer.get("UnprocessedKeys", {}).get(self._table, {}).get("Keys", [])
            if not keys:
                return
        raise StoreBusy(f"{len(keys)} items were left unread")

    def _items(self, order_id: str, after_version: int, limit: int | None = None) -> Iterator[Item]:
        page: dict[str, Any] = {"Limit": limit} if limit else {}
        while True:
            answer = self._client.query(
                TableName=self._table,
                KeyConditionExpression="order_id = :id AND version > :after",
                ExpressionAttributeValues={
                    ":id": {"S": order_id},
                    ":after": {"N": str(after_version)},
                },
                ConsistentRead=True,
                **page,
            )
            yield from answer["Items"]
            if "LastEvaluatedKey" not in answer:
                return
            page["ExclusiveStartKey"] = answer["LastEvaluatedKey"]


def _key(order_id: str, version: int) -> Key:
    return {"order_id": {"S": order_id}, "version": {"N": str(version)}}
