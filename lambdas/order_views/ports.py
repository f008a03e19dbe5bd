"""What the queries need from outside: a place where views are kept, and orders' own events."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from order_views.domain.order_view import OrderView


class OrderViews(Protocol):
    """The read model as queries see it."""

    def get(self, order_id: str) -> OrderView | None:
        """One order, if the view has it."""

    def of_customer(
        self, customer_id: str, limit: int, after: OrderView | None
    ) -> Sequence[OrderView]:
        """A customer's orders, newest first, after the one given."""


class Event(Protocol):
    """An order's event, as orders publishes it."""

    @property
    def version(self) -> int | None:
        """1 for the first."""

    @property
    def type(self) -> str:
        """Such as ``OrderPlaced``."""

    @property
    def occurred_at(self) -> str:
        """RFC 3339, UTC."""

    @property
    def data(self) -> Mapping[str, Any]:
        """As the event's schema says."""


class OrderEvents(Protocol):
    """The way to orders' events."""

    def read_events(self, order_id: str, after_version: int, /) -> Iterator[Event]:
        """An order's events after a version, in order."""
