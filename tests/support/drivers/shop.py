"""The deployed shop as fault tests use it: orders with a fate, and how they ended."""

from __future__ import annotations

import base64
import io
import json
import uuid
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from fulfilment.domain.steps import STEPS
from orders.commands import order_id_for
from tests.support.drivers.offline import PATIENCE, Deployment, call, eventually
from tests.support.drivers.tracking_driver import Handling, TrackingDriver, invoke
from tools.base.target import Target, offline
from tools.base.terminal import Terminal
from tools.emulator.payment_provider import PaymentProvider
from tools.local import books
from tools.local.invariants import ENDED, Report, examine
from tools.operations import stuck

FORWARD = tuple(step.name for step in STEPS.values() if not step.undoes)
UNDOS = tuple(step.name for step in STEPS.values() if step.undoes)
SHIP_TO = {"address_id": str(uuid.uuid4()), "country": "DE", "postcode_area": "10"}
PATIENT_SECONDS = 120
IMPATIENT_SECONDS = 6
"""Deadlines of a step: one that no step here exceeds, however slow the machine, and one that a test
can wait for."""


@dataclass
class Shop:
    """One deployment with a courier at work."""

    deployment: Deployment
    courier: TrackingDriver
    _told: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def provider(self) -> PaymentProvider:
        """The payment provider of this deployment."""
        return PaymentProvider(self.deployment.emulator.workspace)

    def place(
        self,
        fate: Mapping[str, Handling] | None = None,
        sku: str = "TEA-SENCHA",
        quantity: int = 1,
        country: str = "DE",
    ) -> str:
        """Place an order whose steps have that fate; its id."""
        token = self.deployment.token()
        key = str(uuid.uuid4())
        order_id = order_id_for(_subject(token), key)
        for step, handling in (fate or {}).items():
            self.courier.plan[order_id, step] = handling
        answer = call(
            "POST",
            self.deployment.url("orders", "/v1/orders"),
            token=token,
            headers={"Idempotency-Key": key},
            body={
                "lines": [{"sku": sku, "quantity": quantity}],
                "currency": "EUR",
                "ship_to": {**SHIP_TO, "country": country},
            },
        )
        assert answer.status == 202, answer.body
        assert answer.json["order_id"] == order_id
        return order_id

    def place_impatiently(self, step: str, handling: Handling) -> str:
        """Place an order whose saga waits long for every answer but that step's; its id."""
        with deadlines(self.deployment, {step: IMPATIENT_SECONDS}):
            order_id = self.place({step: handling})
            eventually(lambda: self._is_under_way(order_id))
        return order_id

    def cancel(self, order_id: str) -> int:
        """The customer calls it off; the answer's status."""
        return call(
            "POST",
            self.deployment.url("orders", f"/v1/orders/{order_id}/cancellation"),
            token=self.deployment.token(),
            headers={"Idempotency-Key": str(uuid.uuid4())},
            body={"reason": "changed_mind"},
        ).status

    def state(self, order_id: str) -> dict[str, Any]:
        """``{status, reason, ...}`` as the order's own history has it."""
        answer = call(
            "GET",
            self.deployment.url("orders", f"/v1/orders/{order_id}/history"),
            token=self.deployment.token(),
        )
        state: dict[str, Any] = answer.json["state"]
        return state

    def saga(self, order_id: str) -> str:
        """running, stuck or ended, as fulfilment has it; missing before it has begun."""
        return self._of_saga(order_id, "state") or "missing"

    def end(self, order_id: str) -> str | None:
        """What became of the order, as its saga has noted it."""
        return self._of_saga(order_id, "end")

    def _of_saga(self, order_id: str, attribute: str) -> str | None:
        item = self.deployment.cloud.client("dynamodb").get_item(
            TableName=self.deployment.named("fulfilment", "tables", "Sagas"),
            Key={"order_id": {"S": order_id}, "part": {"S": "saga"}},
            ConsistentRead=True,
        )
        found: str | None = item.get("Item", {}).get(attribute, {}).get("S")
        return found

    def wait_until_over(self, orders: Collection[str], seconds: float = PATIENCE) -> None:
        """Until every order has ended and its saga has nothing left to do but wait."""

        left = list(orders)

        def all_over() -> bool:
            while left and self._is_over(left[0]):
                left.pop(0)
            assert not left, [(order, self.saga(order)) for order in left]
            return True

        eventually(all_over, seconds)

    def _is_over(self, order_id: str) -> bool:
        return self.saga(order_id) in ("ended", "stuck") and self.state(order_id)["status"] in ENDED

    def undone(self, order_id: str, attempt: int = 1) -> list[str]:
        """The undos that an execution has sent, in order."""
        return [step for step in self.steps(order_id, attempt) if step in UNDOS]

    def steps(self, order_id: str, attempt: int = 1) -> list[str]:
        """The steps that an execution has been through, in order."""
        name = order_id if attempt == 1 else f"{order_id}.{attempt}"
        entered = []
        for event in self.history(name):
            step = _step_of_state(event.get("stateEnteredEventDetails", {}).get("name", ""))
            if step in STEPS:
                entered.append(step)
        return entered

    def _is_under_way(self, order_id: str) -> bool:
        """Whether its execution has sent a command, and so goes by the definition it began with."""
        return self.status_of_execution(order_id) != "" and bool(self.steps(order_id))

    def abort(self, order_id: str) -> None:
        """End the order's first execution, as an operator may by mistake."""
        self.deployment.cloud.client("stepfunctions").stop_execution(
            executionArn=self._execution(order_id), cause="aborted by a test"
        )

    def status_of_execution(self, name: str) -> str:
        """RUNNING, SUCCEEDED, FAILED, ABORTED; empty if there is none of that name."""
        client = self.deployment.cloud.client("stepfunctions")
        try:
            return client.describe_execution(executionArn=self._execution(name))["status"]
        except client.exceptions.ExecutionDoesNotExist:
            return ""

    def _execution(self, name: str) -> str:
        machine = self.deployment.named("fulfilment", "state_machines", "Saga")
        return f"{machine.replace(':stateMachine:', ':execution:')}:{name}"

    def history(self, execution_name: str) -> list[dict[str, Any]]:
        """The events of an execution."""
        arn = self._execution(execution_name)
        pages = self.deployment.cloud.client("stepfunctions").get_paginator("get_execution_history")
        return [dict(it) for page in pages.paginate(executionArn=arn) for it in page["events"]]

    def wait_until_held(self, order_id: str, step: str) -> None:
        """Until the courier has the step's command, and keeps it."""

        def held() -> bool:
            assert self.courier.is_held(order_id, step), (step, self.state(order_id))
            return True

        eventually(held)

    def wait_until_resumed(self, order_id: str) -> None:
        """Until a second execution of the order's saga is there."""
        eventually(lambda: self.status_of_execution(f"{order_id}.2") != "")

    def wait_for_reply(self, order_id: str, step: str) -> None:
        """Until fulfilment knows how the step ended."""
        eventually(lambda: self.knows_the_end_of(order_id, step))

    def knows_the_end_of(self, order_id: str, step: str) -> bool:
        """Whether fulfilment has kept an answer to the step's command."""
        item = self.deployment.cloud.client("dynamodb").get_item(
            TableName=self.deployment.named("fulfilment", "tables", "Sagas"),
            Key={"order_id": {"S": order_id}, "part": {"S": step}},
            ConsistentRead=True,
        )
        return "outcome" in item["Item"]

    def told_operators(self, orders: Collection[str]) -> dict[str, dict[str, Any]]:
        """What the operators' queue says about these orders; empty until it says all."""
        sqs = self.deployment.cloud.client("sqs")
        url = self.deployment.named("fulfilment", "queues", "Operators")
        for message in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get(
            "Messages", []
        ):
            body = json.loads(message["Body"])["detail"]
            assert body["type"] == "FulfilmentStuck"
            self._told[body["data"]["order_id"]] = body["data"]
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return self._told if set(orders) <= set(self._told) else {}

    def report(self, orders: Collection[str]) -> Report:
        """What the invariant checker says about these orders."""
        providers = PaymentProvider.all_of(self.deployment.emulator.workspace)
        records = books.read(self.deployment.outputs, self.deployment.cloud, providers, orders)
        return examine(records)

    def resume(self, order_id: str) -> str:
        """The operator's command; the new execution's name."""
        _, said = self._operate(partial(stuck.resume, order_id=order_id, confirm=True))
        return said.partition("resumed as execution ")[2].partition(";")[0]

    def waiting_for_operators(self) -> dict[str, tuple[str, str]]:
        """By order, a step that its operator has to settle and why, as their command shows it."""
        _, said = self._operate(stuck.show)
        rows = (line.split(maxsplit=3) for line in said.splitlines())
        return {row[0]: (row[1], row[3].strip()) for row in rows if len(row) > 3}

    def _operate(self, command: Callable[[Target, Terminal], bool]) -> tuple[bool, str]:
        """Whether all is well after an operator's command, and what it said."""
        file = io.StringIO()
        target = offline(self.deployment.emulator.workspace.root)
        return command(target, Terminal(file=file, width=240)), file.getvalue()

    def sweep(self, due_before: str) -> int:
        """Sweep everything that is due before that time; how many sagas were resumed."""
        function = self.deployment.named("fulfilment", "functions", "Sweep")
        resumed: int = invoke(self.deployment, function, {"due_before": due_before})["resumed"]
        return resumed


@contextmanager
def deadlines(deployment: Deployment, seconds: Mapping[str, int]) -> Iterator[None]:
    """New executions wait so many seconds for a step's answer, long for others, and try twice."""
    client = deployment.cloud.client("stepfunctions")
    machine = deployment.named("fulfilment", "state_machines", "Saga")
    before = client.describe_state_machine(stateMachineArn=machine)["definition"]
    definition = json.loads(before)
    for name, state in definition["States"].items():
        if "TimeoutSeconds" in state:
            state["TimeoutSeconds"] = seconds.get(_step_of_state(name), PATIENT_SECONDS)
            state["Retry"][1] |= {"MaxAttempts": 1, "IntervalSeconds": 1}
    client.update_state_machine(stateMachineArn=machine, definition=json.dumps(definition))
    try:
        yield
    finally:
        client.update_state_machine(stateMachineArn=machine, definition=before)


def _step_of_state(name: str) -> str:
    return name.lower().replace(" ", "-").replace("settle-", "reject-")


def _subject(token: str) -> str:
    payload = token.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    subject: str = claims["sub"]
    return subject
