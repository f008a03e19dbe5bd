"""What is told about which event: the words, and nothing about a person in their parameters."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Template:
    """``subject`` and ``text`` name their parameters in braces; ``name`` is the customer's."""

    subject: str
    text: str


@dataclass(frozen=True, slots=True)
class Notification:
    """One message to one customer, without address and name."""

    event_id: str
    customer_id: str
    template: str
    parameters: Mapping[str, str]

    @property
    def subject(self) -> str:
        """The subject line, which names nobody."""
        return TEMPLATES[self.template].subject.format(**self.parameters)

    def text(self, name: str) -> str:
        """The whole message to a customer of that name."""
        return TEMPLATES[self.template].text.format(name=name, **self.parameters)


TEMPLATES: Mapping[str, Template] = {
    "order-received": Template(
        "We have received your order {order}",
        "Dear {name},\n\nthank you for your order {order} over {amount}. "
        "We will write again as soon as it is confirmed.\n",
    ),
    "order-confirmed": Template(
        "Your order {order} is confirmed",
        "Dear {name},\n\nyour order {order} is paid and booked with the carrier.\n",
    ),
    "order-rejected": Template(
        "We could not fulfil your order {order}",
        "Dear {name},\n\nwe are sorry: we could not fulfil your order {order} ({reason}). "
        "You pay nothing.\n",
    ),
    "order-cancelled": Template(
        "Your order {order} is cancelled",
        "Dear {name},\n\nyour order {order} is cancelled, as you asked. You pay nothing.\n",
    ),
    "order-called-off": Template(
        "Your order {order} had to be cancelled",
        "Dear {name},\n\nwe are sorry: we had to cancel your order {order}. You pay nothing.\n",
    ),
    "payment-refunded": Template(
        "Your money for order {order} is on its way back",
        "Dear {name},\n\nwe have refunded what you paid for order {order}.\n",
    ),
    "parcel-out-for-delivery": Template(
        "Your parcel comes today",
        "Dear {name},\n\nthe parcel of order {order} is on its way to you with {carrier}, "
        "tracking number {tracking_number}.\n",
    ),
    "parcel-delivered": Template(
        "Your parcel was delivered",
        "Dear {name},\n\nthe parcel of order {order} was delivered by {carrier}.\n",
    ),
    "parcel-returned": Template(
        "Your parcel is on its way back to us",
        "Dear {name},\n\n{carrier} could not deliver the parcel of order {order} and brings it "
        "back. We will get in touch with you.\n",
    ),
    "parcel-lost": Template(
        "Your parcel is lost",
        "Dear {name},\n\nwe are sorry: {carrier} has lost the parcel of order {order}. "
        "We will get in touch with you.\n",
    ),
}

BY_EVENT: Mapping[str, str] = {
    "OrderPlaced": "order-received",
    "OrderConfirmed": "order-confirmed",
    "OrderRejected": "order-rejected",
    "PaymentRefunded": "payment-refunded",
}


class NothingToSay(Exception):
    """No template is for this event."""


class MissingField(Exception):
    """The event lacks what its template needs; the text names the field."""


def template_for(event_type: str, data: Mapping[str, Any]) -> str:
    """The name of the template. Raises NothingToSay."""
    if event_type == "OrderCancelled":
        by_customer = data.get("cancelled_by", "customer") == "customer"
        return "order-cancelled" if by_customer else "order-called-off"
    if event_type == "ShipmentTracked":
        name = f"parcel-{data.get('status')}"
        if name in TEMPLATES:
            return name
    elif event_type in BY_EVENT:
        return BY_EVENT[event_type]
    raise NothingToSay(event_type)


def compose(
    event_id: str, event_type: str, order_id: str, data: Mapping[str, Any], customer_id: str
) -> Notification:
    """What a customer is told about an event.

    Raises:
        NothingToSay: the event is of no concern to a customer.
        MissingField: the event is not what its type promises.
    """
    template = template_for(event_type, data)
    parameters = {"order": order_id}
    try:
        if event_type == "OrderPlaced":
            parameters["amount"] = _money(data["total"], data["currency"])
        elif event_type == "OrderRejected":
            parameters["reason"] = data["reason"]
        elif event_type == "ShipmentTracked":
            parameters["carrier"] = data["carrier"]
            parameters["tracking_number"] = data["tracking_number"]
    except KeyError as missing:
        raise MissingField(f"{event_type} without {missing.args[0]}") from missing
    return Notification(event_id, customer_id, template, parameters)


def _money(minor_units: int, currency: str) -> str:
    return f"{minor_units // 100}.{minor_units % 100:02d} {currency}"
