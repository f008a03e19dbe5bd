"""What webhooks needs of the outside."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a partner is told. While it is paused, until a time in seconds since 1970, nobody
    calls: it did not take what was sent.
    """

    url: str
    secret: str = field(repr=False)
    paused_until: int = 0


class Endpoints(Protocol):
    """Partners' endpoints, one for each."""

    def keep(self, partner: str, endpoint: Endpoint) -> None:
        """In place of another."""

    def of(self, partner: str) -> Endpoint | None:
        """As it is now."""

    def remove(self, partner: str) -> None:
        """Nothing is told there any more."""

    def failed(self, partner: str, url: str, now: int) -> None:
        """Pause it, twice as long as the last time; another URL than this is not to blame."""

    def took(self, partner: str, url: str) -> None:
        """It is well: a next failure pauses it shortly."""


class Customers(Protocol):
    """Whose customers those are whom partners have registered."""

    def link(self, customer_id: str, partner: str) -> None:
        """Tell this partner of the customer's orders. Raises Forgotten."""

    def partner_of(self, customer_id: str) -> str | None:
        """None: nobody is told of this customer's orders."""

    def forget(self, customer_id: str) -> None:
        """Nothing but the id stays, for good."""


class Deliveries(Protocol):
    """What has been told, by the event's id."""

    def claim(self, id: str, partner: str) -> bool:
        """Take it on; False if it was delivered before. Raises BeingSent."""

    def settle(self, id: str) -> None:
        """It was delivered."""

    def let_go(self, id: str) -> None:
        """It was not; who comes next may try at once."""


class Orders(Protocol):
    """The way to whose an order is."""

    def customer_of(self, order_id: str) -> str | None:
        """The customer's id; None if there is no such order. Raises Unavailable."""


class Receivers(Protocol):
    """The way out to the internet."""

    def post(self, endpoint: Endpoint, headers: Mapping[str, str], body: bytes) -> bytes:
        """The beginning of the answer to a request that was taken. Raises NotTaken."""


class Forgotten(Exception):
    """The customer was forgotten, and is so for good."""


class BeingSent(Exception):
    """Another worker is sending this very notice, or died doing so a moment ago."""


class Unavailable(Exception):
    """Another service answered with an error; trying again later may help."""


class NotTaken(Exception):
    """The receiver did not take it; says how, and quotes nothing."""


class Paused(Exception):
    """The receiver did not take the last one: it is asked again later."""


class Refused(Exception):
    """No endpoint: the URL may not be called, or who is there does not answer the challenge."""


class GivenUp(Exception):
    """The receiver has not taken it for a day."""
