"""The tour's first four steps: an order, and what becomes of orders when something goes wrong."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tools.local.faults.at_the_log import PoisonRecord
from tools.local.faults.deployed import Deployed
from tools.local.faults.desk import Desk
from tools.local.faults.guide import Step, StepFailed, Walk
from tools.local.faults.ordering import Ordering

SILENT = "tern-post"
"""The carrier that is silenced: the cheapest, which is booked as long as it answers."""


class OrderSteps:
    """They cause faults as an operator does, and undo them when they end, however they end."""

    def __init__(self, deployed: Deployed, desk: Desk, ordering: Ordering) -> None:
        self._deployed = deployed
        self._desk = desk
        self._ordering = ordering

    def steps(self) -> tuple[Step, ...]:
        """In the order of the tour."""
        return (
            Step(
                "place",
                "Place an order",
                "An order becomes an event. The log carries it to the read model and the saga, "
                "which has stock held, payment authorized, a shipment booked and money captured.",
                self._place,
            ),
            Step(
                "decline",
                "Decline a payment",
                "The saga undoes what it has done: the stock is free again, the order is rejected, "
                "and no money moved.",
                self._decline,
            ),
            Step(
                "silence",
                "Silence a carrier",
                "Three carriers are asked for quotes at the same time. One says nothing, and at "
                "the deadline of 10 s the best of the others is booked.",
                self._silence,
            ),
            Step(
                "poison",
                "Poison a record, and redrive it",
                "A record that nobody can apply stops one order and no other. It is parked with "
                "its reason, and a redrive reads the order's own history in its place.",
                self._poison,
            ),
        )

    def _place(self, walk: Walk, _: str) -> None:
        order_id = self._placed(walk)
        self._ended(walk, order_id, "confirmed")
        view = walk.until(
            lambda: (it := self._ordering.view(order_id)) and it["status"] == "confirmed" and it,
            "the read model has the order confirmed",
        )
        walk.tell(f"The read model has it too, at version {view['version']}.", "#/consumers")
        self._capture(walk, order_id, captured=True)

    def _decline(self, walk: Walk, operator: str) -> None:
        with self._caused(walk, "declined-payment", "next", operator):
            order_id = self._placed(walk)
            self._ended(walk, order_id, "rejected")
        held = self._reservation(order_id)
        if held != "released":
            raise StepFailed(f"the stock of {order_id} is {held}, and should be released")
        walk.tell("Inventory has released the stock.", "#/services/inventory")
        self._capture(walk, order_id, captured=False)

    def _silence(self, walk: Walk, operator: str) -> None:
        with self._caused(walk, "silent-carrier", SILENT, operator):
            order_id = self._placed(walk)
            walk.tell("The saga waits for quotes, 10 s at most.", "#/sagas")
            self._ended(walk, order_id, "confirmed")
        carrier = self._carrier(order_id)
        if carrier == SILENT:
            raise StepFailed(f"{SILENT} was booked, which should have said nothing")
        walk.tell(f"{carrier} was booked in its place.", f"#/orders/{order_id}")

    def _poison(self, walk: Walk, operator: str) -> None:
        poison = PoisonRecord(self._deployed)
        if not poison.can_be_caused():
            order_id = self._placed(walk)
            self._ended(walk, order_id, "confirmed")
            walk.until(lambda: poison.can_be_caused(), "the order's saga has ended")
        before = poison.parked()
        with self._caused(walk, "poison-record", "once", operator):
            walk.until(
                lambda: all(it > before[name] for name, it in poison.parked().items()),
                "every consumer has parked the record",
            )
            for consumer in before:
                walk.tell(f"{consumer} has parked it.", f"#/consumers/{consumer}")
            order_id = self._placed(walk)
            self._ended(walk, order_id, "confirmed")
            walk.tell("Another order went through meanwhile.", f"#/orders/{order_id}")
        left = sum(poison.parked().values())
        if left > sum(before.values()):
            raise StepFailed(f"{left} records are parked after the redrive")
        walk.tell("Redriven: no consumer has it parked any more.", "#/consumers")

    @contextmanager
    def _caused(self, walk: Walk, name: str, choice: str, operator: str) -> Iterator[None]:
        self._desk.undo(name)
        self._desk.cause(name, choice, operator)
        walk.tell(f"Caused: {name.replace('-', ' ')}.", "#/faults")
        try:
            yield
        finally:
            self._desk.undo(name)
        walk.tell("Undone.", "#/faults")

    def _placed(self, walk: Walk) -> str:
        order_id = self._ordering.placed()
        walk.tell(f"Order {order_id[:8]} is placed.", f"#/orders/{order_id}")
        return order_id

    def _ended(self, walk: Walk, order_id: str, ending: str) -> None:
        def ended() -> dict[str, Any] | None:
            state = self._ordering.state(order_id)
            return None if state["status"] == "placed" else state

        state = walk.until(ended, f"order {order_id} is {ending}")
        because = f", because: {state['reason']}" if state["reason"] else ""
        if state["status"] != ending:
            raise StepFailed(f"order {order_id} should be {ending}, and is {state['status']}")
        walk.tell(f"Order {order_id[:8]} is {ending}{because}.", f"#/orders/{order_id}")

    def _capture(self, walk: Walk, order_id: str, *, captured: bool) -> None:
        charges = [it for provider in self._deployed.providers for it in provider.charges(order_id)]
        taken = sum(it["captured"] - it["refunded"] for it in charges)
        if bool(taken) is not captured:
            raise StepFailed(f"{taken} was taken for {order_id}")
        told = f"{taken / 100:.2f} was captured" if captured else "no money was taken"
        walk.tell(f"In the provider's own ledger: {told}.", "#/services/payments")

    def _reservation(self, order_id: str) -> str:
        status: str = self._item("inventory", "Reservations", order_id)["status"]["S"]
        return status

    def _carrier(self, order_id: str) -> str:
        carrier: str = self._item("shipping", "Shipments", order_id)["carrier"]["S"]
        return carrier

    def _item(self, service: str, table: str, order_id: str) -> Any:
        return self._deployed.cloud.client("dynamodb").get_item(
            TableName=self._deployed.named(service, "tables", table),
            Key={"order_id": {"S": order_id}},
            ConsistentRead=True,
        )["Item"]
