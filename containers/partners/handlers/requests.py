"""What partners may send."""

import re
from collections.abc import Sequence
from typing import Annotated

import msgspec

from customers_language.references import Reference
from orders_language.events import PostcodeArea
from partners.domain.orders import Line, Partner, Wish
from shared.runtime import problems
from shared.runtime.patterns import Country, Currency, Uuid

MOST_LINES = 50
_SKUS = re.compile(r"[A-Za-z0-9-]{1,40}(,[A-Za-z0-9-]{1,40})*")


class LineForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One line of an order."""

    sku: Annotated[str, msgspec.Meta(min_length=1, max_length=40)]
    quantity: Annotated[int, msgspec.Meta(ge=1, le=999)]


class ShipToForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where to; patterns keep names and streets out."""

    address_id: Uuid
    country: Country
    postcode_area: PostcodeArea


class OrderForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of POST /v1/partner-orders: both references are the partner's own."""

    reference: Reference
    customer: Reference
    lines: Annotated[tuple[LineForm, ...], msgspec.Meta(min_length=1, max_length=MOST_LINES)]
    currency: Currency
    ship_to: ShipToForm

    def wish(self, partner: Partner) -> Wish:
        """In the domain's terms."""
        return Wish(
            partner,
            self.reference,
            self.customer,
            tuple(Line(it.sku, it.quantity) for it in self.lines),
            self.currency,
            msgspec.structs.asdict(self.ship_to),
        )


class WebhookForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of PUT /v1/partner-webhook: webhooks says what is right in it."""

    url: Annotated[str, msgspec.Meta(min_length=12, max_length=512)]
    secret: Annotated[str, msgspec.Meta(min_length=38, max_length=96)]


class CustomerForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of PUT /v1/partner-customers/{reference}: customers says what is right in it."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    email: Annotated[str, msgspec.Meta(min_length=3, max_length=254)]


def skus_in(text: str) -> Sequence[str]:
    """The SKUs of a list that commas separate, each once; as many as an order has lines.

    Raises:
        Problem: 400, it is no such list.
    """
    skus = list(dict.fromkeys(text.split(",")))
    if not _SKUS.fullmatch(text) or len(skus) > MOST_LINES:
        raise problems.invalid_request(
            f"skus: one to {MOST_LINES} of letters, digits and hyphens, separated by commas"
        )
    return skus
