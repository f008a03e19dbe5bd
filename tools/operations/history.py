"""Time travel: an order's events, and any view of it, as they were at a time or a version."""

import importlib
import json
import pkgutil
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec
from rich.console import Console
from rich.table import Column, Table

from orders_language.history import OrderHistory
from shared.messaging.envelope import Envelope
from shared.read_models.history import HistoryUnavailable
from shared.read_models.read_model import ReadModel
from shared.runtime import clock
from stacks.services import views
from tools.base.errors import OperationFailed
from tools.base.target import Target


@dataclass(frozen=True, slots=True)
class Moment:
    """Until when: a time (inclusive), a version, or the present."""

    at: datetime | None = None
    version: int | None = None

    def includes(self, event: Envelope) -> bool:
        """Whether the event had happened by then."""
        if self.at is not None and clock.parse_time(event.occurred_at) > self.at:
            return False
        return self.version is None or (event.version or 0) <= self.version

    def __str__(self) -> str:
        if self.version is not None:
            return f"at version {self.version}"
        return "now" if self.at is None else f"at {self.at.astimezone(UTC).isoformat()}"


def events_until(target: Target, order_id: str, moment: Moment) -> list[Envelope]:
    """An order's events until then, in order.

    Raises:
        OperationFailed: there is no such order, or it did not exist yet.
    """
    history = OrderHistory(target.client("lambda"), target.find("orders", "read-events-arn"))
    try:
        every = list(history.read_events(order_id, 0))
    except HistoryUnavailable as unavailable:
        raise OperationFailed(str(unavailable)) from unavailable
    until = [event for event in every if moment.includes(event)]
    if not until:
        raise OperationFailed(f"there is no order {order_id} {moment}")
    return until


def show_events(target: Target, console: Console, *, order_id: str, moment: Moment) -> None:
    """Print an order's events as a table."""
    unbroken = ("version", "occurred at", "event", "caused by")
    table = Table(*(Column(name, no_wrap=True) for name in unbroken), box=None)
    table.add_column("data", overflow="fold")
    for event in events_until(target, order_id, moment):
        table.add_row(
            str(event.version),
            event.occurred_at,
            f"{event.type} v{event.schema_version}",
            event.causation_id or "",
            json.dumps(event.data, separators=(",", ":")),
        )
    console.print(table)


def show_view(
    target: Target, console: Console, *, view: str, order_id: str, moment: Moment
) -> None:
    """Print what a view said of an order then: the fold of the events until then."""
    console.print(f"{view} of {order_id} {moment}")
    state = state_of(view, events_until(target, order_id, moment))
    console.print(json.dumps(msgspec.to_builtins(state), indent=2))


def state_of(view: str, events: list[Envelope]) -> Any:
    """The fold of these events, in the current versions of their schemas."""
    model = read_model(view)
    state: Any = None
    for event in events:
        if model.events.is_known(event.type):
            state = model.fold(state, model.events.upcast(event))
    return state


def read_model(view: str) -> ReadModel[Any]:
    """The view as its service's handlers have it.

    Raises:
        LookupError: its service declares it and has no such read model.
    """
    handlers = importlib.import_module(f"{views()[view].package}.handlers")
    for module in pkgutil.iter_modules(handlers.__path__, f"{handlers.__name__}."):
        for it in vars(importlib.import_module(module.name)).values():
            if isinstance(it, ReadModel) and it.consumer == view:
                return it
    raise LookupError(f"{handlers.__name__} has no ReadModel of {view}")
