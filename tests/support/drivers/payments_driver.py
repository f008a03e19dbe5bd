"""Payments as tests see them: the providers' test interfaces, and the table."""

from __future__ import annotations

from typing import Any

from payments.adapters.dynamodb_payments import DynamoDbPayments
from payments.domain.payment import Payment
from tests.support.drivers.offline import Deployment
from tools.emulator.payment_provider import PaymentProvider

MONEY: dict[str, Any] = {"amount": 1290, "currency": "EUR"}
AUTHORIZE: dict[str, Any] = {"customer_id": "customer-1", **MONEY}


class PaymentsDriver:
    """The deployed table behind the real adapter, and the providers that the worker speaks with."""

    def __init__(self, deployment: Deployment) -> None:
        table = deployment.named("payments", "tables", "Payments")
        self.payments = DynamoDbPayments(deployment.cloud.client("dynamodb"), table)
        self.provider, self.backup = PaymentProvider.all_of(deployment.emulator.workspace)

    def payment(self, order_id: str) -> Payment:
        """What payments knows of an order."""
        found = self.payments.find(order_id)
        assert found is not None
        return found

    def charge(self, order_id: str) -> dict[str, Any]:
        """The one authorization of an order, wherever it is."""
        (charge,) = [*self.provider.charges(order_id), *self.backup.charges(order_id)]
        return charge
