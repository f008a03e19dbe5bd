"""The event store on DynamoDB: one item for each event, appended if its version is free."""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, Generic, cast

from botocore.exceptions import ClientError

from shared.event_sourcing.event_codec import EventCodec, Item
from shared.event_sourcing.recorded import AnotherRegionWrites, EventT, RecordedEvent, VersionTaken
from shared.messaging.envelope import Envelope
from shared.runtime.dynamodb_pages import every_item

Key = dict[str, dict[str, str]]
REFUSED_BY_TABLE = "explicit deny in a resource-based policy"
"""How IAM's message says that the table refuses; a permission that is missing reads otherwise."""


class DynamoDbEventStore(Generic[EventT]):
    """Implements ``recorded.EventStore``.

    The table's key is the codec's ``id_name`` (S) and ``version`` (N). ``client`` is a botocore
    DynamoDB client.
    """

    def __init__(self, client: Any, table_name: str, codec: EventCodec[EventT]) -> None:
        self._client = client
        self._table = table_name
        self._codec = codec

    def append(self, recorded: RecordedEvent[EventT]) -> None:
        """One put on the condition that the version is free.

        Raises:
            VersionTaken: another event has it.
            AnotherRegionWrites: the table's own policy refuses, whatever the caller may.
        """
        try:
            self._client.put_item(
                TableName=self._table,
                Item=self._codec.to_item(recorded),
                ConditionExpression=f"attribute_not_exists({self._codec.id_name})",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except ClientError as error:
            code, message = error.response["Error"]["Code"], error.response["Error"]["Message"]
            if code == "AccessDeniedException" and REFUSED_BY_TABLE in message:
                raise AnotherRegionWrites from error
            if code != "ConditionalCheckFailedException":
                raise
            existing = self._codec.from_item(cast(dict[str, Any], error.response)["Item"])
            # The client itself retries a put whose answer was lost: then it meets its own event.
            if existing.command == recorded.command:
                return
            raise VersionTaken(existing) from error

    def history(self, aggregate_id: str) -> Sequence[RecordedEvent[EventT]]:
        """Every event of an aggregate, by version."""
        read = self._codec.from_item
        return [read(item) for item in self._items(aggregate_id, after_version=0)]

    def first(self, aggregate_id: str) -> RecordedEvent[EventT] | None:
        """The aggregate's first event, if there is one."""
        answer = self._client.get_item(
            TableName=self._table, Key=self._key(aggregate_id, 1), ConsistentRead=True
        )
        return self._codec.from_item(answer["Item"]) if "Item" in answer else None

    def envelopes(self, aggregate_id: str, after_version: int, limit: int) -> list[Envelope]:
        """Up to ``limit`` events after a version, in the form that the log carries."""
        return list(islice(self.following(aggregate_id, after_version, limit), limit))

    def following(self, aggregate_id: str, after_version: int, page: int) -> Iterator[Envelope]:
        """The events after a version, as they are asked for; ``page`` are read at once."""
        return map(self._codec.to_envelope, self._items(aggregate_id, after_version, page))

    def _items(
        self, aggregate_id: str, after_version: int, limit: int | None = None
    ) -> Iterator[Item]:
        page: dict[str, Any] = {"Limit": limit} if limit else {}
        return every_item(
            self._client,
            TableName=self._table,
            KeyConditionExpression=f"{self._codec.id_name} = :id AND version > :after",
            ExpressionAttributeValues={
                ":id": {"S": aggregate_id},
                ":after": {"N": str(after_version)},
            },
            ConsistentRead=True,
            **page,
        )

    def _key(self, aggregate_id: str, version: int) -> Key:
        return {self._codec.id_name: {"S": aggregate_id}, "version": {"N": str(version)}}
