"""What ordering needs from outside: events kept in order, and quotes that can be trusted."""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from orders.domain.events import OrderEvent
from orders.domain.order import RequestedLine


class CommandMetadata(msgspec.Struct, frozen=True, gc=False):
    """Who asks for a change, and how a repetition of it is recognised.

    ``key`` is a digest of the idempotency key, ``request_hash`` of the canonical parsed body.
    """

    key: str
    request_hash: str
    correlation_id: str
    causation_id: str
    traceparent: str


class RecordedEvent(msgspec.Struct, frozen=True, gc=False):
    """An event with its place in an order's history; ``version`` counts from 1.

    A history may be long, and a struct is made several times faster than a frozen dataclass.
    """

    order_id: str
    version: int
    event_id: str
    occurred_at: str
    event: OrderEvent
    command: CommandMetadata


class VersionTaken(Exception):
    """Another event has this version already; ``existing`` is that one."""

    def __init__(self, existing: RecordedEvent) -> None:
        super().__init__(f"{existing.order_id} has a version {existing.version}")
        self.existing = existing


class Quotes(Protocol):
    """Price quotes, which pricing signs and customers bring along."""

    def unit_prices(
        self,
        quote: str,
        customer_id: str,
        lines: Sequence[RequestedLine],
        currency: str,
        now: str,
    ) -> Sequence[int]:
        """What it offers for each of the lines.

        Raises:
            QuoteRefused: forged, expired, another customer's, or for other lines.
            QuotesUnreadable: nobody can tell at present.
        """


class EventStore(Protocol):
    """The ledger that decides: append-only, one event for each (order, version)."""

    def append(self, recorded: RecordedEvent) -> None:
        """Keep one more event, atomically. Raises VersionTaken."""

    def history(self, order_id: str) -> Sequence[RecordedEvent]:
        """Every event of an order by version, strongly consistent; empty if there is none."""

    def first(self, order_id: str) -> RecordedEvent | None:
        """The order's first event, strongly consistent."""
