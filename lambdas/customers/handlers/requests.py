"""What the customers API accepts, what it shows, and how its refusals read.

Patterns end in ``\\Z``: Python's ``$`` would let a newline through.
"""

import re
from typing import Annotated, Any

import msgspec

from customers.domain.customer import Address, Contact, Customer
from customers.domain.errors import (
    AddressNotFound,
    CustomerForgotten,
    CustomerNotRegistered,
    ProfileContended,
    TooManyAddresses,
    UnknownCountry,
    VersionMismatch,
)
from customers_language.references import customer_of_partner, is_reference
from shared.runtime import problems
from shared.runtime.api import Request, Response
from shared.runtime.patterns import Country, is_uuid
from shared.runtime.problems import Problem, Violation

LINE = r"^(?=.*\S)[^\x00-\x1f\x7f-\x9f\u2028\u2029]+\Z"
_LABEL = r"[^\s@.\x00-\x1f\x7f-\x9f]"
EMAIL = rf"^[^\s@\x00-\x1f\x7f-\x9f]{{1,64}}@({_LABEL}{{1,63}}\.)+{_LABEL}{{2,63}}\Z"
REFERENCE = "reference"
"""The parameter in partners' paths."""
_ETAG = re.compile(r'"([1-9][0-9]{0,8})"')

Line = Annotated[str, msgspec.Meta(min_length=1, max_length=200, pattern=LINE)]


class RegistrationForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of PUT of a profile."""

    name: Line
    email: Annotated[str, msgspec.Meta(max_length=254, pattern=EMAIL)]

    def contact(self) -> Contact:
        """In the domain's terms."""
        return Contact(self.name, self.email)


class AddressForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of POST and PUT below a profile's addresses."""

    street: Line
    city: Line
    postcode: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9 -]{0,15}\Z")]
    country: Country
    extra: Line | None = None

    def address(self) -> Address:
        """In the domain's terms."""
        return Address(self.street, self.city, self.postcode, self.country, self.extra)


def customer_id(request: Request) -> str:
    """Whose profile it is: the caller's own, or that of a customer whom the calling partner has.

    The gateway lets partners' tokens in on their paths alone. Raises a 404 problem when the
    reference does not have the form of one.
    """
    if REFERENCE not in request.path_parameters:
        return request.customer_id
    reference = request.path_parameters[REFERENCE]
    if not is_reference(reference):
        raise problems.not_found("customer", reference[:64])
    return customer_of_partner(request.customer_id, reference)


def profile_path(request: Request) -> str:
    """The profile's own path, as its caller knows it."""
    reference = request.path_parameters.get(REFERENCE)
    return f"/v1/partner-customers/{reference}" if reference else "/v1/customers/me"


def address_id(request: Request) -> str:
    """The address in the path. Raises a 404 problem when it is not the form of an id."""
    its_id = request.path_parameters.get("address_id", "")
    if not is_uuid(its_id):
        raise problems.not_found("address", its_id[:64])
    return its_id


def expected_version(request: Request) -> int | None:
    """The version that If-Match asks for, if it is there. Raises a 400 problem when malformed."""
    sent = request.headers.get("if-match")
    if sent is None:
        return None
    match = _ETAG.fullmatch(sent)
    if match is None:
        raise problems.invalid_request('If-Match: one ETag that this API gave out, such as "3"')
    return int(match[1])


def answer(status: int, customer: Customer, headers: dict[str, str] | None = None) -> Response:
    """The whole profile, with its version as ETag."""
    return Response(
        status, _document(customer), {"ETag": f'"{customer.version}"', **(headers or {})}
    )


def _document(customer: Customer) -> dict[str, Any]:
    return {
        "customer_id": customer.id,
        "version": customer.version,
        "name": customer.contact.name,
        "email": customer.contact.email,
        "addresses": [
            {"address_id": its_id, **msgspec.to_builtins(address)}
            for its_id, address in customer.addresses.items()
        ],
        "registered_at": customer.registered_at,
        "updated_at": customer.updated_at,
    }


def _version_mismatch(refusal: VersionMismatch) -> Problem:
    current = f"at version {refusal.current}" if refusal.current else "not there"
    return Problem(
        412,
        "profile-changed",
        "The profile is not as you have seen it",
        f"If-Match does not hold: the profile is {current}; read it again",
    )


ERRORS = {
    CustomerNotRegistered: lambda _e: Problem(
        404, "customer-not-found", "The customer is not registered", "register with PUT first"
    ),
    CustomerForgotten: lambda _e: Problem(
        410,
        "customer-forgotten",
        "The customer was forgotten",
        "nothing is kept under this sign-in or reference any more, nor will be; use a new one",
    ),
    AddressNotFound: lambda e: problems.not_found("address", e.address_id),
    TooManyAddresses: lambda e: Problem(
        409,
        "too-many-addresses",
        "There is no room for another address",
        f"there are {e.limit} addresses; replace one",
    ),
    UnknownCountry: lambda e: Problem(
        422,
        "unknown-country",
        "There is no such country",
        f"ISO 3166-1 assigns {e.code!r} to no country",
        [Violation("/country", "not an assigned ISO 3166-1 alpha-2 code")],
    ),
    VersionMismatch: _version_mismatch,
    ProfileContended: lambda _e: Problem(
        409,
        "conflict",
        "The profile is being changed by others",
        "it kept changing; try again",
        headers={"Retry-After": "1"},
    ),
}
