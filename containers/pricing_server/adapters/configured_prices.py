"""Prices from AppConfig: the agent beside the server is asked beside the calls."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

from pricing_language.documents import FLAGS, LIST_PRICES, SETTINGS, Flags, Settings
from pricing_server.domain.prices import Discount, PriceList
from shared.runtime import log
from shared.runtime.configuration import current


def _documents() -> tuple[Settings, Flags]:
    return current(SETTINGS), current(FLAGS)


class ConfiguredPrices:
    """Implements ``pricing_server.ports.Prices``: the packaged list until a document was read."""

    def __init__(self, read: Callable[[], tuple[Settings, Flags]] = _documents) -> None:
        self._read = read
        self._current = listed(Settings(), Flags(), revision=1)
        self._changed = asyncio.Condition()

    def current(self) -> PriceList:
        """As they are now."""
        return self._current

    async def changed_since(self, revision: int) -> PriceList:
        """Waits for a list that is newer than that."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._current.revision > revision)
            return self._current

    async def refresh(self) -> None:
        """Ask the agent. What is not there or not right changes nothing."""
        settings, flags = await asyncio.to_thread(self._read)
        found = listed(settings, flags, revision=self._current.revision)
        if found == self._current:
            return
        async with self._changed:
            self._current = replace(found, revision=self._current.revision + 1)
            self._changed.notify_all()
        log.info("prices in force", revision=self._current.revision)


def listed(settings: Settings, flags: Flags, *, revision: int) -> PriceList:
    """The documents as the domain knows them."""
    volume = flags.volume_discount
    return PriceList(
        prices={
            sku: {**prices, **settings.prices.get(sku, {})} for sku, prices in LIST_PRICES.items()
        },
        discount=Discount(volume.from_quantity, volume.basis_points)
        if volume.enabled
        else Discount(),
        valid_seconds=settings.quote_valid_seconds,
        revision=revision,
    )
