"""What a customer can ask: what is kept about me."""

from customers.domain.customer import Customer
from customers.domain.errors import CustomerNotRegistered
from customers.ports import Profiles


def profile(profiles: Profiles, customer_id: str) -> Customer:
    """All that is kept about a customer.

    Raises:
        CustomerNotRegistered, CustomerForgotten
    """
    known = profiles.find(customer_id)
    if known is None:
        raise CustomerNotRegistered
    return known
