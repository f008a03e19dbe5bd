"""The commands on customers: register, keep addresses, forget.

Each is idempotent by nature: what is so already is not changed again, and answers as it did.
"""

from collections.abc import Callable

from customers.domain.customer import Address, Contact, Customer, Tombstone
from customers.domain.errors import CustomerNotRegistered, ProfileContended, VersionMismatch
from customers.ports import Profiles

ATTEMPTS = 5
Clock = Callable[[], str]
NewId = Callable[[], str]
Change = Callable[[Customer | None], Customer]


def register(
    profiles: Profiles,
    clock: Clock,
    customer_id: str,
    contact: Contact,
    expected_version: int | None = None,
) -> Customer:
    """Register the customer, or give the registered one this name and e-mail.

    Raises:
        CustomerForgotten, VersionMismatch, ProfileContended
    """

    def change(known: Customer | None) -> Customer:
        if known is None:
            return Customer.register(customer_id, contact, clock())
        return known.with_contact(contact, clock())

    return _change(profiles, customer_id, expected_version, change)


def add_address(
    profiles: Profiles,
    clock: Clock,
    new_id: NewId,
    customer_id: str,
    address: Address,
    expected_version: int | None = None,
) -> tuple[Customer, str]:
    """Add an address; returns the customer and the id that the address has.

    One that the customer has already keeps its id, so that a repeated request adds nothing.

    Raises:
        CustomerNotRegistered, CustomerForgotten, UnknownCountry, TooManyAddresses, VersionMismatch,
        ProfileContended
    """

    def change(known: Customer | None) -> Customer:
        return _registered(known).with_new_address(new_id(), address, clock())

    customer = _change(profiles, customer_id, expected_version, change)
    return customer, customer.id_of(address)


def replace_address(
    profiles: Profiles,
    clock: Clock,
    customer_id: str,
    address_id: str,
    address: Address,
    expected_version: int | None = None,
) -> Customer:
    """Put another address under a known id; orders that name the id go there from now on.

    Raises:
        CustomerNotRegistered, CustomerForgotten, UnknownCountry, AddressNotFound, VersionMismatch,
        ProfileContended
    """

    def change(known: Customer | None) -> Customer:
        return _registered(known).with_replaced_address(address_id, address, clock())

    return _change(profiles, customer_id, expected_version, change)


def forget(profiles: Profiles, tombstone: Tombstone) -> None:
    """Remove all that is known about a person, registered or not, for good.

    A tombstone is left in any case: a registration that is still on its way must not undo this.

    Raises:
        ProfileContended
    """
    for _attempt in range(ATTEMPTS):
        if profiles.forget(tombstone):
            return
    raise ProfileContended


def _change(
    profiles: Profiles, customer_id: str, expected_version: int | None, change: Change
) -> Customer:
    for _attempt in range(ATTEMPTS):
        known = profiles.find(customer_id)
        changed = change(known)
        if changed is known:
            return changed  # whatever was expected: it is as the caller wants it
        current = known.version if known else None
        if expected_version is not None and expected_version != current:
            raise VersionMismatch(current)
        if profiles.save(changed, current or 0):
            return changed
    raise ProfileContended


def _registered(known: Customer | None) -> Customer:
    if known is None:
        raise CustomerNotRegistered
    return known
