"""Payments in memory, with a lock where DynamoDB has a condition."""

import threading
from collections.abc import Callable

from payments.domain.payment import Payment


class InMemoryPayments:
    """Implements ``Payments``. ``meanwhile`` runs once before the next save."""

    def __init__(self) -> None:
        self.kept: dict[str, Payment] = {}
        self.meanwhile: Callable[[], object] | None = None
        self._lock = threading.Lock()

    def find(self, order_id: str) -> Payment | None:
        return self.kept.get(order_id)

    def save(self, payment: Payment) -> bool:
        others, self.meanwhile = self.meanwhile, None
        if others:
            others()
        with self._lock:
            known = self.kept.get(payment.order_id)
            if (known.version if known else 0) != payment.version - 1:
                return False
            self.kept[payment.order_id] = payment
            return True
