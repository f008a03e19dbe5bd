"""What pricing keeps in memory is read beside the calls: its key, and the prices in force.

An event loop has a pair of sockets, which unit tests may not have.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from orders_language.quotes import SigningKey, verify
from pricing_language.documents import Flags, Settings
from pricing_server import queries
from pricing_server.adapters.configured_prices import ConfiguredPrices, listed
from pricing_server.adapters.signed_offers import SignedOffers
from pricing_server.domain.errors import CannotSign
from pricing_server.domain.prices import Line, offer
from shared.runtime.secrets import SecretUnavailable, Version

NOW = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)
SENCHA = Line("TEA-SENCHA", 2)


class Keys:
    """Versions of the signing secret; None is an outage."""

    def __init__(self, *versions: str | None) -> None:
        self._versions = list(versions)

    def fetch(self) -> Version[SigningKey]:
        version = self._versions.pop(0)
        if version is None:
            raise SecretUnavailable("arn: Throttled")
        return key(version)


def key(version: str) -> Version[SigningKey]:
    return Version(version, SigningKey(f"{version}-".ljust(40, "k")))


def signer(*versions: str | None) -> SignedOffers:
    return SignedOffers(Keys(*versions), now=lambda: NOW)  # type: ignore[arg-type]


def test_orders_believes_the_quote_and_reads_the_same_offer() -> None:
    signing = signer("v-7")
    asyncio.run(signing.refresh())
    signed = queries.quote(ConfiguredPrices(), signing, "c-1", [SENCHA], "EUR")
    read = verify(signed.quote, {"v-7": key("v-7")}.get)
    assert read.is_for("c-1", [("TEA-SENCHA", 2)], "EUR")
    assert read.lines[0].unit_price == 1190
    assert read.expires_at == signed.expires_at == "2026-12-01T09:05:00.000Z"


def test_without_a_key_nothing_is_signed_and_an_outage_keeps_the_last_one() -> None:
    signing = signer(None, "v-1", None, "v-2")
    made = offer(listed(Settings(), Flags(), revision=1), "c", [SENCHA], "EUR")
    asyncio.run(signing.refresh())
    assert not signing.is_ready
    with pytest.raises(CannotSign):
        signing.sign(made)
    for in_force in ("v-1", "v-1", "v-2"):
        asyncio.run(signing.refresh())
        assert signing.sign(made)[0].partition(".")[0] == in_force


def test_who_watches_sees_what_is_in_force_and_then_the_changes_alone() -> None:
    documents = [(Settings(prices={"MUG-RED": {"EUR": 999}}), Flags())]

    async def watching() -> list[object]:
        prices = ConfiguredPrices(read=lambda: documents[-1])
        changes = queries.watch(prices, "EUR", ["MUG-RED", "MUG-BLUE"])
        first = await anext(changes)
        await prices.refresh()
        await prices.refresh()  # nothing has changed
        second = await anext(changes)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(anext(changes), 0.01)
        return [first, second]

    assert asyncio.run(watching()) == [
        (1, {"MUG-BLUE": 1290, "MUG-RED": 1290}),
        (2, {"MUG-RED": 999}),
    ]
