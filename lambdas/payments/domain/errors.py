"""Why a payment cannot go on.

PaymentError
 ├─ ProviderUnavailable      the provider did not answer: what was asked may have happened
 │   ├─ CircuitOpen          it is not even asked, since it did not answer lately
 │   └─ KeyRefused           it does not know our key, nor the one fetched after that
 ├─ ProviderBroken           its answer cannot be understood
 └─ Contended                others kept changing the same payment

All of them pass: the command comes again later. None is ever a refusal of the business.
"""

from dataclasses import dataclass


class PaymentError(Exception):
    """Any of them."""


@dataclass
class ProviderUnavailable(PaymentError):
    """``operation`` and what went wrong."""

    operation: str
    cause: str

    def __str__(self) -> str:
        return f"{self.operation}: {self.cause}"


class CircuitOpen(ProviderUnavailable):
    """Too many failures in a row; the provider is left alone for a while."""


class KeyRefused(ProviderUnavailable):
    """The secret does not hold a key that the provider knows."""


class ProviderBroken(PaymentError):
    """An answer that is not in the provider's contract."""


@dataclass
class Contended(PaymentError):
    """Every attempt met somebody else's."""

    order_id: str
