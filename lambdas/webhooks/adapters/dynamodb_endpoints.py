"""Partners' endpoints in DynamoDB, one item for each. The table's key encrypts their secrets."""

from typing import Any, cast

from botocore.exceptions import ClientError

from webhooks.ports import Endpoint

LONGEST_PAUSE = 900
"""Seconds: what waits meanwhile comes again as late as that at most."""
_MOST_FAILURES = 20


class DynamoDbEndpoints:
    """Implements ``webhooks.ports.Endpoints``. ``client`` is a botocore DynamoDB client."""

    def __init__(self, client: Any, table: str) -> None:
        self._client = client
        self._table = table

    def keep(self, partner: str, endpoint: Endpoint) -> None:
        """One put: nothing of the one before stays, its failures neither."""
        self._client.put_item(
            TableName=self._table,
            Item={
                "partner": {"S": partner},
                "url": {"S": endpoint.url},
                "secret": {"S": endpoint.secret},
            },
        )

    def of(self, partner: str) -> Endpoint | None:
        """One strongly consistent read."""
        answer = self._client.get_item(
            TableName=self._table, Key={"partner": {"S": partner}}, ConsistentRead=True
        )
        if "Item" not in answer:
            return None
        item = answer["Item"]
        paused_until = int(item["paused_until"]["N"]) if "paused_until" in item else 0
        return Endpoint(item["url"]["S"], item["secret"]["S"], paused_until)

    def remove(self, partner: str) -> None:
        """One delete."""
        self._client.delete_item(TableName=self._table, Key={"partner": {"S": partner}})

    def failed(self, partner: str, url: str, now: int) -> None:
        """Count it, and pause for twice as long as after the failure before."""
        counted = self._change(
            partner, url, "SET failures = if_not_exists(failures, :none) + :one", _count()
        )
        if counted is not None:
            failures = min(int(counted["failures"]["N"]), _MOST_FAILURES)
            until = now + min(LONGEST_PAUSE, 2**failures)
            self._change(partner, url, "SET paused_until = :until", {":until": {"N": str(until)}})

    def took(self, partner: str, url: str) -> None:
        """Its failures are past."""
        self._change(partner, url, "REMOVE failures, paused_until", {})

    def _change(
        self, partner: str, url: str, update: str, values: dict[str, Any]
    ) -> dict[str, Any] | None:
        """The item afterwards, unless it is gone or of another URL by now."""
        try:
            answer = self._client.update_item(
                TableName=self._table,
                Key={"partner": {"S": partner}},
                UpdateExpression=update,
                ConditionExpression="#url = :url",
                ExpressionAttributeNames={"#url": "url"},
                ExpressionAttributeValues={":url": {"S": url}, **values},
                ReturnValues="ALL_NEW",
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            return None
        return cast(dict[str, Any], answer["Attributes"])


def _count() -> dict[str, Any]:
    return {":none": {"N": "0"}, ":one": {"N": "1"}}
