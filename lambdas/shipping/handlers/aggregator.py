"""How the aggregator works through its two queues: answers and deadlines of aggregations."""

from collections.abc import Callable
from functools import cache

import msgspec

from shared.messaging.dead_letters import DeadLetters
from shared.messaging.envelope import Envelope
from shared.messaging.queue_consumer import QueueConsumer, Unusable
from shared.messaging.retries import Retries
from shared.runtime import aws
from shared.runtime.environment import load
from shipping.adapters.dynamodb_quote_aggregations import DynamoDbQuoteAggregations
from shipping.domain.errors import UnusableAnswer
from shipping.environment import AggregatorEnvironment
from shipping.ports import QuoteAggregations

Take = Callable[[QuoteAggregations, Envelope], None]


@cache
def consumer(take: Take) -> QueueConsumer:
    """A queue's consumer that takes each message; what fits no aggregation is parked at once.

    ``take`` raises msgspec.ValidationError or UnusableAnswer for such a message.
    """
    environment = load(AggregatorEnvironment)
    aggregations = DynamoDbQuoteAggregations(aws.client("dynamodb"), environment.gatherings_table)

    def consume(message: Envelope) -> None:
        try:
            take(aggregations, message)
        except (msgspec.ValidationError, UnusableAnswer) as unusable:
            raise Unusable(str(unusable)) from unusable

    sqs = aws.client("sqs")
    return QueueConsumer(
        consume,
        DeadLetters(sqs, environment.dead_letters_url),
        Retries(sqs, environment.queue_url, environment.queue_attempts),
    )
