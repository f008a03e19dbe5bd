"""The aggregator's deadline: closes an aggregation whose time is up with the quotes it has."""

from typing import Any

import msgspec

from shared.messaging.envelope import Envelope
from shared.runtime import log
from shared.runtime.tracing.invocations import invocation
from shipping import commands
from shipping.handlers.aggregator import consumer
from shipping.handlers.forms import CloseGathering
from shipping.ports import QuoteAggregations


@invocation
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Close a batch of aggregations."""
    return consumer(close).handle(event)


def close(aggregations: QuoteAggregations, message: Envelope) -> None:
    """Close one aggregation unless it is closed already. Raises UnusableAnswer: there is none."""
    form = msgspec.convert(message.data, CloseGathering)
    closed = commands.close_aggregation(
        aggregations, commands.CloseAggregation(form.order_id, form.request_id)
    )
    log.info(
        "aggregation closed at its deadline"
        if closed
        else "aggregation was closed before its deadline",
        order_id=form.order_id,
        correlation_id=message.correlation_id,
    )
    if closed:
        log.metric("GatheringsClosedAtDeadline", 1)
