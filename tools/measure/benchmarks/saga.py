"""A saga's price: transitions and calls to AWS of one confirmed order, and orders under load.

The system is deployed to an emulator of its own. Transitions are the states entered, from the
execution's history: that is what Standard workflows are billed by. Calls follow from the history
too: a step is one function, one update and one message to its owner; its answer is one message
taken, one update and one task answered.

Before the load come a few orders at a gentle rate, told apart as the first ones: offline, every
worker of a function is a process, and starting them takes the cores from those who measure. Under
load the cores are the limit, so their pace is taken before and after it: the pace of a machine that
is shared with others may halve within an hour.
"""

from __future__ import annotations

import tempfile
import time
from collections import Counter
from pathlib import Path
from statistics import mean
from typing import Any

from rich.console import Console

from tools.emulator.emulator import Emulator
from tools.local import tokens
from tools.local.bring_up import bring_up
from tools.local.demo_order import DemoOrder
from tools.local.load import Load, Outcome
from tools.measure.benchmarks.claims import Result, at_most
from tools.measure.benchmarks.pace import seconds_of_additions

USD_PER_TRANSITION = 0.025 / 1000
"""Step Functions Standard, list price in eu-west-1, November 2026."""
MOST_TRANSITIONS = 30
PATIENCE_SECONDS = 60.0


class NotInvariant(Exception):
    """Orders ended otherwise than they should have, or the books do not agree."""


def measure(*, quick: bool) -> list[Result]:
    """Transitions, calls and cost of a confirmed order; and how long orders take under load."""
    with tempfile.TemporaryDirectory() as directory, Emulator(Path(directory)) as emulator:
        outputs = bring_up(emulator, Console(quiet=True))
        token = tokens.token(outputs, emulator.cloud, emulator.workspace)
        transitions, calls = _count(_confirmed(emulator, outputs, token))
        orders = 50 if quick else 500
        first = all_confirmed(Load(emulator, outputs, rate=2, duration=10, mix={"good": 1.0}))
        paces = [seconds_of_additions()]
        outcome = all_confirmed(
            Load(emulator, outputs, rate=10, duration=orders / 10, mix={"good": 1.0})
        )
        paces.append(seconds_of_additions())
    return [
        Result(
            "confirmed order: state transitions of its saga",
            transitions,
            "transitions",
            at_most(MOST_TRANSITIONS, aim=12),
        ),
        Result(
            "confirmed order: calls of the state machine and of fulfilment's functions",
            sum(calls.values()),
            "calls",
            details=dict(calls),
        ),
        Result(
            "a million confirmed orders: state transitions",
            transitions * 1_000_000 * USD_PER_TRANSITION,
            "USD",
            details={"usd_per_1000_transitions": USD_PER_TRANSITION * 1000},
        ),
        Result(
            f"the first {first.placed} orders, at 2 a second: placed to confirmed, 95th percentile",
            first.percentile(95),
            "s",
        ),
        Result(
            f"{orders} orders at 10 a second: seconds from the last one placed to all ended",
            outcome.settled_after,
            "s",
            at_most(60),
            details={
                "invariants_hold": outcome.report.holds,
                "statuses": dict(outcome.statuses),
                "failed_requests": outcome.failed_requests,
            },
        ),
        Result(
            f"{orders} orders at 10 a second: placed to confirmed, median",
            outcome.percentile(50),
            "s",
        ),
        Result(
            f"{orders} orders at 10 a second: placed to confirmed, 95th percentile",
            outcome.percentile(95),
            "s",
        ),
        Result(
            "... the machine's pace around it: ten million additions in Python",
            mean(paces),
            "s",
            spread=(min(paces), max(paces)),
        ),
    ]


def all_confirmed(load: Load) -> Outcome:
    """Run a load of good orders. Raises NotInvariant."""
    outcome = load.run(Console(quiet=True))
    if not outcome.report.holds or outcome.statuses["confirmed"] != outcome.placed:
        raise NotInvariant(f"{dict(outcome.statuses)}: {outcome.report.violations}")
    if outcome.failed_requests:
        raise NotInvariant(f"{outcome.failed_requests} requests failed")
    return outcome


def _confirmed(emulator: Emulator, outputs: dict[str, Any], token: str) -> list[dict[str, Any]]:
    """The history of an execution that confirmed its order."""
    demo_order = DemoOrder(outputs, emulator.cloud, token)
    order = {
        "lines": [{"sku": "TEA-SENCHA", "quantity": 1}],
        "currency": "EUR",
        "ship_to": {
            "address_id": "7b1b2cb1-9a43-5f4e-8f0a-1d1f3a0f3f11",
            "country": "DE",
            "postcode_area": "10",
        },
    }
    _, placed = demo_order.call("POST", "orders", "/v1/orders", order)
    machine = outputs["services"]["fulfilment"]["state_machines"]["Saga"]
    arn = f"{machine.replace(':stateMachine:', ':execution:')}:{placed['order_id']}"
    states = emulator.cloud.client("stepfunctions")
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        try:
            if states.describe_execution(executionArn=arn)["status"] != "RUNNING":
                break
        except states.exceptions.ExecutionDoesNotExist:
            pass
        time.sleep(0.1)
    pages = states.get_paginator("get_execution_history").paginate(executionArn=arn)
    return [dict(event) for page in pages for event in page["events"]]


def _count(history: list[dict[str, Any]]) -> tuple[int, Counter[str]]:
    """Transitions, and calls by kind; raises ValueError unless the history is of a success."""
    if history[-1]["type"] != "ExecutionSucceeded":
        raise ValueError(f"the order was not confirmed: {history[-1]}")
    transitions = sum(event["type"].endswith("StateEntered") for event in history)
    calls: Counter[str] = Counter({"sqs:ReceiveMessage and DeleteMessage (start)": 2})
    calls.update(["dynamodb:PutItem (record)", "states:StartExecution"])
    for event in history:
        resource = event.get("taskScheduledEventDetails", {}).get("resource", "")
        if resource.endswith(".waitForTaskToken"):
            calls.update(["lambda:Invoke (send)", "dynamodb:UpdateItem (token)"])
            calls.update(["sqs:SendMessage (command)", "sqs:ReceiveMessage and DeleteMessage"])
            calls.update(["dynamodb:UpdateItem (answer)", "states:SendTaskSuccess"])
        elif "dynamodb" in resource:
            calls.update(["dynamodb:UpdateItem (close)"])
        elif resource:
            calls.update(["lambda:Invoke (read order)"])
    return transitions, calls
