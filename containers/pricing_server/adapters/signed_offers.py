"""Signs with the key in Secrets Manager, which is read beside the calls, never by one of them."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from orders_language.quotes import Quote, QuotedLine, SigningKey, sign
from pricing_server.domain.errors import CannotSign
from pricing_server.domain.prices import Offer
from shared.runtime import clock, log
from shared.runtime.secrets import Secret, SecretUnavailable, Version


def _utc_now() -> datetime:
    return datetime.now(UTC)


class SignedOffers:
    """Implements ``pricing_server.ports.Signer``.

    A key that was rotated away goes on working at orders until the next rotation, so that it may be
    a minute old here.
    """

    def __init__(self, keys: Secret[SigningKey], now: Callable[[], datetime] = _utc_now) -> None:
        self._keys = keys
        self._now = now
        self._key: Version[SigningKey] | None = None

    @property
    def is_ready(self) -> bool:
        """Whether there is a key."""
        return self._key is not None

    def sign(self, offer: Offer) -> tuple[str, str]:
        """The quote and until when it holds. Raises CannotSign."""
        if self._key is None:
            raise CannotSign
        expires_at = clock.format_time(self._now() + timedelta(seconds=offer.valid_seconds))
        quote = Quote(
            customer_id=offer.customer_id,
            lines=tuple(QuotedLine(it.sku, it.quantity, it.unit_price) for it in offer.lines),
            currency=offer.currency,
            expires_at=expires_at,
        )
        return sign(quote, self._key), expires_at

    async def refresh(self) -> None:
        """Read the key again; what was there stays if it cannot be read."""
        try:
            found = await asyncio.to_thread(self._keys.fetch)
        except SecretUnavailable as unavailable:
            log.warning("nothing can be signed", reason=str(unavailable))
            return
        if self._key is None or found.id != self._key.id:
            log.info("signing key in force", version=found.id)
        self._key = found
