"""Why the domain refuses. No error holds anything about a person but the customer's id.

CustomerError
 ├─ CustomerNotRegistered    nothing is kept under this id
 ├─ CustomerForgotten        this id was forgotten, and stays so
 ├─ AddressNotFound          the customer has no address with this id
 ├─ TooManyAddresses         the customer has as many as one may have
 ├─ UnknownCountry           ISO 3166 has no such code
 ├─ VersionMismatch          the profile is not at the version that the caller has seen
 └─ ProfileContended         other changes kept winning
"""

from dataclasses import dataclass


class CustomerError(Exception):
    """Any refusal of this domain."""


class CustomerNotRegistered(CustomerError):
    """Nothing is kept under this id."""


class CustomerForgotten(CustomerError):
    """This id was forgotten: nothing is kept under it any more, and nothing ever will be."""


@dataclass
class AddressNotFound(CustomerError):
    """The customer has no address with this id."""

    address_id: str


@dataclass
class TooManyAddresses(CustomerError):
    """The customer has ``limit`` addresses already."""

    limit: int


@dataclass
class UnknownCountry(CustomerError):
    """The code has the form of a country's, but no country has it."""

    code: str


@dataclass
class VersionMismatch(CustomerError):
    """The profile is at version ``current`` (none: there is no profile), not where it was seen."""

    current: int | None


class ProfileContended(CustomerError):
    """Other changes of the same profile kept winning; the caller may try again."""
