"""What has been told, in DynamoDB: one item for each event, which names no customer and no order.

Items end by themselves, when nothing so old can come again.
"""

import time
from collections.abc import Callable
from typing import Any, cast

from botocore.exceptions import ClientError

from webhooks.ports import BeingSent

SENDING, WAITING, DELIVERED = "sending", "waiting", "delivered"
KEPT_SECONDS = 400 * 24 * 3600
"""Longer than the bus's archive has what could be replayed."""


class DynamoDbDeliveries:
    """Implements ``webhooks.ports.Deliveries``.

    The table's key is ``event_id`` (S). A claim lapses after ``claim_seconds``, which must not be
    less than a worker can live. ``client`` is a botocore DynamoDB client.
    """

    def __init__(
        self,
        client: Any,
        table: str,
        claim_seconds: int,
        seconds: Callable[[], float] = time.time,
    ) -> None:
        self._client = client
        self._table = table
        self._claim_seconds = claim_seconds
        self._seconds = seconds

    def claim(self, id: str, partner: str) -> bool:
        """One put on the condition that nobody has claimed it, or the claim has lapsed."""
        now = int(self._seconds())
        try:
            self._client.put_item(
                TableName=self._table,
                Item={
                    "event_id": {"S": id},
                    "partner": {"S": partner},
                    "status": {"S": SENDING},
                    "claimed_until": {"N": str(now + self._claim_seconds)},
                    "expires_at": {"N": str(now + KEPT_SECONDS)},
                },
                ConditionExpression=(
                    "attribute_not_exists(event_id) OR #status = :waiting"
                    " OR (#status = :sending AND claimed_until <= :now)"
                ),
                ExpressionAttributeNames={"#status": "status"},
                ExpressionAttributeValues={
                    ":waiting": {"S": WAITING},
                    ":sending": {"S": SENDING},
                    ":now": {"N": str(now)},
                },
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            if cast(dict[str, Any], error.response)["Item"]["status"]["S"] == SENDING:
                raise BeingSent(id) from error
            return False
        return True

    def settle(self, id: str) -> None:
        """Delivered for good: no claim lapses any more."""
        self._set(id, DELIVERED)

    def let_go(self, id: str) -> None:
        """The claim ends, and the next try need not wait for that."""
        self._set(id, WAITING)

    def _set(self, id: str, status: str) -> None:
        self._client.update_item(
            TableName=self._table,
            Key={"event_id": {"S": id}},
            UpdateExpression="SET #status = :status REMOVE claimed_until",
            ExpressionAttributeNames={"#status": "status"},
            ExpressionAttributeValues={":status": {"S": status}},
        )
