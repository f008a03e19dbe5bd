"""Recording: a message becomes activity, and moves its order's line of the list."""

from collections.abc import Sequence

from console.domain.activity import Activity, kind_of, shown_outcome, shown_reason
from console.domain.order_row import first_heard, heard
from console.ports import Messages, NotKept, Orders
from shared.messaging.envelope import Envelope, subject_of
from shared.runtime.patterns import is_uuid

TRIES = 3
"""How often one order's line is made again, when somebody else has saved it meanwhile."""


def activity_of(service: str, message: Envelope, recorded_at: str) -> Activity:
    """What operators see of a message that a service said."""
    return Activity(
        id=message.event_id,
        type=message.type,
        kind=kind_of(message.type, message.version),
        service=service,
        order_id=order_of(message),
        version=message.version,
        occurred_at=message.occurred_at,
        recorded_at=recorded_at,
        correlation_id=message.correlation_id,
        causation_id=message.causation_id,
        outcome=shown_outcome(message.data.get("outcome")),
        reason=shown_reason(message.data.get("reason")),
    )


def record(messages: Messages, orders: Orders, heard_now: Sequence[Activity]) -> None:
    """Keep the messages and their orders' lines; to do it again changes nothing more.

    Raises:
        NotKept: some may be kept, and some not.
    """
    messages.keep(list({it.id: it for it in heard_now}.values()))
    by_order: dict[str, list[Activity]] = {}
    for message in heard_now:
        if message.order_id is not None:
            by_order.setdefault(message.order_id, []).append(message)
    for _ in range(TRIES):
        by_order = _save_lines(orders, by_order)
        if not by_order:
            return
    raise NotKept(f"{len(by_order)} orders were saved by others, {TRIES} times")


def _save_lines(orders: Orders, by_order: dict[str, list[Activity]]) -> dict[str, list[Activity]]:
    """Save each order's line once; those that somebody else has saved first are left."""
    known = orders.of(list(by_order))
    left: dict[str, list[Activity]] = {}
    for order_id, messages in by_order.items():
        kept = known.get(order_id)
        row = kept.row if kept else first_heard(messages[0])
        for message in messages:
            row = heard(row, message)
        if kept and row == kept.row:
            continue
        is_moved = kept is None or row.listed_at != kept.row.listed_at
        if not orders.save(row, kept.revision + 1 if kept else 1, is_moved=is_moved):
            left[order_id] = messages
    return left


def order_of(message: Envelope) -> str | None:
    """The order that a message is about, if it is about one and names it well."""
    name, named = subject_of(message)
    if name != "order_id":
        return None
    named = named or message.aggregate_id
    return named if isinstance(named, str) and is_uuid(named) else None
