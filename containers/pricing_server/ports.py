"""What pricing needs of others."""

from typing import Protocol

from pricing_server.domain.prices import Offer, PriceList


class Prices(Protocol):
    """The prices in force, kept in memory: to ask costs nothing."""

    def current(self) -> PriceList:
        """As they are now."""

    async def changed_since(self, revision: int) -> PriceList:
        """Waits for a list that is newer than that."""


class Signer(Protocol):
    """Signs offers so that orders believes them."""

    def sign(self, offer: Offer) -> tuple[str, str]:
        """The quote, and until when it holds (RFC 3339, UTC). Raises CannotSign."""
