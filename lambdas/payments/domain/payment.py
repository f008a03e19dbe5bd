"""The payment of an order: which state it is in, and which may follow."""

from dataclasses import dataclass, replace
from enum import StrEnum


class Status(StrEnum):
    """``authorizing`` is written before the provider is asked: from then on it may have happened.

    A voided payment without an authorization is a tombstone: the undo came before the do.
    """

    AUTHORIZING = "authorizing"
    AUTHORIZED = "authorized"
    DECLINED = "declined"
    CAPTURED = "captured"
    VOIDED = "voided"
    EXPIRED = "expired"
    REFUNDED = "refunded"


MAY_FOLLOW: dict[Status, frozenset[Status]] = {
    Status.AUTHORIZING: frozenset({Status.AUTHORIZED, Status.DECLINED}),
    Status.AUTHORIZED: frozenset({Status.CAPTURED, Status.VOIDED, Status.EXPIRED, Status.REFUNDED}),
    Status.DECLINED: frozenset(),
    Status.CAPTURED: frozenset({Status.REFUNDED}),
    Status.VOIDED: frozenset(),
    Status.EXPIRED: frozenset(),
    Status.REFUNDED: frozenset(),
}
"""What money can go through, one step or several: what was charged is never only let go."""


class Provider(StrEnum):
    """Who can move the money. New payments begin with one of them, and stay with it to the end."""

    PRIMARY = "primary"
    BACKUP = "backup"


@dataclass(frozen=True, slots=True)
class Payment:
    """One for each order, for ever. Amounts are minor units of ``currency``.

    ``version`` counts the changes, so that of two workers only one makes the next. ``provider`` is
    fixed before it is asked for the first time: whoever is asked for new payments later, this one's
    money is there and nowhere else. ``expires_at`` is when the provider lets an authorization go,
    RFC 3339.
    """

    order_id: str
    status: Status
    version: int = 1
    payer: str = ""
    amount: int = 0
    currency: str = ""
    authorization_id: str | None = None
    expires_at: str | None = None
    captured: int = 0
    refunded: int = 0
    reason: str | None = None
    provider: Provider = Provider.PRIMARY

    @classmethod
    def begin(
        cls,
        order_id: str,
        payer: str,
        amount: int,
        currency: str,
        provider: Provider = Provider.PRIMARY,
    ) -> "Payment":
        """Before the provider is asked for the first time."""
        return cls(
            order_id,
            Status.AUTHORIZING,
            payer=payer,
            amount=amount,
            currency=currency,
            provider=provider,
        )

    @classmethod
    def never_made(cls, order_id: str) -> "Payment":
        """A tombstone: it is undone before it was done, so that it never will be."""
        return cls(order_id, Status.VOIDED)

    @property
    def voided(self) -> int:
        """How much of an authorization was given back without having been captured."""
        return self.amount if self.status is Status.VOIDED and self.authorization_id else 0

    def may_become(self, status: Status) -> bool:
        """Whether that can be so next."""
        return status in MAY_FOLLOW[self.status]

    def authorized(self, authorization_id: str, expires_at: str) -> "Payment":
        """The provider holds the amount."""
        return self._next(
            Status.AUTHORIZED, authorization_id=authorization_id, expires_at=expires_at
        )

    def declined(self, reason: str) -> "Payment":
        """The provider will not hold the amount."""
        return self._next(Status.DECLINED, reason=reason)

    def capture(self) -> "Payment":
        """The amount is charged."""
        return self._next(Status.CAPTURED, captured=self.amount)

    def void(self) -> "Payment":
        """The amount is held no longer, and was never charged."""
        return self._next(Status.VOIDED)

    def expire(self) -> "Payment":
        """The provider let go of the amount by itself."""
        return self._next(Status.EXPIRED)

    def refund(self) -> "Payment":
        """The charged amount was given back."""
        return self._next(Status.REFUNDED, captured=self.amount, refunded=self.amount)

    def _next(self, status: Status, **changes: object) -> "Payment":
        return replace(self, status=status, version=self.version + 1, **changes)  # type: ignore[arg-type]
