"""Claims in the table of activity: an item for each subject that operators have changed lately."""

from typing import Any

from botocore.exceptions import ClientError

from console.adapters.dynamodb_activity import KEY, ONE, SORT
from console.ports import LONG_AGO
from shared.runtime import clock

KEPT_SECONDS = 86_400


class DynamoDbClaims:
    """Implements ``console.ports.Claims``. ``client`` is a botocore DynamoDB client.

    ``busy_until`` is when the last change ended, or until when it may be at work. Times that are
    written alike sort as texts.
    """

    def __init__(self, client: Any, table: str) -> None:
        self._client = client
        self._table = table

    def claim(self, subject: str, *, planned_before: str, until: str) -> str | None:
        """A conditional put: of two at once, one succeeds."""
        return self._put(
            subject, until, "attribute_not_exists(kept_in) OR busy_until <= :seen", planned_before
        )

    def end(self, subject: str, *, until: str, ended_at: str) -> None:
        """Nothing, if somebody else has it by now."""
        self._put(subject, ended_at, "busy_until = :seen", until)

    def _put(self, subject: str, busy_until: str, condition: str, seen: str) -> str | None:
        """What stood there before; None if the condition does not hold."""
        ends = int(clock.parse_time(busy_until).timestamp()) + KEPT_SECONDS
        item = {
            KEY: {"S": f"change#{subject}"},
            SORT: {"S": ONE},
            "busy_until": {"S": busy_until},
            "expires_at": {"N": str(ends)},
        }
        try:
            before = self._client.put_item(
                TableName=self._table,
                Item=item,
                ConditionExpression=condition,
                ExpressionAttributeValues={":seen": {"S": seen}},
                ReturnValues="ALL_OLD",
            ).get("Attributes")
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            return None
        return str(before["busy_until"]["S"]) if before else LONG_AGO
