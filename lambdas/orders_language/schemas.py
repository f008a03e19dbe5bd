"""The versions of orders' events: old ones are upcast on every read, newer ones are refused."""

from orders_language.events import FORMS
from shared.messaging.event_schemas import Data, EventSchemas

ORDER = "order"
"""The aggregate type, as every envelope of orders has it."""


def _say_who_cancelled(data: Data) -> Data:
    """In version 1 only customers could cancel."""
    return {**data, "cancelled_by": "customer"}


def _say_that_it_is_no_gift(data: Data) -> Data:
    """In version 1 no order could be a gift."""
    return {**data, "gift": None}


ORDER_EVENTS = EventSchemas(
    ORDER,
    {"OrderPlaced": 2, "OrderConfirmed": 1, "OrderRejected": 1, "OrderCancelled": 2},
    FORMS,
    {
        ("OrderCancelled", 1): _say_who_cancelled,
        ("OrderPlaced", 1): _say_that_it_is_no_gift,
    },
)
