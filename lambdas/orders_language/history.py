"""An order's events, read from orders."""

from shared.read_models.history import AggregateHistory


class OrderHistory(AggregateHistory):
    """Calls orders' ``read_events``."""

    id_name = "order_id"
