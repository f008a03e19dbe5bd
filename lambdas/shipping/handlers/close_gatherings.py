"""The aggregator's deadline: closes gatherings whose time is up with the quotes that are there."""

from functools import cache
from typing import Any

import msgspec

from shared import aws, log
from shared.envelope import Envelope
from shared.parking import DeadLetters
from shared.queue_consumer import QueueConsumer, Unusable
from shipping import commands
from shipping.adapters.dynamodb_gatherings import DynamoDbGatherings
from shipping.domain.errors import UnusableAnswer
from shipping.handlers.forms import CloseGathering
from shipping.ports import Gatherings
from shipping.settings import for_aggregator


def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Close a batch of gatherings."""
    return _consumer().handle(event)


@cache
def _consumer() -> QueueConsumer:
    settings = for_aggregator()
    gatherings = DynamoDbGatherings(aws.client("dynamodb"), settings.gatherings_table)
    return QueueConsumer(
        lambda message: close(gatherings, message),
        DeadLetters(aws.client("sqs"), settings.dead_letters_url),
        settings.queue_attempts,
    )


def close(gatherings: Gatherings, message: Envelope) -> None:
    """Close one gathering unless it is closed already. Raises Unusable: there is none."""
    try:
        form = msgspec.convert(message.data, CloseGathering)
        closed = commands.close_gathering(gatherings, form.order_id, form.request_id)
    except (msgspec.ValidationError, UnusableAnswer) as unusable:
        raise Unusable(str(unusable)) from unusable
    if closed:
        log.info(
            "gathering closed at its deadline",
            order_id=form.order_id,
            correlation_id=message.correlation_id,
        )
        log.metric("GatheringsClosedAtDeadline", 1)
