"""The ledger on DynamoDB: one item for each event that concerns a customer."""

import time
from collections.abc import Callable, Sequence
from typing import Any, cast

from botocore.exceptions import ClientError

from notifications.domain.messages import Notification
from notifications.ports import BeingSent, Told
from shared.runtime import clock
from shared.runtime.dynamodb_batches import read_items

SENDING = "sending"


class DynamoDbLedger:
    """Implements ``notifications.ports.Ledger``.

    The table's key is ``event_id`` (S). A claim lapses after ``claim_seconds``, which must not be
    less than a worker can live. ``client`` is a botocore DynamoDB client.
    """

    def __init__(
        self,
        client: Any,
        table_name: str,
        claim_seconds: int,
        seconds: Callable[[], float] = time.time,
    ) -> None:
        self._client = client
        self._table = table_name
        self._claim_seconds = claim_seconds
        self._seconds = seconds

    def claim(self, notification: Notification) -> bool:
        """One put on the condition that nobody has claimed it, or the claim has lapsed."""
        now = int(self._seconds())
        try:
            self._client.put_item(
                TableName=self._table,
                Item={
                    "event_id": {"S": notification.event_id},
                    "customer_id": {"S": notification.customer_id},
                    "template": {"S": notification.template},
                    "status": {"S": SENDING},
                    "claimed_until": {"N": str(now + self._claim_seconds)},
                },
                ConditionExpression=(
                    "attribute_not_exists(event_id)"
                    " OR (#status = :sending AND claimed_until <= :now)"
                ),
                ExpressionAttributeNames={"#status": "status"},
                ExpressionAttributeValues={":sending": {"S": SENDING}, ":now": {"N": str(now)}},
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            if cast(dict[str, Any], error.response)["Item"]["status"]["S"] == SENDING:
                raise BeingSent(notification.event_id) from error
            return False
        return True

    def settle(self, notification: Notification, how: str) -> None:
        """Settled for good: no claim lapses any more."""
        self._client.update_item(
            TableName=self._table,
            Key={"event_id": {"S": notification.event_id}},
            UpdateExpression="SET #status = :how, settled_at = :now REMOVE claimed_until",
            ExpressionAttributeNames={"#status": "status"},
            ExpressionAttributeValues={":how": {"S": how}, ":now": {"S": clock.now()}},
        )

    def told(self, event_ids: Sequence[str]) -> list[Told]:
        """Those of these events that a customer was told about, or is being told."""
        keys = [{"event_id": {"S": it}} for it in dict.fromkeys(event_ids)]
        return [
            Told(
                item["event_id"]["S"],
                item["template"]["S"],
                item["status"]["S"],
                item["settled_at"]["S"] if "settled_at" in item else None,
            )
            for item in read_items(self._client, self._table, keys)
        ]
