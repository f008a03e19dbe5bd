"""What the queries need from outside: a place where views are kept."""

from collections.abc import Sequence
from typing import Protocol

from order_views.domain.order_view import OrderView


class OrderViews(Protocol):
    """The read model as queries see it."""

    def get(self, order_id: str) -> OrderView | None:
        """One order, if the view has it."""

    def of_customer(
        self, customer_id: str, limit: int, after: OrderView | None
    ) -> Sequence[OrderView]:
        """A customer's orders, newest first, after the one given."""
