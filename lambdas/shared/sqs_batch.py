"""A batch of SQS records as Lambda hands it over, and the answer that it expects."""

from collections.abc import Callable, Mapping
from typing import Any


def settle_each(
    event: Mapping[str, Any], settled: Callable[[Mapping[str, Any]], bool]
) -> dict[str, Any]:
    """Settle every record; the answer names those that must come again."""
    failed = [
        {"itemIdentifier": record["messageId"]}
        for record in event["Records"]
        if not settled(record)
    ]
    return {"batchItemFailures": failed}
