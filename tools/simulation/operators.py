"""The operators of a run: they fill the shelves, register customers, and resume what is stuck."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from fulfilment.adapters.dynamodb_sagas import LOOK
from tools.simulation.deployment import Deployment
from tools.simulation.shop import CUSTOMERS, SKUS
from tools.simulation.world import World

PIECES = 8
"""Of each SKU at first: some orders find none left."""
LOOKS_EVERY = 300.0
"""Virtual seconds between two looks for stuck sagas."""
Json = dict[str, Any]


class Operators:
    """``is_ready`` once the system may take orders; ``resumed`` is how many sagas were helped."""

    def __init__(self, world: World, deployment: Deployment) -> None:
        self._world = world
        self._deployment = deployment
        self.is_ready = False
        self.resumed = 0

    def prepare(self) -> None:
        """Before anything can fail."""
        self._world.spawn("operator", self._prepare, self._prepared)

    def watch(self) -> None:
        """Every few minutes, resume what waits for an operator."""
        self._world.after(LOOKS_EVERY, self.watch)
        self._world.spawn("operator", self._resume_what_is_stuck)

    def _prepare(self) -> None:
        # Else the first look for orders without a saga goes back three weeks, hour by hour.
        looked = datetime.fromtimestamp(self._world.now, UTC).isoformat(timespec="milliseconds")
        sagas = self._deployment.table("fulfilment", "Sagas")
        item = {name: {"S": LOOK} for name in sagas.key}
        item["looked_until"] = {"S": looked.replace("+00:00", "Z")}
        self._deployment.dynamodb.put_item({"TableName": sagas.name, "Item": item})
        deliveries = [{"delivery_id": "first", "sku": it, "quantity": PIECES} for it in SKUS]
        self._ask("inventory-Restock", {"deliveries": deliveries})
        for customer in CUSTOMERS:
            request = {
                "httpMethod": "PUT",
                "resource": "/v1/customers/me",
                "path": "/v1/customers/me",
                "headers": {"Content-Type": "application/json"},
                "requestContext": {
                    "requestId": customer,
                    "authorizer": {"claims": {"sub": customer}},
                },
                "body": json.dumps({"name": "A Customer", "email": "customer@example.com"}),
            }
            answer, _ = self._ask("customers-RegisterCustomer", request)
            assert answer["statusCode"] == 201, answer

    def _prepared(self, _answer: Any, error: BaseException | None) -> None:
        if error is not None:
            raise error
        self.is_ready = True

    def _resume_what_is_stuck(self) -> None:
        answer, error = self._ask("fulfilment-ListStuck", {})
        if error is not None:
            return
        for saga in answer["stuck"]:
            _, error = self._ask("fulfilment-Resume", {"order_id": saga["order_id"]})
            self.resumed += error is None

    def _ask(self, function: str, event: Json) -> tuple[Any, str | None]:
        world, caller = self._world, self._world.current
        assert caller is not None
        turn = caller.turn

        def ended(answer: Any, error: str | None) -> None:
            world.after(0.0, lambda: caller.resume((answer, error), turn))

        self._deployment.functions.invoke(function, event, ended, vulnerable=False)
        answered: tuple[Any, str | None] = world.wait()
        return answered
