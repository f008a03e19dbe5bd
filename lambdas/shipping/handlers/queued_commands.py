"""GatherQuotes, BookShipment and CancelShipment from the queue.

GatherQuotes is answered when its aggregation is closed: see ``announce_quotes``.
"""

from collections.abc import Callable, Collection, Sequence
from typing import Any

import msgspec

from shared.messaging.bus import Bus
from shared.messaging.dead_letters import DeadLetters
from shared.messaging.envelope import Envelope, encode
from shared.messaging.queue_worker import CommandType, Outcome, QueueWorker
from shared.messaging.retries import Retries
from shared.runtime import aws, clock, configuration
from shared.runtime.environment import load
from shared.runtime.tracing.invocations import invocation
from shipping import commands
from shipping.adapters.carrier_list import carriers
from shipping.adapters.dynamodb_quote_aggregations import DynamoDbQuoteAggregations
from shipping.adapters.dynamodb_shipments import DynamoDbShipments
from shipping.adapters.lambda_carrier_api import LambdaCarrierApi
from shipping.adapters.quote_requests import SnsQuoteRequests
from shipping.adapters.sqs_deadlines import SqsDeadlines
from shipping.commands import Clock
from shipping.configuration import FLAGS, SETTINGS, asked
from shipping.domain.carriers import Carrier
from shipping.domain.quote_aggregation import QuoteAggregation
from shipping.domain.shipment import MessageContext
from shipping.environment import CommandEnvironment
from shipping.handlers import outcomes
from shipping.handlers.forms import BookShipment, CancelShipment, GatherQuotes
from shipping.ports import CarrierApi, Deadlines, QuoteAggregations, QuoteRequests, Shipments


@invocation
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Carry out a batch of commands."""
    return _worker(lambda: context.get_remaining_time_in_millis() / 1000).handle(event)


def _worker(seconds_left: Callable[[], float]) -> QueueWorker:
    environment = load(CommandEnvironment)
    dynamodb, sqs = aws.client("dynamodb"), aws.client("sqs")
    aggregations = DynamoDbQuoteAggregations(dynamodb, environment.gatherings_table)
    functions = msgspec.json.decode(environment.carrier_desks, type=dict[str, str])
    return QueueWorker(
        quote_commands(
            aggregations,
            SnsQuoteRequests(aws.client("sns"), environment.quote_requests_topic_arn),
            SqsDeadlines(sqs, environment.deadlines_url, _quote_deadline_seconds),
            list(carriers().values()),
            _may_be_asked,
        )
        | shipment_commands(
            DynamoDbShipments(dynamodb, environment.shipments_table),
            aggregations,
            # It tries again by itself while there is time.
            LambdaCarrierApi(aws.client_that_tries_once("lambda"), functions, seconds_left),
            clock.now,
        ),
        Bus(aws.client("events"), environment.bus_name, "shipping"),
        DeadLetters(sqs, environment.dead_letters_url),
        Retries(sqs, environment.queue_url, environment.queue_attempts),
    )


def _quote_deadline_seconds() -> int:
    return configuration.current(SETTINGS).quote_deadline_seconds


def _may_be_asked() -> Collection[str]:
    return asked(configuration.current(SETTINGS), configuration.current(FLAGS))


def quote_commands(
    aggregations: QuoteAggregations,
    requests: QuoteRequests,
    deadlines: Deadlines,
    carrier_list: Sequence[Carrier],
    may_be_asked: Callable[[], Collection[str]],
) -> dict[str, CommandType[Any]]:
    """The command that asks carriers."""

    def gather(form: GatherQuotes, message: Envelope) -> Outcome | None:
        begun = QuoteAggregation.begin(
            carrier_list,
            may_be_asked(),
            form.order_id,
            message.event_id,
            encode(message).decode(),
            form.parcel,
            form.currency,
        )
        aggregation = commands.gather_quotes(aggregations, requests, deadlines, begun)
        return outcomes.of_aggregation(aggregation) if aggregation.is_closed else None

    return {"GatherQuotes": CommandType(GatherQuotes, gather)}


def shipment_commands(
    shipments: Shipments, aggregations: QuoteAggregations, carriers: CarrierApi, now: Clock
) -> dict[str, CommandType[Any]]:
    """The commands that book and cancel."""

    def book(form: BookShipment, message: Envelope) -> Outcome:
        asked = commands.BookShipment(
            form.order_id, form.carrier, form.quote_id, form.parcel, _context_of(message)
        )
        return outcomes.of_booking(
            commands.book_shipment(shipments, aggregations, carriers, now, asked)
        )

    def cancel(form: CancelShipment, message: Envelope) -> Outcome:
        asked = commands.CancelShipment(form.order_id, _context_of(message))
        return outcomes.of_cancellation(commands.cancel_shipment(shipments, carriers, asked))

    return {
        "BookShipment": CommandType(BookShipment, book),
        "CancelShipment": CommandType(CancelShipment, cancel),
    }


def _context_of(message: Envelope) -> MessageContext:
    return MessageContext(message.correlation_id, message.traceparent)
