"""A payment provider in memory: one answer for each idempotency key, and answers that get lost.

It can also be made to say what no provider should.
"""

from collections.abc import Callable
from typing import TypeVar

from payments.domain.errors import ProviderUnavailable
from payments.ports import AuthorizationStatus, Authorized, Declined

AnswerT = TypeVar("AnswerT")
EXPIRES_AT = "2026-12-08T12:00:00.000Z"


class FakeProvider:
    """Implements ``PaymentProvider``.

    ``declines`` is for new authorizations. ``loses`` and ``fails`` count the calls whose answer is
    lost, or which are not carried out at all. ``says`` is what it answers to an operation by name,
    whatever it was that happened to the money.
    """

    def __init__(self) -> None:
        self.authorizations: dict[str, AuthorizationStatus] = {}
        self.amounts: dict[str, int] = {}
        self.calls: list[str] = []
        self.declines = False
        self.loses = 0
        self.fails = 0
        self.says: dict[str, AuthorizationStatus] = {}
        self._answers: dict[tuple[str, str], object] = {}

    def authorize(
        self, order_id: str, payer: str, amount: int, currency: str
    ) -> Authorized | Declined:
        def work() -> Authorized | Declined:
            if self.declines:
                return Declined("insufficient-funds")
            authorization_id = f"auth-{len(self.authorizations) + 1}"
            self.authorizations[authorization_id] = AuthorizationStatus.AUTHORIZED
            self.amounts[authorization_id] = amount
            return Authorized(authorization_id, EXPIRES_AT)

        return self._once("authorize", order_id, work)

    def capture(self, order_id: str, authorization_id: str) -> AuthorizationStatus:
        return self._change(
            "capture",
            order_id,
            authorization_id,
            AuthorizationStatus.AUTHORIZED,
            AuthorizationStatus.CAPTURED,
        )

    def void(self, order_id: str, authorization_id: str) -> AuthorizationStatus:
        return self._change(
            "void",
            order_id,
            authorization_id,
            AuthorizationStatus.AUTHORIZED,
            AuthorizationStatus.VOIDED,
        )

    def refund(self, order_id: str, authorization_id: str) -> AuthorizationStatus:
        return self._change(
            "refund",
            order_id,
            authorization_id,
            AuthorizationStatus.CAPTURED,
            AuthorizationStatus.REFUNDED,
        )

    def expire_all(self) -> None:
        """Every authorization that was not captured is let go."""
        for authorization_id, status in self.authorizations.items():
            if status is AuthorizationStatus.AUTHORIZED:
                self.authorizations[authorization_id] = AuthorizationStatus.EXPIRED

    def _change(
        self,
        operation: str,
        order_id: str,
        authorization_id: str,
        needed: AuthorizationStatus,
        then: AuthorizationStatus,
    ) -> AuthorizationStatus:
        def work() -> AuthorizationStatus:
            if self.authorizations[authorization_id] is needed:
                self.authorizations[authorization_id] = then
            return self.authorizations[authorization_id]

        answer = self._once(operation, order_id, work)
        return self.says.get(operation, answer)

    def _once(self, operation: str, order_id: str, work: Callable[[], AnswerT]) -> AnswerT:
        self.calls.append(operation)
        if self.fails:
            self.fails -= 1
            raise ProviderUnavailable(operation, "out of order")
        answer = self._answers.setdefault((operation, order_id), work)
        if answer is work:
            answer = self._answers[operation, order_id] = work()
        if self.loses:
            self.loses -= 1
            raise ProviderUnavailable(operation, "the answer was lost")
        return answer  # type: ignore[return-value]
