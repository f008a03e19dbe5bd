"""The saga's steps: which command each one sends, to whom, and which step would undo it."""

import uuid
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Step:
    """One command of the saga; ``undoes`` names the steps that it compensates."""

    name: str
    command: str
    owner: str
    undoes: tuple[str, ...] = ()


STEPS: dict[str, Step] = {
    step.name: step
    for step in (
        Step("reserve-stock", "ReserveStock", "inventory"),
        Step("authorize-payment", "AuthorizePayment", "payments"),
        Step("gather-quotes", "GatherQuotes", "shipping"),
        Step("book-shipment", "BookShipment", "shipping"),
        Step("capture-payment", "CapturePayment", "payments"),
        Step("confirm-order", "ConfirmOrder", "orders"),
        Step("refund-payment", "RefundPayment", "payments", ("capture-payment",)),
        Step("cancel-shipment", "CancelShipment", "shipping", ("book-shipment",)),
        Step("void-payment", "VoidPayment", "payments", ("authorize-payment",)),
        Step("release-stock", "ReleaseStock", "inventory", ("reserve-stock",)),
        Step("reject-order", "RejectOrder", "orders", ("confirm-order",)),
    )
}

PIVOT = "confirm-order"
"""The step after which there is nothing to do, and nothing to undo."""


def command_id(order_id: str, step: str) -> str:
    """The ``event_id`` of a step's command: the same however often it is sent."""
    return str(uuid.uuid5(uuid.UUID(order_id), step))


def step_of(order_id: str, its_command_id: str) -> Step | None:
    """The step whose command has this id, if it is one of this order's saga."""
    return next(
        (step for step in STEPS.values() if command_id(order_id, step.name) == its_command_id),
        None,
    )
