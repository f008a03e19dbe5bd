"""The aggregator: takes carriers' answers from the reply queue, and closes what is complete."""

from datetime import timedelta
from typing import Any

import msgspec

from shared.messaging.envelope import Envelope
from shared.runtime import clock, log
from shared.runtime.tracing.invocations import invocation
from shipping import commands
from shipping.domain.errors import UnusableAnswer
from shipping.domain.quote_aggregation import Quote
from shipping.handlers.aggregator import consumer
from shipping.handlers.forms import QuoteOffered
from shipping.ports import QuoteAggregations, Reception

LONGEST_OFFER = timedelta(days=366)
"""No carrier holds a price for longer."""


@invocation
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Take a batch of answers."""
    return consumer(take).handle(event)


def take(aggregations: QuoteAggregations, message: Envelope) -> None:
    """Record one answer; what came late or twice is counted and nothing else.

    Raises:
        UnusableAnswer: it is no answer to anything that this carrier was asked.
    """
    if message.type != "QuoteOffered":
        raise UnusableAnswer(f"carriers answer with QuoteOffered, not {message.type[:64]!r}")
    answer = msgspec.convert(message.data, QuoteOffered)
    reception = commands.take_answer(
        aggregations, commands.TakeAnswer(answer.order_id, answer.request_id, _quote(answer))
    )
    log.info(
        "quote received",
        carrier=answer.carrier,
        reception=reception,
        order_id=answer.order_id,
        correlation_id=message.correlation_id,
    )
    if reception is not Reception.RECORDED:
        log.metric("QuotesIgnored", 1, carrier=answer.carrier, reception=reception)


def _quote(answer: QuoteOffered) -> Quote:
    try:
        moment = clock.parse_time_near(answer.valid_until, past=None, future=LONGEST_OFFER)
    except ValueError as implausible:
        raise UnusableAnswer(
            f"valid_until is not an RFC 3339 time within {LONGEST_OFFER.days} days"
        ) from implausible
    return Quote(
        carrier=answer.carrier,
        quote_id=answer.quote_id,
        price=answer.price,
        currency=answer.currency,
        promised_days=answer.promised_days,
        valid_until=clock.format_time(moment),
    )
