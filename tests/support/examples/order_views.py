"""One customer's orders as their views show them."""

from collections.abc import Mapping

from order_views.domain.order_view import OrderView

CUSTOMER = "3f8b1c52-7a55-4be5-9a5e-0d1b1f3f7c11"
SOMEBODY_ELSE = "aa3d8f0e-44c0-4c6c-8b7e-1f6f5d2f9b22"
PLACED_DATA = {
    "customer_id": CUSTOMER,
    "lines": [{"sku": "MUG-BLUE", "quantity": 2, "unit_price": 1290}],
    "currency": "EUR",
    "total": 2580,
    "weight_grams": 760,
    "ship_to": {
        "address_id": "9b2e7c1a-5d3f-4e8b-a6c4-2f1e0d9c8b7a",
        "country": "DE",
        "postcode_area": "10",
    },
    "gift": None,
}
GIFT = {"wrapping": "paper", "note_code": "happy-birthday"}


def order_id(number: int) -> str:
    """The id of CUSTOMER's order of that number."""
    return f"00000000-0000-4000-8000-{number:012}"


def a_view(
    number: int = 1,
    *,
    version: int = 1,
    customer_id: str = CUSTOMER,
    gift: Mapping[str, str | None] | None = None,
) -> OrderView:
    """An order that was placed at second ``number``."""
    return OrderView(
        order_id=order_id(number),
        version=version,
        customer_id=customer_id,
        status="placed",
        currency="EUR",
        total=2580,
        lines=({"sku": "MUG-BLUE", "quantity": 2, "unit_price": 1290},),
        ship_to={"address_id": "a", "country": "DE", "postcode_area": "10"},
        placed_at=f"2026-12-01T09:00:{number % 60:02}.000Z",
        updated_at=f"2026-12-01T09:00:{number % 60:02}.000Z",
        gift=gift,
    )
