"""Orders' event store on DynamoDB: what the kit's does, and what reconciliation reads besides."""

from collections.abc import Iterator
from typing import Any

from orders.adapters.event_codec import CODEC, part_of_hour
from orders.domain.events import OrderEvent
from shared.event_sourcing import dynamodb_event_store
from shared.event_sourcing.dynamodb_event_store import Key
from shared.event_sourcing.event_codec import Item
from shared.messaging.envelope import Envelope

BY_TIME = "by-time"
"""The index of events by the hour in which they occurred; it holds keys only."""
KEYS_AT_ONCE = 100
"""BatchGetItem takes no more (DynamoDB limits)."""


class StoreBusy(Exception):
    """DynamoDB left items unread again and again: try later."""


class DynamoDbEventStore(dynamodb_event_store.DynamoDbEventStore[OrderEvent]):
    """Implements ``orders.ports.EventStore``. ``client`` is a botocore DynamoDB client."""

    def __init__(self, client: Any, table_name: str) -> None:
        super().__init__(client, table_name, CODEC)

    def scan(
        self, segment: int, segments: int, after: tuple[str, int] | None, at_least: int
    ) -> tuple[list[Envelope], tuple[str, int] | None]:
        """Events of one segment of the whole table, and the position to go on after, if any."""
        request: dict[str, Any] = {"TableName": self._table, "ConsistentRead": True}
        if segments > 1:
            request |= {"Segment": segment, "TotalSegments": segments}
        if after:
            request["ExclusiveStartKey"] = self._key(*after)
        found: list[Envelope] = []
        while True:
            answer = self._client.scan(**request)
            found += map(CODEC.to_envelope, answer["Items"])
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
            request["ExclusiveStartKey"] = place | self._key(*after)
        answer = self._client.query(**request)
        keys = [self._key(it["order_id"]["S"], int(it["version"]["N"])) for it in answer["Items"]]
        found = [
            CODEC.to_envelope(item)
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
