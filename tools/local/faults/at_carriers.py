"""What goes wrong at a carrier: it says nothing, or it is slow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tools.local.faults.deployed import Deployed

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_sqs import SQSClient

CARRIERS = ("tern-post", "aquila-express", "heron-freight")
SLOW_SECONDS = 6
"""Less than the deadline by which quotes must be there."""


class SilentCarrier:
    """The carrier's simulator takes requests for quotes and answers none."""

    choices = CARRIERS

    def __init__(self, deployed: Deployed) -> None:
        self._deployed = deployed

    def cause(self, choice: str) -> None:
        """It says nothing, until it is undone."""
        self._dynamodb.put_item(
            TableName=self._desk, Item={**_key(choice), "answers": {"S": "never"}}
        )

    def undo(self) -> None:
        """It behaves as ever."""
        for carrier in CARRIERS:
            self._dynamodb.delete_item(TableName=self._desk, Key=_key(carrier))

    def effect(self) -> str:
        """What its simulator reads for each request."""
        return ", ".join(f"{it} answers {self._answers(it)}" for it in CARRIERS)

    def _answers(self, carrier: str) -> str:
        item = self._dynamodb.get_item(
            TableName=self._desk, Key=_key(carrier), ConsistentRead=True
        ).get("Item", {})
        return item.get("answers", {"S": "promptly"})["S"]

    @property
    def _dynamodb(self) -> DynamoDBClient:
        return self._deployed.cloud.client("dynamodb")

    @property
    def _desk(self) -> str:
        return self._deployed.named("shipping", "tables", "CarrierDesk")


class SlowCarrier:
    """The queue of requests to the carrier hands each one out late."""

    choices = CARRIERS

    def __init__(self, deployed: Deployed) -> None:
        self._deployed = deployed

    def cause(self, choice: str) -> None:
        """Requests reach it so many seconds late, until it is undone."""
        self._delay(choice, SLOW_SECONDS)

    def undo(self) -> None:
        """Requests reach it at once."""
        for carrier in CARRIERS:
            self._delay(carrier, 0)

    def effect(self) -> str:
        """How late the queue hands them out."""
        late = ", ".join(f"{it} {self._delay_of(it)} s" for it in CARRIERS)
        return f"requests are handed out late: {late}"

    def _delay_of(self, carrier: str) -> str:
        found = self._sqs.get_queue_attributes(
            QueueUrl=self._queue(carrier), AttributeNames=["DelaySeconds"]
        )
        return found["Attributes"]["DelaySeconds"]

    def _delay(self, carrier: str, seconds: int) -> None:
        self._sqs.set_queue_attributes(
            QueueUrl=self._queue(carrier), Attributes={"DelaySeconds": str(seconds)}
        )

    @property
    def _sqs(self) -> SQSClient:
        return self._deployed.cloud.client("sqs")

    def _queue(self, carrier: str) -> str:
        name = "".join(part.capitalize() for part in carrier.split("-"))
        return self._deployed.named("shipping", "queues", f"{name}Requests")


def _key(carrier: str) -> dict[str, dict[str, str]]:
    return {"carrier": {"S": carrier}, "record": {"S": "behaviour"}}
