"""What partners needs of others, and how they fail."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from partners.domain.orders import Line

QUOTES_UNREADABLE = "quotes-unreadable"
"""Orders cannot read quotes: it answers so, and takes an order without one."""


@dataclass(eq=False)
class Silent(Exception):
    """Somebody does not answer, or is not asked for a while because of that.

    Whether what was asked for has happened is not known.
    """

    who: str
    retry_after: int = 1


class NoQuote(Exception):
    """Pricing made no offer: the price list counts."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a service answered: a success, or a refusal of what was asked."""

    status: int
    document: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        """The last part of a problem document's type; empty where there is none."""
        document = self.document if isinstance(self.document, dict) else {}
        return str(document.get("type", "")).rpartition("/")[2]


class Pricing(Protocol):
    """Offers signed prices."""

    async def quote(self, customer_id: str, lines: Sequence[Line], currency: str) -> str:
        """Raises NoQuote."""


class Shelves(Protocol):
    """Knows what is there to be sold."""

    async def availability(self, skus: Sequence[str]) -> Mapping[str, str]:
        """``plenty``, ``few`` or ``none`` by SKU. Raises Silent."""


class Api(Protocol):
    """Another service's API."""

    async def send(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Raises Silent."""


class Machine(Protocol):
    """The machine client by which the other services know us."""

    async def customer_id(self, reference: str) -> str:
        """The id of the customer whom the other services know by this reference. Raises Silent."""
