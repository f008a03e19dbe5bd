"""Whose an order is, as orders publishes it."""

from orders_language.history import OrderHistory
from shared.read_models.history import HistoryUnavailable
from webhooks.ports import Unavailable


class OrdersHistory:
    """Implements ``webhooks.ports.Orders`` by orders' ``read_events``."""

    def __init__(self, history: OrderHistory) -> None:
        self._history = history

    def customer_of(self, order_id: str) -> str | None:
        """From the order's first event. Raises Unavailable."""
        try:
            first = self._history.first_event(order_id)
        except HistoryUnavailable as unavailable:
            raise Unavailable(str(unavailable)) from unavailable
        return first.data["customer_id"] if first else None
