"""The aggregator: takes carriers' answers from the reply queue, and closes what is complete."""

from functools import cache
from typing import Any

import msgspec

from shared import aws, clock, log
from shared.envelope import Envelope
from shared.parking import DeadLetters
from shared.queue_consumer import QueueConsumer, Unusable
from shipping import commands
from shipping.adapters.dynamodb_gatherings import DynamoDbGatherings
from shipping.domain.errors import UnusableAnswer
from shipping.domain.gathering import Quote
from shipping.handlers.forms import QuoteOffered
from shipping.ports import Gatherings, Reception
from shipping.settings import for_aggregator


def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Take a batch of answers."""
    return _consumer().handle(event)


@cache
def _consumer() -> QueueConsumer:
    settings = for_aggregator()
    gatherings = DynamoDbGatherings(aws.client("dynamodb"), settings.gatherings_table)
    return QueueConsumer(
        lambda message: take(gatherings, message),
        DeadLetters(aws.client("sqs"), settings.dead_letters_url),
        settings.queue_attempts,
    )


def take(gatherings: Gatherings, message: Envelope) -> None:
    """Record one answer; what came late or twice is counted and nothing else.

    Raises:
        Unusable: it is no answer to anything that this carrier was asked.
    """
    if message.type != "QuoteOffered":
        raise Unusable(f"carriers answer with QuoteOffered, not {message.type[:64]!r}")
    try:
        answer = msgspec.convert(message.data, QuoteOffered)
        reception = commands.take_answer(
            gatherings, answer.order_id, answer.request_id, _quote(answer)
        )
    except (msgspec.ValidationError, UnusableAnswer) as unusable:
        raise Unusable(str(unusable)) from unusable
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
        valid_until = clock.format_time(clock.parse_time(answer.valid_until))
    except (ValueError, OverflowError) as malformed:
        raise UnusableAnswer("valid_until is not an RFC 3339 time") from malformed
    return Quote(
        carrier=answer.carrier,
        quote_id=answer.quote_id,
        price=answer.price,
        currency=answer.currency,
        promised_days=answer.promised_days,
        valid_until=valid_until,
    )
