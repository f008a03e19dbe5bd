"""Places the orders that faults, load and tour need, as a customer does."""

from __future__ import annotations

import time
from typing import Any

from tools.base.errors import OfflineError
from tools.local import tokens
from tools.local.demo_order import DemoOrder
from tools.local.faults.deployed import Deployed
from tools.local.load import body_of

TOKEN_SECONDS = 600.0


class Ordering:
    """A customer of the deployed system, who stays logged in."""

    def __init__(self, deployed: Deployed) -> None:
        self._deployed = deployed
        self._token: tuple[str, str, float] = ("", "", 0.0)

    def place(self, kind: str) -> bool:
        """Place an order of a kind of ``tools.local.load``; whether it was accepted."""
        status, answer = self._post(kind)
        if status == 202 and kind == "cancelled":
            path = f"/v1/orders/{answer['order_id']}/cancellation"
            self._customer.call("POST", "orders", path, {"reason": "changed_mind"})
        return status == 202

    def placed(self) -> str:
        """The id of a new order that nothing is wrong with.

        Raises:
            OfflineError: it was not accepted.
        """
        status, answer = self._post("good")
        if status != 202:
            raise OfflineError(f"the order was not accepted: {status} {answer.get('detail', '')}")
        order_id: str = answer["order_id"]
        return order_id

    def state(self, order_id: str) -> dict[str, Any]:
        """``{status, reason, ...}`` as the order's own history has it."""
        _, history = self._customer.call("GET", "orders", f"/v1/orders/{order_id}/history")
        state: dict[str, Any] = history["state"]
        return state

    def view(self, order_id: str) -> dict[str, Any] | None:
        """The order as the read model has it; None if it has none yet."""
        status, found = self._customer.call("GET", "order-views", f"/v1/orders/{order_id}")
        return found if status == 200 else None

    def _post(self, kind: str) -> tuple[int, Any]:
        return self._customer.call("POST", "orders", "/v1/orders", body_of(kind))

    @property
    def _customer(self) -> DemoOrder:
        deployed = self._deployed
        endpoint, token, until = self._token
        if endpoint != deployed.cloud.endpoint or time.monotonic() > until:
            token = tokens.token(deployed.outputs, deployed.cloud, deployed.workspace)
            self._token = (deployed.cloud.endpoint, token, time.monotonic() + TOKEN_SECONDS)
        return DemoOrder(deployed.outputs, deployed.cloud, token)
