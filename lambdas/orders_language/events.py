"""Orders' events as their consumers may rely on them: the published form, not orders' own domain.

The same forms stand in ``contracts/events`` as JSON Schema, and a test holds them equal. Fields
that a consumer does not know are passed over; those that it knows have the right type.
"""

from typing import Annotated

import msgspec

from shared.runtime.patterns import Currency

Amount = Annotated[int, msgspec.Meta(ge=0)]
PostcodeArea = Annotated[str, msgspec.Meta(pattern=r"^[A-Z0-9]{1,4}\Z")]
"""As much of a postcode as carriers need."""


Code = Annotated[str, msgspec.Meta(pattern=r"^[a-z-]{1,40}\Z")]
"""A word of a list of orders' own, which may grow."""


class Line(msgspec.Struct, frozen=True):
    """One line; ``unit_price`` in minor units of the order's currency."""

    sku: str
    quantity: Annotated[int, msgspec.Meta(ge=1)]
    unit_price: Amount


class ShipTo(msgspec.Struct, frozen=True):
    """Where to, as coarsely as carriers need."""

    address_id: str
    country: str
    postcode_area: str


class Gift(msgspec.Struct, frozen=True):
    """How an order is wrapped; ``note_code`` is the card that lies with it, if any does."""

    wrapping: Code
    note_code: Code | None


class OrderPlaced(msgspec.Struct, frozen=True):
    """Version 2; version 1 knew no gifts."""

    customer_id: str
    lines: Annotated[list[Line], msgspec.Meta(min_length=1)]
    currency: Currency
    total: Amount
    weight_grams: Amount
    ship_to: ShipTo
    gift: Gift | None


class OrderConfirmed(msgspec.Struct, frozen=True):
    """Version 1."""

    currency: Currency
    total: Amount


class OrderRejected(msgspec.Struct, frozen=True):
    """Version 1."""

    reason: str


class OrderCancelled(msgspec.Struct, frozen=True):
    """Version 2; version 1 did not say who cancelled."""

    reason: str
    cancelled_by: str


FORMS: dict[str, type[msgspec.Struct]] = {
    form.__name__: form for form in (OrderPlaced, OrderConfirmed, OrderRejected, OrderCancelled)
}
