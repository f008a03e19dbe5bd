"""Quotes as pricing signs them, with a key from Secrets Manager."""

from collections.abc import Sequence

from orders.domain.errors import QuoteRefused, QuotesUnreadable
from orders.domain.order import RequestedLine
from orders_language.quotes import ForgedQuote, SigningKey, verify
from shared.runtime.secrets import SecretUnavailable, VersionedSecret


class SignedQuotes:
    """Implements ``orders.ports.Quotes``."""

    def __init__(self, keys: VersionedSecret[SigningKey]) -> None:
        self._keys = keys

    def unit_prices(
        self,
        quote: str,
        customer_id: str,
        lines: Sequence[RequestedLine],
        currency: str,
        now: str,
    ) -> Sequence[int]:
        """What it offers for each of the lines. Raises QuoteRefused, QuotesUnreadable."""
        try:
            terms = verify(quote, self._keys.version)
        except ForgedQuote as forged:
            raise QuoteRefused("it is not a quote that is known here") from forged
        except SecretUnavailable as unavailable:
            raise QuotesUnreadable from unavailable
        wanted = [(line.sku, line.quantity) for line in lines]
        if not terms.is_for(customer_id, wanted, currency):
            raise QuoteRefused("it was made for another customer, other lines or another currency")
        if terms.expires_at <= now:
            raise QuoteRefused("it has expired")
        return [line.unit_price for line in terms.lines]
