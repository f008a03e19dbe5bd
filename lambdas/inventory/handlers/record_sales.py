"""Hears OrderConfirmed on the bus: the order's reservation becomes a sale and never expires."""

from collections.abc import Callable
from functools import cache, partial
from typing import Any

from inventory.adapters.dynamodb_warehouse import DynamoDbWarehouse
from inventory.commands import RecordSale, record_sale
from inventory.domain.errors import NothingReserved
from inventory.environment import SaleEnvironment
from shared.messaging.bus_messages import from_bus, sources
from shared.messaging.dead_letters import DeadLetters
from shared.messaging.envelope import Envelope
from shared.messaging.queue_consumer import QueueConsumer, Unusable
from shared.messaging.retries import Retries
from shared.runtime import aws, log
from shared.runtime.environment import load
from shared.runtime.tracing.invocations import invocation

SCHEMA_VERSION = 1


@invocation
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Record a batch of sales; the answer names those that must come again."""
    return _consumer().handle(event)


@cache
def _consumer() -> QueueConsumer:
    environment, sqs = load(SaleEnvironment), aws.client("sqs")
    warehouse = DynamoDbWarehouse(
        aws.client("dynamodb"), environment.stock_table, environment.reservations_table
    )
    return QueueConsumer(
        partial(record_confirmed, lambda order_id: record_sale(warehouse, RecordSale(order_id))),
        DeadLetters(sqs, environment.dead_letters_url),
        Retries(sqs, environment.queue_url, environment.queue_attempts),
        from_bus(sources(environment.message_sources)),
    )


def record_confirmed(record: Callable[[str], object], confirmed: Envelope) -> None:
    """Record one sale, if anything was reserved for the order. Raises Unusable: it is no sale."""
    if confirmed.type != "OrderConfirmed" or confirmed.schema_version > SCHEMA_VERSION:
        raise Unusable(f"{confirmed.type} of version {confirmed.schema_version} is no sale here")
    try:
        record(confirmed.aggregate_id)
    except NothingReserved:
        # Confirmed by hand, or before inventory was there: no piece can be counted as sold.
        log.warning("sale without a reservation", order_id=confirmed.aggregate_id)
        log.metric("SalesWithoutReservation", 1)
        return
    log.info(
        "sale recorded",
        order_id=confirmed.aggregate_id,
        correlation_id=confirmed.correlation_id,
    )
