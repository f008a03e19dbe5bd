"""A read model in memory, and a log to project, for tests of the projector."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import NAMESPACE_OID, uuid5

import msgspec

from orders_language.schemas import ORDER_EVENTS
from shared.messaging.envelope import Envelope, encode
from shared.messaging.log_records import LogRecord
from shared.read_models.parked_records import ParkedRecord
from shared.read_models.projector import Change, Checkpoint, Projector
from tests.support.fakes.dynamodb_expressions import refusal

ORDERS = [f"00000000-0000-4000-8000-{n:012d}" for n in range(8)]
PLACED = {
    "customer_id": "c-1",
    "lines": [{"sku": "MUG-BLUE", "quantity": 2, "unit_price": 1290}],
    "currency": "EUR",
    "total": 2580,
    "weight_grams": 760,
    "ship_to": {"address_id": "a-1", "country": "DE", "postcode_area": "10"},
    "gift": None,
}
DATA: dict[str, dict[str, Any]] = {
    "OrderPlaced": PLACED,
    "OrderConfirmed": {"currency": "EUR", "total": 2580},
    "OrderRejected": {"reason": "payment-declined"},
    "OrderCancelled": {"reason": "other", "cancelled_by": "customer"},
}
SCHEMA = {"OrderPlaced": 2, "OrderConfirmed": 1, "OrderRejected": 1, "OrderCancelled": 2}


def event_id_of(order_id: str, version: int) -> str:
    """The id of that event."""
    return str(uuid5(NAMESPACE_OID, f"{order_id}/{version}"))


def event(order_id: str, version: int, event_type: str, **changed: Any) -> Envelope:
    """One event of an order, as orders publishes it."""
    made = Envelope(
        event_id=event_id_of(order_id, version),
        type=event_type,
        schema_version=SCHEMA.get(event_type, 1),
        aggregate_type="order",
        aggregate_id=order_id,
        version=version,
        occurred_at=f"2026-12-01T09:{version:02d}:00.000Z",
        correlation_id="j-1",
        causation_id=None,
        traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        data=DATA.get(event_type, {}),
    )
    return msgspec.structs.replace(made, **changed)


def record(envelope: Envelope | bytes, sequence: int = 1) -> LogRecord:
    """One record of the log."""
    body = envelope if isinstance(envelope, bytes) else encode(envelope)
    return LogRecord("shard-0", str(sequence), body)


def records(envelopes: Iterable[Envelope | bytes]) -> list[LogRecord]:
    """Records one after the other."""
    return [record(envelope, n) for n, envelope in enumerate(envelopes)]


Applied = tuple[str, ...]


@dataclass
class TableInMemory:
    """Implements ``shared.read_models.projector.Table``: what has been applied, in which order.

    ``before_save`` and ``after_save`` are where a test makes things fail. ``refuses`` are ids
    with an event whose state it never takes, as DynamoDB refuses an item that is too large.
    """

    kept: dict[str, Checkpoint[Applied]] = field(default_factory=dict)
    parked: dict[tuple[str, str], ParkedRecord] = field(default_factory=dict)
    saves: int = 0
    refuses: set[tuple[str, str]] = field(default_factory=set)
    before_save: Callable[[Change[Applied]], None] = lambda _: None
    after_save: Callable[[Change[Applied]], None] = lambda _: None

    def load(self, ids: Sequence[str]) -> Mapping[str, Checkpoint[Applied]]:
        return {its_id: self.kept[its_id] for its_id in ids if its_id in self.kept}

    def save(self, change: Change[Applied]) -> bool:
        self.before_save(change)
        if any((change.aggregate_id, it) in self.refuses for it in change.to.state or ()):
            raise refusal("ValidationException", "item size has exceeded the maximum")
        if self.kept.get(change.aggregate_id) != change.base:
            return False
        self.kept[change.aggregate_id] = change.to
        self.saves += 1
        if change.parked:
            self.park(change.parked)
        self.after_save(change)
        return True

    def insert(self, changes: Sequence[Change[Applied]]) -> set[str]:
        """Every second one, as a table that throttles might."""
        return {change.aggregate_id for change in changes[::2] if self.save(change)}

    def park(self, parked: ParkedRecord) -> None:
        self.parked[parked.shard, parked.sequence] = parked


@dataclass
class Histories:
    """Orders' own histories, as ``read_events`` gives them; ``unreachable`` are single orders."""

    events: dict[str, list[Envelope]] = field(default_factory=dict)
    asked: int = 0
    broken: bool = False
    unreachable: set[str] = field(default_factory=set)

    def add(self, *envelopes: Envelope) -> None:
        for envelope in envelopes:
            self.events.setdefault(envelope.aggregate_id, []).append(envelope)

    def read_events(self, order_id: str, after_version: int) -> Iterable[Envelope]:
        self.asked += 1
        if self.broken or order_id in self.unreachable:
            raise ConnectionError("orders does not answer")
        return [e for e in self.events.get(order_id, []) if (e.version or 0) > after_version]


def collect(applied: Applied | None, envelope: Envelope) -> Applied:
    """The fold: ids and types in the order in which they were applied."""
    return (*(applied or ()), f"{envelope.version}:{envelope.type}")


def projector(table: TableInMemory, histories: Histories) -> Projector[Applied]:
    """The projector under test."""
    return Projector(ORDER_EVENTS, table, collect, histories.read_events)
