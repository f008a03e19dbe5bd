"""The aggregator's deadline: closes gatherings whose time is up with the quotes that are there."""

from typing import Any

import msgspec

from shared.messaging.envelope import Envelope
from shared.runtime import log
from shipping import commands
from shipping.handlers.aggregator import consumer
from shipping.handlers.forms import CloseGathering
from shipping.ports import Gatherings


def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Close a batch of gatherings."""
    return consumer(close).handle(event)


def close(gatherings: Gatherings, message: Envelope) -> None:
    """Close one gathering unless it is closed already. Raises UnusableAnswer: there is none."""
    form = msgspec.convert(message.data, CloseGathering)
    closed = commands.close_gathering(
        gatherings, commands.CloseGathering(form.order_id, form.request_id)
    )
    log.info(
        "gathering closed at its deadline"
        if closed
        else "gathering was closed before its deadline",
        order_id=form.order_id,
        correlation_id=message.correlation_id,
    )
    if closed:
        log.metric("GatheringsClosedAtDeadline", 1)
