"""What ordering needs from outside: events kept in order, and quotes that can be trusted."""

from collections.abc import Sequence
from typing import Protocol

from orders.domain.events import OrderEvent
from orders.domain.order import RequestedLine
from shared.event_sourcing import recorded

RecordedEvent = recorded.RecordedEvent[OrderEvent]
"""An event with its place in an order's history."""
EventStore = recorded.EventStore[OrderEvent]
"""The ledger that decides: append-only, one event for each (order, version)."""


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
