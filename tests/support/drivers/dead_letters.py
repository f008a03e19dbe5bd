"""Everything that waits with a queue's dead letters, however much other tests have left there."""

from __future__ import annotations

from tools.base.endpoint import Cloud

HIDDEN_SECONDS = 3600
_read: dict[str, dict[str, str]] = {}


def dead_letters(cloud: Cloud, queue_url: str) -> dict[str, str]:
    """Reasons by body. Ten come at a time: what was read is remembered, and hidden meanwhile."""
    letters = _read.setdefault(queue_url, {})
    while messages := (
        cloud.client("sqs")
        .receive_message(
            QueueUrl=queue_url,
            MaxNumberOfMessages=10,
            MessageAttributeNames=["All"],
            VisibilityTimeout=HIDDEN_SECONDS,
        )
        .get("Messages")
    ):
        for message in messages:
            attributes = message.get("MessageAttributes") or {}
            parked_by_hand = "reason" in attributes
            letters[message["Body"]] = attributes["reason"]["StringValue"] if parked_by_hand else ""
    return letters
