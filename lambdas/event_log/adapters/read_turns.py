"""Whose turn it is to read the log for operators: one item, written on a condition before a read.

Reserved concurrency would do it on AWS alone, and would raise the alarm on throttled functions
whenever two operators look at the same time.
"""

import time
from collections.abc import Callable
from typing import Any, cast

from botocore.exceptions import ClientError

BETWEEN_MS = 2000
"""Milliseconds from one read to the next, in all: a tenth of what a shard gives, if it has one."""
WRONG_CLOCK_MS = 30_000
"""A turn that ends later than this was taken by a clock that is wrong, and holds nobody up."""
_ITEM = {"id": {"S": "log"}}


class ReadTurns:
    """The table's key is ``id`` (S). ``client`` is a botocore DynamoDB client.

    ``seconds`` is the time since the epoch.
    """

    def __init__(
        self, client: Any, table_name: str, seconds: Callable[[], float] = time.time
    ) -> None:
        self._client = client
        self._table = table_name
        self._seconds = seconds

    def take(self) -> int:
        """0 if the turn is the caller's, for BETWEEN_MS; else the milliseconds until it is free."""
        now = int(self._seconds() * 1000)
        try:
            self._client.put_item(
                TableName=self._table,
                Item={**_ITEM, "free_at": {"N": str(now + BETWEEN_MS)}},
                ConditionExpression="attribute_not_exists(id) OR free_at <= :now OR free_at > :far",
                ExpressionAttributeValues={
                    ":now": {"N": str(now)},
                    ":far": {"N": str(now + WRONG_CLOCK_MS)},
                },
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            taken = cast(dict[str, Any], error.response)["Item"]
            return max(1, int(taken["free_at"]["N"]) - now)
        return 0
