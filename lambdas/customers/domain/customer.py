"""What is kept about a customer, and what is left when it is forgotten.

Fields about a person stay out of every ``repr``: an error that quotes an object quotes no person.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from customers.domain.countries import COUNTRIES
from customers.domain.errors import AddressNotFound, TooManyAddresses, UnknownCountry

MAX_ADDRESSES = 20


@dataclass(frozen=True, slots=True)
class Contact:
    """Who it is, and where to write to."""

    name: str = field(repr=False)
    email: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Address:
    """Where parcels go. ``country`` is an ISO 3166-1 alpha-2 code."""

    street: str = field(repr=False)
    city: str = field(repr=False)
    postcode: str = field(repr=False)
    country: str
    extra: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Customer:
    """A profile. ``version`` counts its changes from 1; times are RFC 3339 in UTC.

    ``addresses`` are kept by the id that orders name, in the order in which they were added.
    """

    id: str
    version: int
    contact: Contact
    registered_at: str
    updated_at: str
    addresses: Mapping[str, Address] = field(default_factory=dict)

    @classmethod
    def register(cls, customer_id: str, contact: Contact, at: str) -> "Customer":
        """A new customer, without addresses."""
        return cls(customer_id, 1, contact, registered_at=at, updated_at=at)

    def with_contact(self, contact: Contact, at: str) -> "Customer":
        """The customer under a new name or e-mail; the same object if nothing is new."""
        if contact == self.contact:
            return self
        return replace(self, contact=contact, version=self.version + 1, updated_at=at)

    def with_new_address(self, address_id: str, address: Address, at: str) -> "Customer":
        """The customer with one more address; the same object if it has this one already.

        Raises:
            UnknownCountry, TooManyAddresses
        """
        _require_country(address)
        if address in self.addresses.values():
            return self
        if len(self.addresses) >= MAX_ADDRESSES:
            raise TooManyAddresses(MAX_ADDRESSES)
        return self._with_address(address_id, address, at)

    def with_replaced_address(self, address_id: str, address: Address, at: str) -> "Customer":
        """The customer with another address under a known id; the same object if nothing is new.

        Raises:
            UnknownCountry, AddressNotFound
        """
        _require_country(address)
        if address_id not in self.addresses:
            raise AddressNotFound(address_id)
        if address == self.addresses[address_id]:
            return self
        return self._with_address(address_id, address, at)

    def id_of(self, address: Address) -> str:
        """The id under which the customer has this address. Raises StopIteration if it has not."""
        return next(its_id for its_id, known in self.addresses.items() if known == address)

    def _with_address(self, address_id: str, address: Address, at: str) -> "Customer":
        addresses = {**self.addresses, address_id: address}
        return replace(self, addresses=addresses, version=self.version + 1, updated_at=at)


@dataclass(frozen=True, slots=True)
class Tombstone:
    """All that is left of a customer: that there was one, when it was forgotten, and by whose call.

    ``causation_id`` is the id of the request.
    """

    customer_id: str
    forgotten_at: str
    correlation_id: str
    causation_id: str
    traceparent: str


def _require_country(address: Address) -> None:
    if address.country not in COUNTRIES:
        raise UnknownCountry(address.country)
