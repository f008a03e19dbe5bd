"""An event-sourced order the usual way: aggregate and repository of PyPI's ``eventsourcing``."""

from typing import Any
from uuid import UUID

from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event


class Order(Aggregate):
    @event("Placed")
    def __init__(
        self,
        customer_id: str,
        lines: list[dict[str, Any]],
        currency: str,
        total: int,
        weight_grams: int,
        ship_to: dict[str, str],
    ) -> None:
        self.customer_id = customer_id
        self.lines = lines
        self.currency = currency
        self.total = total
        self.weight_grams = weight_grams
        self.ship_to = ship_to
        self.status = "placed"
        self.reason: str | None = None

    @event("Confirmed")
    def confirm(self, currency: str, total: int) -> None:
        self.currency = currency
        self.total = total
        self.status = "confirmed"
        self.reason = None


class Orders(Application[UUID]):
    """Keeps events in memory: the library's own recorder, which does no input or output."""
