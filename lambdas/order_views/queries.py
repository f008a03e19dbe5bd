"""The questions that customers ask about their orders."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from order_views.domain.order_view import OrderView
from order_views.ports import Event, OrderEvents, OrderViews
from shared.runtime.patterns import is_uuid

MOST_EVENTS = 100
"""Of a history; an order has a handful."""


@dataclass
class OrderNotVisible(Exception):
    """The view has no such order of this customer, or not yet in the version asked for."""

    order_id: str
    may_come: bool


class PageTokenRefused(Exception):
    """The token was not given out for this customer's list."""


@dataclass(frozen=True, slots=True)
class Page:
    """Some of a customer's orders; ``next_token`` is None on the last page."""

    orders: Sequence[OrderView]
    next_token: str | None


def order(views: OrderViews, customer_id: str, order_id: str, min_version: int) -> OrderView:
    """One order of this customer, at ``min_version`` or later. Raises OrderNotVisible."""
    view = views.get(order_id)
    if view is None or view.customer_id != customer_id or view.version < min_version:
        # The same answer for somebody else's order as for none: it must not tell that there is one.
        raise OrderNotVisible(order_id, may_come=min_version > 0)
    return view


def orders(views: OrderViews, customer_id: str, limit: int, token: str | None) -> Page:
    """A customer's orders, newest first.

    A token is the id of the last order on the page before. Its place in the list is read from the
    view, and only if it is the caller's own, so there is nothing in it to forge.

    Raises:
        PageTokenRefused: no order of this customer has that id.
    """
    after = None
    if token is not None:
        if not is_uuid(token):
            raise PageTokenRefused
        after = views.get(token)
        if after is None or after.customer_id != customer_id:
            raise PageTokenRefused
    found = views.of_customer(customer_id, limit + 1, after)
    page = found[:limit]
    return Page(page, page[-1].order_id if len(found) > limit else None)


def history(
    views: OrderViews, events: OrderEvents, customer_id: str, order_id: str
) -> Sequence[Event]:
    """The first MOST_EVENTS events of one order of this customer. Raises OrderNotVisible."""
    order(views, customer_id, order_id, 0)
    return list(islice(events.read_events(order_id, 0), MOST_EVENTS))
