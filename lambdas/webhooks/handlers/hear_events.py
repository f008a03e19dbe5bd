"""Hears on the bus what becomes of orders, and tells partners; forgets who is forgotten."""

from datetime import UTC, datetime
from functools import cache
from typing import Any

import msgspec

from orders_language.history import OrderHistory
from shared.messaging.bus_messages import from_bus, sources
from shared.messaging.dead_letters import DeadLetters
from shared.messaging.envelope import Envelope
from shared.messaging.queue_consumer import QueueConsumer, Unusable
from shared.messaging.retries import Retries
from shared.runtime import aws, log
from shared.runtime.environment import load
from shared.runtime.patterns import is_uuid
from shared.runtime.tracing.invocations import invocation
from webhooks.adapters.dynamodb_customers import DynamoDbCustomers
from webhooks.adapters.dynamodb_deliveries import DynamoDbDeliveries
from webhooks.adapters.dynamodb_endpoints import LONGEST_PAUSE, DynamoDbEndpoints
from webhooks.adapters.https_receivers import HttpsReceivers
from webhooks.adapters.orders_history import OrdersHistory
from webhooks.commands import Telling
from webhooks.domain.notices import TOLD, Notice
from webhooks.environment import HearingEnvironment, ReceiversEnvironment
from webhooks.ports import Customers, GivenUp, Orders

SECONDS = 10.0
"""For one call of a receiver."""


@invocation
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Work through a batch; the answer names the messages that must come again."""
    return _consumer().handle(event)


@cache
def _consumer() -> QueueConsumer:
    environment, sqs = load(HearingEnvironment), aws.client("sqs")
    dynamodb = aws.client("dynamodb")
    customers = DynamoDbCustomers(dynamodb, environment.customers_table)
    hearing = Hearing(
        Telling(
            DynamoDbEndpoints(dynamodb, environment.endpoints_table),
            customers,
            DynamoDbDeliveries(dynamodb, environment.deliveries_table, environment.claim_seconds),
            HttpsReceivers(load(ReceiversEnvironment).authority, SECONDS),
            lambda: datetime.now(UTC),
        ),
        customers,
        # Not patient: orders reads an item or two. What takes longer comes again by the queue.
        OrdersHistory(OrderHistory(aws.client("lambda"), environment.read_events_arn)),
    )
    return QueueConsumer(
        hearing.hear,
        DeadLetters(sqs, environment.dead_letters_url),
        Retries(sqs, environment.queue_url, environment.queue_attempts, LONGEST_PAUSE),
        from_bus(sources(environment.message_sources)),
    )


class CustomerForgotten(msgspec.Struct, frozen=True):
    """What the message says."""

    customer_id: str


class Hearing:
    """Everything that one message needs."""

    def __init__(self, telling: Telling, customers: Customers, orders: Orders) -> None:
        self._telling = telling
        self._customers = customers
        self._orders = orders

    def hear(self, event: Envelope) -> None:
        """Tell whoever is to be told of one event, or forget somebody.

        Raises:
            Unusable: the event is not what its type promises, or its receiver is given up.
            Paused, NotTaken, BeingSent, Unavailable: it must come again.
        """
        if event.type == "CustomerForgotten":
            self._forget(event)
        else:
            self._tell(event)

    def _tell(self, event: Envelope) -> None:
        if event.type not in TOLD or event.version is None:
            raise Unusable(f"no partner is told of {event.type}")
        order_id = event.aggregate_id
        customer_id = event.data.get("customer_id") or self._orders.customer_of(order_id)
        if not isinstance(customer_id, str) or not is_uuid(customer_id):
            raise Unusable(f"there is no customer of order {order_id}")
        notice = Notice(
            event.event_id, TOLD[event.type], order_id, event.version, event.occurred_at
        )
        try:
            how = self._telling.tell(notice, customer_id)
        except GivenUp as given_up:
            log.metric("Webhooks", 1, how="given-up")
            raise Unusable("for a day the partner's receiver has not taken it") from given_up
        log.info("partner told", how=how, order_id=order_id, correlation_id=event.correlation_id)
        log.metric("Webhooks", 1, how=how)

    def _forget(self, event: Envelope) -> None:
        try:
            forgotten = msgspec.convert(event.data, CustomerForgotten)
        except msgspec.ValidationError as error:
            raise Unusable(str(error)) from error
        self._customers.forget(forgotten.customer_id)
