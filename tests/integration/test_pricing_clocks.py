"""Whoever signs a quote and whoever takes it may have clocks that differ by what an offer holds."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from orders.adapters.signed_quotes import SignedQuotes
from orders.domain.errors import QuoteRefused
from orders.domain.order import RequestedLine
from orders_language.quotes import SigningKey
from pricing_language.documents import Flags, Settings
from pricing_server.adapters.configured_prices import listed
from pricing_server.adapters.signed_offers import SignedOffers
from pricing_server.domain.prices import Line, offer
from shared.runtime import clock
from shared.runtime.secrets import Version

NOW = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)
KEY = Version("v-1", SigningKey("k" * 40))


class Keys:
    """Both sides' way to the one key."""

    def fetch(self) -> Version[SigningKey]:
        return KEY

    def version(self, name: str) -> Version[SigningKey] | None:
        return KEY if name == KEY.id else None


def taken(settings: Settings, signers_clock: timedelta) -> list[int]:
    """Signed by a clock that goes wrong by so much, and taken at once by one that is right."""
    signing = SignedOffers(Keys(), now=lambda: NOW + signers_clock)  # type: ignore[arg-type]
    asyncio.run(signing.refresh())
    made = offer(listed(settings, Flags(), revision=1), "c", [Line("TEA-SENCHA", 2)], "EUR")
    quote, _ = signing.sign(made)
    orders = SignedQuotes(Keys())  # type: ignore[arg-type]
    lines = [RequestedLine("TEA-SENCHA", 2)]
    return list(orders.unit_prices(quote, "c", lines, "EUR", clock.format_time(NOW)))


SHORTEST = Settings(quote_valid_seconds=60)


@pytest.mark.parametrize("seconds", [-59, -1, 0, 1, 3600])
def test_within_a_minute_of_each_other_the_shortest_offer_is_taken(seconds: int) -> None:
    assert taken(SHORTEST, timedelta(seconds=seconds)) == [1190]


@pytest.mark.parametrize(
    ("settings", "seconds"), [(SHORTEST, -60), (SHORTEST, -3600), (Settings(), -300)]
)
def test_a_signer_that_is_further_behind_than_an_offer_holds_is_refused_as_expired(
    settings: Settings, seconds: int
) -> None:
    with pytest.raises(QuoteRefused, match="it has expired"):
        taken(settings, timedelta(seconds=seconds))
