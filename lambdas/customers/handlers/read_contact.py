"""Other services' way to a customer's contact: read_contact(customer_id), at the last moment."""

from typing import Annotated, Any

import msgspec

from customers import queries
from customers.domain.errors import CustomerForgotten, CustomerNotRegistered
from customers.handlers import storage
from shared.runtime import log
from shared.runtime.tracing.invocations import invocation


class ReadContact(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The request."""

    customer_id: Annotated[str, msgspec.Meta(min_length=1, max_length=128)]


@invocation
def handler(event: dict[str, Any], _context: Any) -> dict[str, str] | None:
    """``{name, email}``; null for who never registered and for who is forgotten.

    Callers use the answer at once and keep it nowhere.

    Raises:
        msgspec.ValidationError: the request does not have the form above.
    """
    asked = msgspec.convert(event, ReadContact)
    try:
        contact = queries.profile(storage.profiles(), asked.customer_id).contact
    except (CustomerNotRegistered, CustomerForgotten) as nobody:
        log.info("no contact to read", customer_id=asked.customer_id, why=type(nobody).__name__)
        return None
    log.info("contact read", customer_id=asked.customer_id)
    return {"name": contact.name, "email": contact.email}
