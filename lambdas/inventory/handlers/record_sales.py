"""Hears OrderConfirmed on the bus: the order's reservation becomes a sale and never expires."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import msgspec

from inventory.adapters.dynamodb_warehouse import DynamoDbWarehouse
from inventory.commands import record_sale
from inventory.domain.errors import NothingReserved
from inventory.settings import for_sales
from shared import aws, log
from shared.envelope import Envelope, decode
from shared.parking import DeadLetters
from shared.retries import Retries
from shared.sqs_batch import settle_each

PARKED_BY = "record-sales"


def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Record a batch of sales; the answer names those that must come again."""
    settings = for_sales()
    warehouse = _warehouse()
    sqs = aws.client("sqs")
    return record_sales(
        event,
        lambda order_id: record_sale(warehouse, order_id),
        DeadLetters(sqs, settings.dead_letters_url),
        Retries(sqs, settings.queue_url, settings.queue_attempts),
    )


@cache
def _warehouse() -> DynamoDbWarehouse:
    settings = for_sales()
    return DynamoDbWarehouse(
        aws.client("dynamodb"), settings.stock_table, settings.reservations_table
    )


def record_sales(
    event: Mapping[str, Any],
    record: Callable[[str], object],
    dead_letters: DeadLetters,
    retries: Retries,
) -> dict[str, Any]:
    """Record every sale that can be; what can never be is parked with its reason."""

    def settled(message: Mapping[str, Any]) -> bool:
        try:
            confirmed = decode(message["body"])
        except msgspec.DecodeError as malformed:
            dead_letters.park(message["body"], f"not an event: {malformed}", PARKED_BY)
            return True
        try:
            _record_one(confirmed, record)
        except Exception as error:
            _say_that_it_failed(confirmed, error)
            if not retries.are_used_up(message):
                return False
            dead_letters.park(message["body"], f"{type(error).__name__}: {error}", PARKED_BY)
        return True

    return settle_each(event, settled, retries)


def _record_one(confirmed: Envelope, record: Callable[[str], object]) -> None:
    if confirmed.type != "OrderConfirmed" or confirmed.schema_version > 1:
        raise ValueError(f"{confirmed.type} of version {confirmed.schema_version} is no sale here")
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


def _say_that_it_failed(confirmed: Envelope, error: Exception) -> None:
    log.error(
        "sale not recorded",
        order_id=confirmed.aggregate_id,
        error=f"{type(error).__name__}: {error}",
        correlation_id=confirmed.correlation_id,
    )
