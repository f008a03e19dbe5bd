"""Leaves a payment provider alone that does not answer, and looks now and then whether it does.

Each provider has a circuit of its own: one that is down holds up nobody's payments with the other.
Its state belongs to one process. Each worker of a function finds out by itself: at most FAILURES
calls for each, which is cheaper than asking a shared state before every call, and one worker's bad
connection does not stop the others.
"""

import time
from collections.abc import Callable
from typing import TypeVar

from payments.domain.errors import CircuitOpen, ProviderUnavailable
from payments.domain.payment import Provider
from payments.ports import AuthorizationStatus, Authorized, Declined, PaymentProvider
from shared.runtime import log

FAILURES = 5
OPEN_SECONDS = 10.0
AnswerT = TypeVar("AnswerT")


class CircuitBreaker:
    """A ``payments.ports.PaymentProvider`` in front of another, which is called ``name``.

    Closed: every call goes through. After FAILURES in a row it opens: calls raise CircuitOpen
    without asking. After OPEN_SECONDS it is half open: one call is the probe; its success closes
    the circuit, its failure opens it for as long again. ``monotonic`` gives seconds.
    """

    def __init__(
        self,
        provider: PaymentProvider,
        name: Provider,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._provider = provider
        self._name = name
        self._monotonic = monotonic
        self._failures = 0
        self._opened_at: float | None = None

    def authorize(
        self, order_id: str, payer: str, amount: int, currency: str
    ) -> Authorized | Declined:
        """Hold the amount."""
        return self._ask(
            "authorize", lambda: self._provider.authorize(order_id, payer, amount, currency)
        )

    def capture(self, order_id: str, authorization_id: str) -> AuthorizationStatus:
        """Charge what is held."""
        return self._ask("capture", lambda: self._provider.capture(order_id, authorization_id))

    def void(self, order_id: str, authorization_id: str) -> AuthorizationStatus:
        """Let go of what is held."""
        return self._ask("void", lambda: self._provider.void(order_id, authorization_id))

    def refund(self, order_id: str, authorization_id: str) -> AuthorizationStatus:
        """Give back what was charged."""
        return self._ask("refund", lambda: self._provider.refund(order_id, authorization_id))

    def _ask(self, operation: str, call: Callable[[], AnswerT]) -> AnswerT:
        if self._opened_at is not None and self._monotonic() - self._opened_at < OPEN_SECONDS:
            raise CircuitOpen(operation, "the circuit is open")
        try:
            answer = call()
        except ProviderUnavailable:
            self._failures += 1
            if self._failures >= FAILURES:
                self._open()
            raise
        if self._opened_at is not None:
            log.info("circuit closed", provider=self._name)
        self._failures, self._opened_at = 0, None
        return answer

    def _open(self) -> None:
        self._opened_at = self._monotonic()
        log.error("circuit open", provider=self._name, failures=self._failures)
        log.metric("CircuitOpened", 1, provider=self._name)
