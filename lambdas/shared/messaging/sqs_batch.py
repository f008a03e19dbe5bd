"""A batch of SQS records as Lambda hands it over, and the answer that it expects."""

from collections.abc import Callable, Mapping
from typing import Any

from shared.messaging.retries import Retries
from shared.runtime import log


def settle_each(
    event: Mapping[str, Any], settled: Callable[[Mapping[str, Any]], bool], retries: Retries
) -> dict[str, Any]:
    """Settle every record; one that cannot be settled now gets another try.

    The tries are given only when the whole batch has been gone through: if a record kills the
    worker, all of them come again as they were, and none of them twice. Whatever one record raises
    reaches no other: it comes again by itself, until SQS puts it with the dead letters.
    """
    failed, lost = [], []
    for record in event["Records"]:
        try:
            if not settled(record):
                failed.append(record)
        except Exception as error:
            log.error(
                "record not settled", message_id=record["messageId"], error=type(error).__name__
            )
            lost.append(record)
    lost += [record for record in failed if not retries.send_again(record)]
    return {"batchItemFailures": [{"itemIdentifier": record["messageId"]} for record in lost]}
