"""ReserveStock and ReleaseStock from the queue; every command is answered on the bus."""

from collections.abc import Callable
from functools import cache
from typing import Annotated, Any

import msgspec

from inventory import commands
from inventory.adapters.dynamodb_warehouse import DynamoDbWarehouse
from inventory.domain.errors import AlreadySold
from inventory.domain.reservation import Line, MessageContext, Reservation, Status
from inventory.environment import CommandEnvironment
from inventory.ports import Warehouse
from shared.messaging.bus import Bus
from shared.messaging.dead_letters import DeadLetters
from shared.messaging.envelope import Envelope
from shared.messaging.queue_worker import (
    CommandType,
    IntegrationEvent,
    Outcome,
    QueueWorker,
    done,
    refused,
)
from shared.messaging.retries import Retries
from shared.runtime import aws, clock
from shared.runtime.environment import load
from shared.runtime.patterns import Uuid
from shared.runtime.tracing.invocations import invocation

Clock = Callable[[], str]
MAX_LINES = 99
"""A DynamoDB transaction takes 100 writes, and one of them is the reservation."""


class LineForm(msgspec.Struct, frozen=True):
    """One line of an order."""

    sku: Annotated[str, msgspec.Meta(min_length=1, max_length=40)]
    quantity: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]


class ReserveStock(msgspec.Struct, frozen=True):
    """Hold stock for an order."""

    order_id: Uuid
    lines: Annotated[list[LineForm], msgspec.Meta(min_length=1, max_length=MAX_LINES)]


class ReleaseStock(msgspec.Struct, frozen=True):
    """Give an order's stock back."""

    order_id: Uuid


@invocation
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Carry out a batch of commands."""
    return _worker().handle(event)


@cache
def _worker() -> QueueWorker:
    environment, sqs = load(CommandEnvironment), aws.client("sqs")
    warehouse = DynamoDbWarehouse(
        aws.client("dynamodb"), environment.stock_table, environment.reservations_table
    )
    return QueueWorker(
        commands_on(warehouse, clock.now, environment.hold_seconds),
        Bus(aws.client("events"), environment.bus_name, "inventory"),
        DeadLetters(sqs, environment.dead_letters_url),
        Retries(sqs, environment.queue_url, environment.queue_attempts),
    )


def commands_on(warehouse: Warehouse, now: Clock, hold_seconds: int) -> dict[str, CommandType[Any]]:
    """The commands that inventory takes from its queue."""

    def reserve(form: ReserveStock, message: Envelope) -> Outcome:
        command = commands.ReserveStock(
            form.order_id,
            [Line(line.sku, line.quantity) for line in form.lines],
            clock.later(now(), hold_seconds),
            _context_of(message),
        )
        return _outcome_of_reserving(commands.reserve_stock(warehouse, command))

    def release(form: ReleaseStock, message: Envelope) -> Outcome:
        command = commands.ReleaseStock(form.order_id, now(), _context_of(message))
        try:
            known = commands.release_stock(warehouse, command)
        except AlreadySold:
            return refused("already-sold")
        if known.status is Status.RELEASED and known.was_held:
            return done(
                {"released": True},
                IntegrationEvent("StockReleased", {"cause": "undone", **lines_of(known)}),
            )
        # Never held, or expired: then its expiry has been announced already.
        return done({"released": known.was_held})

    return {
        "ReserveStock": CommandType(ReserveStock, reserve),
        "ReleaseStock": CommandType(ReleaseStock, release),
    }


def lines_of(reservation: Reservation) -> dict[str, Any]:
    """A reservation's lines as messages carry them."""
    return {"lines": [{"sku": line.sku, "quantity": line.quantity} for line in reservation.lines]}


def _outcome_of_reserving(known: Reservation) -> Outcome:
    match known.status:
        case Status.HELD | Status.SOLD:
            return done(lines_of(known), IntegrationEvent("StockReserved", lines_of(known)))
        case Status.REFUSED:
            assert known.reason
            why = {"sku": known.sku}
            return refused(
                known.reason, why, IntegrationEvent("StockRefused", {"reason": known.reason, **why})
            )
        case Status.EXPIRED:
            return refused("reservation-expired")
        case Status.RELEASED:
            return refused("released-before")


def _context_of(message: Envelope) -> MessageContext:
    return MessageContext(message.correlation_id, message.traceparent, message.event_id)
