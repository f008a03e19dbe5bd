"""Answers: a signed offer, and the prices that somebody watches."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass

from pricing_server.domain.prices import Line, Offer, offer, watched
from pricing_server.ports import Prices, Signer


@dataclass(frozen=True, slots=True)
class SignedOffer:
    """An offer as the customer carries it to orders."""

    offer: Offer
    quote: str
    expires_at: str


def quote(
    prices: Prices, signer: Signer, customer_id: str, lines: Sequence[Line], currency: str
) -> SignedOffer:
    """Raises Invalid, CannotSign."""
    made = offer(prices.current(), customer_id, lines, currency)
    signed, expires_at = signer.sign(made)
    return SignedOffer(made, signed, expires_at)


async def watch(
    prices: Prices, currency: str, skus: Sequence[str]
) -> AsyncIterator[tuple[int, Mapping[str, int]]]:
    """Revision and prices: all of them first, then those that changed, without an end.

    Raises:
        Invalid: the currency or a SKU is none of ours.
    """
    listed = prices.current()
    known = watched(listed, currency, skus)
    yield listed.revision, known
    while True:
        listed = await prices.changed_since(listed.revision)
        now = watched(listed, currency, skus)
        if changed := {sku: price for sku, price in now.items() if known.get(sku) != price}:
            yield listed.revision, changed
        known = now
