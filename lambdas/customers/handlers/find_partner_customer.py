"""Other services' way to a partner's customer: find_partner_customer(partner_id, reference)."""

from typing import Annotated, Any

import msgspec

from customers import queries
from customers.domain.errors import CustomerForgotten, CustomerNotRegistered
from customers.handlers import storage
from customers_language.references import Reference, customer_of_partner
from shared.runtime import log
from shared.runtime.tracing.invocations import invocation


class FindPartnerCustomer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The request."""

    partner_id: Annotated[str, msgspec.Meta(min_length=1, max_length=128)]
    reference: Reference


@invocation
def handler(event: dict[str, Any], _context: Any) -> str | None:
    """The customer's id; null if this partner never registered one so, or had it forgotten.

    Raises:
        msgspec.ValidationError: the request does not have the form above.
    """
    asked = msgspec.convert(event, FindPartnerCustomer)
    customer_id = customer_of_partner(asked.partner_id, asked.reference)
    try:
        queries.profile(storage.profiles(), customer_id)
    except (CustomerNotRegistered, CustomerForgotten) as nobody:
        log.info("no customer of this partner", why=type(nobody).__name__)
        return None
    return customer_id
