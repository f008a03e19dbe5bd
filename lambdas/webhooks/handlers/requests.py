"""What the API accepts, and how its refusals read."""

import re
from typing import Annotated

import msgspec

from customers_language.references import is_reference
from shared.runtime import problems
from shared.runtime.api import Request
from shared.runtime.problems import Problem, Violation
from webhooks.domain.notices import BadSecret, key_of
from webhooks.domain.receivers import LONGEST
from webhooks.ports import Endpoint, Forgotten, Refused

_PARTNER = re.compile("[0-9a-f]{64}")


class EndpointForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of PUT of an endpoint."""

    url: Annotated[str, msgspec.Meta(min_length=12, max_length=LONGEST)]
    secret: Annotated[str, msgspec.Meta(pattern=r"^whsec_[A-Za-z0-9+/]{32,88}={0,2}\Z")]

    def endpoint(self) -> Endpoint:
        """In the service's terms. Raises a 400 problem: the secret is none."""
        try:
            key_of(self.secret)
        except BadSecret as bad:
            raise problems.invalid_request(
                "the body breaks the contract",
                Violation("/secret", "24 to 64 random bytes in base64, after whsec_"),
            ) from bad
        return Endpoint(self.url, self.secret)


def partner(request: Request) -> str:
    """Whom the path names, as a partner of whoever calls: no two callers have one in common.

    Raises a 404 problem when it is no partner's name.
    """
    named = request.path_parameters.get("partner", "")
    if not _PARTNER.fullmatch(named):
        raise problems.not_found("partner", named[:64])
    return f"{request.customer_id}/{named}"


def reference(request: Request) -> str:
    """What the path calls the customer. Raises a 404 problem when it is no reference."""
    named = request.path_parameters.get("reference", "")
    if not is_reference(named):
        raise problems.not_found("customer", named[:64])
    return named


ERRORS = {
    Refused: lambda e: Problem(
        422,
        "endpoint-refused",
        "The endpoint cannot be used",
        str(e),
        [Violation("/url", str(e))],
    ),
    Forgotten: lambda _e: Problem(
        410,
        "customer-forgotten",
        "The customer was forgotten",
        "nothing is told of this customer's orders any more, nor will be",
    ),
}
