"""What payments need from outside: a payment provider, and a place to keep what is known."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from payments.domain.payment import Payment, Provider


@dataclass(frozen=True, slots=True)
class Authorized:
    """The provider holds the amount until ``expires_at``."""

    authorization_id: str
    expires_at: str


@dataclass(frozen=True, slots=True)
class Declined:
    """The provider says no, for good."""

    reason: str


class AuthorizationStatus(StrEnum):
    """What an authorization is at the provider, after an operation or instead of it."""

    AUTHORIZED = "authorized"
    CAPTURED = "captured"
    VOIDED = "voided"
    EXPIRED = "expired"
    REFUNDED = "refunded"


class PaymentProvider(Protocol):
    """Each operation has an idempotency key of its own, the order and the operation's name.

    So asking again is harmless, and the way to learn what came of an operation whose answer was
    lost. Every operation raises ProviderUnavailable if its outcome is unknown.
    """

    def authorize(
        self, order_id: str, payer: str, amount: int, currency: str
    ) -> Authorized | Declined:
        """Hold the amount."""

    def capture(self, order_id: str, authorization_id: str) -> AuthorizationStatus:
        """Charge what is held; anything but CAPTURED says why that is not possible."""

    def void(self, order_id: str, authorization_id: str) -> AuthorizationStatus:
        """Let go of what is held; anything but VOIDED says why that is not possible."""

    def refund(self, order_id: str, authorization_id: str) -> AuthorizationStatus:
        """Give back what was charged; anything but REFUNDED says why that is not possible."""


Providers = Mapping[Provider, PaymentProvider]
"""The way to each of them."""


class Payments(Protocol):
    """The payments by order."""

    def find(self, order_id: str) -> Payment | None:
        """What is known, strongly consistent."""

    def save(self, payment: Payment) -> bool:
        """Keep it if the version before it is the one kept now; false if it is not."""
