"""From the log to the bus: events of orders, from the source `orders`, each order's in order."""

from functools import cache
from typing import Any

from orders.adapters.bus_gate import BusGate
from orders.environment import PublisherEnvironment
from orders_language.history import OrderHistory
from orders_language.schemas import ORDER_EVENTS
from shared.messaging import log_records
from shared.messaging.bus import Bus, check_sendable
from shared.messaging.envelope import Envelope
from shared.messaging.traced import BUS, BatchSpans
from shared.read_models.history import PATIENCE
from shared.read_models.log_positions import LogPositions
from shared.read_models.parked_records import ParkedRecords
from shared.read_models.projector import Projector, ReadEvents
from shared.runtime import aws, log
from shared.runtime.environment import load
from shared.runtime.tracing.invocations import invocation
from shared.runtime.tracing.spans import PRODUCER

CONSUMER = "bus-publisher"
Events = tuple[Envelope, ...]


@invocation
def handler(event: dict[str, Any], _context: Any) -> None:
    """Publish a batch of the log. What other services say is not ours to repeat: hence no loop."""
    records = log_records.read(event, parked_records().among(event))
    with BatchSpans("send", PRODUCER, BUS, "bus") as batch:
        log.metric("OrdersPublished", publisher().apply(records, batch.add))
        positions().reached(event)


@cache
def publisher() -> Projector[Events]:
    """The consumer whose read model is what is on the bus already."""
    environment = load(PublisherEnvironment)
    gate = BusGate(
        aws.client("dynamodb"),
        environment.publisher_gate_table,
        parked_records(),
        Bus(aws.client("events"), environment.bus_name, "orders"),
    )
    history = OrderHistory(aws.patient_client("lambda", PATIENCE), environment.read_events_arn)
    return projector_over(gate, history.read_events)


def projector_over(gate: BusGate, read_events: ReadEvents) -> Projector[Events]:
    """What is published is seen before the gate says so: a batch that comes again looks first."""
    return Projector(ORDER_EVENTS, gate, collect, read_events, looks_first=True)


@cache
def parked_records() -> ParkedRecords:
    """Where this consumer parks what it cannot publish."""
    return ParkedRecords(aws.client("dynamodb"), load(PublisherEnvironment).parked_table, CONSUMER)


@cache
def positions() -> LogPositions:
    """How far this consumer has read the log."""
    return LogPositions(aws.client("dynamodb"), load(PublisherEnvironment).parked_table, CONSUMER)


def collect(events: Events | None, event: Envelope) -> Events:
    """An order's events in turn. Raises Unsendable: the bus will never take this one."""
    check_sendable(event)
    return (*(events or ()), event)
