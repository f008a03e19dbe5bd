"""From the bus to the table: a batch of messages is kept for a day."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from console.adapters.dynamodb_activity import DynamoDbActivity
from console.commands import recording
from console.domain.activity import Activity
from console.environment import RecorderEnvironment
from console.ports import Messages, Orders
from shared.messaging.bus_messages import from_anybody
from shared.messaging.dead_letters import DeadLetters
from shared.messaging.queue_consumer import Unusable
from shared.messaging.retries import Retries
from shared.messaging.sqs_batch import settle_each
from shared.runtime import aws, clock, log
from shared.runtime.environment import load
from shared.runtime.tracing.invocations import invocation

Record = Mapping[str, Any]


@invocation
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Keep a batch; the answer names those that must come again."""
    return _recorder().handle(event)


@cache
def _recorder() -> "Recorder":
    environment, sqs = load(RecorderEnvironment), aws.client("sqs")
    activity = DynamoDbActivity(aws.client("dynamodb"), environment.activity_table)
    return Recorder(
        activity,
        activity,
        DeadLetters(sqs, environment.dead_letters_url),
        Retries(sqs, environment.queue_url, environment.queue_attempts),
    )


class Recorder:
    """Keeps what it can read in as few calls as it can."""

    def __init__(
        self, messages: Messages, orders: Orders, dead_letters: DeadLetters, retries: Retries
    ) -> None:
        self._messages = messages
        self._orders = orders
        self._dead_letters = dead_letters
        self._retries = retries

    def handle(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """Keep a batch of SQS records; the answer names those that must come again."""
        recorded_at = clock.now()
        read: dict[str, Activity] = {}
        unreadable: dict[str, str] = {}
        for record in event["Records"]:
            try:
                service, message = from_anybody(record["body"])
            except Unusable as reason:
                unreadable[record["messageId"]] = str(reason)
            else:
                activity = recording.activity_of(service, message, recorded_at)
                read[record["messageId"]] = activity
        stored = self._is_stored(list(read.values()))

        def settled(record: Record) -> bool:
            its_id = record["messageId"]
            if its_id in unreadable:
                return self._park(record, unreadable[its_id])
            # What holds the others up is found by keeping each alone.
            if stored or self._is_stored([read[its_id]]):
                return True
            if not self._retries.are_used_up(record):
                return False
            return self._park(record, "it could not be kept")

        return settle_each(event, settled, self._retries)

    def _is_stored(self, activities: Sequence[Activity]) -> bool:
        try:
            recording.record(self._messages, self._orders, activities)
        except Exception as error:
            log.error(
                "activity not kept",
                error=type(error).__name__,
                code=getattr(error, "response", {}).get("Error", {}).get("Code"),
                messages=len(activities),
            )
            return False
        return True

    def _park(self, record: Record, reason: str) -> bool:
        self._dead_letters.park(record["body"], reason, "console-recorder")
        return True
