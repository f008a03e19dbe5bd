"""Three sagas to watch: one that confirms its order, one undone, and one with a silent carrier."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.table import Table

from tools.base.endpoint import Cloud
from tools.base.errors import OfflineError
from tools.base.outputs import Outputs
from tools.base.workspace import Workspace
from tools.emulator.payment_provider import PaymentProvider
from tools.local import tokens
from tools.local.demo_order import DemoOrder

PATIENCE_SECONDS = 90.0
PAUSE_SECONDS = 0.2
UNDOS = ("Refund payment", "Cancel shipment", "Void payment", "Release stock", "Reject order")
SILENT_CARRIER = "tern-post"


@dataclass(frozen=True)
class Stage:
    """Where the stories are played: what is deployed, and who pays."""

    outputs: Outputs
    cloud: Cloud
    provider: PaymentProvider
    token: str


def tell(outputs: Outputs, cloud: Cloud, workspace: Workspace, console: Console) -> None:
    """Play the saga that confirms its order and the one that is undone; print their steps.

    Raises:
        OfflineError: a saga did not end, or not as the story goes.
    """
    stage = _stage(outputs, cloud, workspace)
    _play(stage, console, "An order is fulfilled", "confirmed")
    stage.provider.add_fault("decline", times=1)
    _play(stage, console, "The payment is declined: what was done is undone", "rejected")


def tell_of_a_silent_carrier(
    outputs: Outputs, cloud: Cloud, workspace: Workspace, console: Console
) -> None:
    """Play the saga that does not wait for a carrier, and print its steps.

    Raises:
        OfflineError: the saga did not end, or not as the story goes.
    """
    stage = _stage(outputs, cloud, workspace)
    with _silent(stage, SILENT_CARRIER):
        title = f"The carrier {SILENT_CARRIER} says nothing: the best of the others at the deadline"
        _play(stage, console, title, "confirmed")


def _stage(outputs: Outputs, cloud: Cloud, workspace: Workspace) -> Stage:
    token = tokens.token(outputs, cloud, workspace)
    return Stage(outputs, cloud, PaymentProvider(workspace), token)


def _play(stage: Stage, console: Console, title: str, ending: str) -> None:
    demo_order = DemoOrder(stage.outputs, stage.cloud, stage.token)
    body = {
        "lines": [{"sku": "TEA-SENCHA", "quantity": 2}],
        "currency": "EUR",
        "ship_to": {
            "address_id": "7b1b2cb1-9a43-4f4e-8f0a-1d1f3a0f3f11",
            "country": "DE",
            "postcode_area": "10",
        },
    }
    status, placed = demo_order.call("POST", "orders", "/v1/orders", body)
    if status != 202:
        raise OfflineError(f"the order was not accepted: {placed}")
    with console.status(title):
        steps = _steps_until_the_end(stage, placed["order_id"])
        state = _state_at_the_end(demo_order, placed["order_id"], ending)
    _print(console, title, placed["order_id"], steps, state)


def _steps_until_the_end(stage: Stage, order_id: str) -> list[tuple[float, str]]:
    """Seconds from the start, and the step that began then."""
    machine = stage.outputs["services"]["fulfilment"]["state_machines"]["Saga"]
    arn = f"{machine.replace(':stateMachine:', ':execution:')}:{order_id}"
    states = stage.cloud.client("stepfunctions")
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        try:
            execution = states.describe_execution(executionArn=arn)
        except states.exceptions.ExecutionDoesNotExist:
            time.sleep(PAUSE_SECONDS)
            continue
        if execution["status"] != "RUNNING":
            break
        time.sleep(PAUSE_SECONDS)
    else:
        raise OfflineError(f"the saga of {order_id} did not end in {PATIENCE_SECONDS:.0f} s")
    begun = execution["startDate"].timestamp()
    pages = states.get_paginator("get_execution_history").paginate(executionArn=arn)
    return [
        (event["timestamp"].timestamp() - begun, event["stateEnteredEventDetails"]["name"])
        for page in pages
        for event in page["events"]
        if "stateEnteredEventDetails" in event
    ]


def _state_at_the_end(demo_order: DemoOrder, order_id: str, ending: str) -> dict[str, Any]:
    _, history = demo_order.call("GET", "orders", f"/v1/orders/{order_id}/history")
    state: dict[str, Any] = history["state"]
    if state["status"] != ending:
        raise OfflineError(f"order {order_id} should be {ending}, and is {state['status']}")
    return state


def _print(
    console: Console,
    title: str,
    order_id: str,
    steps: list[tuple[float, str]],
    state: dict[str, Any],
) -> None:
    table = Table("after", "step", box=None, pad_edge=False, show_header=False)
    for seconds, step in steps:
        if step.endswith("?"):
            continue
        table.add_row(f"{seconds:5.1f} s", step, style="yellow" if step in UNDOS else "")
    console.print()
    console.print(title, style="bold")
    console.print(table)
    reason = f", because: {state['reason']}" if state["reason"] else ""
    style = "green" if state["status"] == "confirmed" else "red"
    console.print(f"order {order_id} is {state['status']}{reason}", style=style)


@contextmanager
def _silent(stage: Stage, carrier: str) -> Iterator[None]:
    """The carrier's simulator gets no answer out for a while."""
    dynamodb = stage.cloud.client("dynamodb")
    table = stage.outputs["services"]["shipping"]["tables"]["CarrierDesk"]
    key = {"carrier": {"S": carrier}, "record": {"S": "behaviour"}}
    dynamodb.put_item(TableName=table, Item={**key, "answers": {"S": "never"}})
    try:
        yield
    finally:
        dynamodb.delete_item(TableName=table, Key=key)
