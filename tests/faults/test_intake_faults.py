"""Integration events that nobody expected, on the bus: good ones beside them reach the log."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest

from contracts.product import PRODUCT
from shared.runtime import clock
from shared.runtime.tracing.context import new_traceparent
from tests.support.drivers.dead_letters import dead_letters
from tests.support.drivers.offline import Deployment, eventually
from tests.support.drivers.system import System


@pytest.fixture
def system(deployment: Deployment) -> System:
    return System(deployment.outputs, deployment.token)


def integration_event(order_id: str, **changes: Any) -> dict[str, Any]:
    return {
        "event_id": str(uuid.uuid4()),
        "type": "StockReserved",
        "schema_version": 1,
        "aggregate_type": "order",
        "aggregate_id": order_id,
        "version": None,
        "occurred_at": clock.now(),
        "correlation_id": order_id,
        "causation_id": None,
        "traceparent": new_traceparent(),
        "data": {"order_id": order_id, "lines": []},
        **changes,
    }


def say(deployment: Deployment, source: str, integration_events: list[dict[str, Any]]) -> None:
    """Put ten integration events at most on the bus, in one call."""
    answer = deployment.cloud.client("events").put_events(
        Entries=[
            {
                "EventBusName": deployment.named("event-log", "buses", "Bus"),
                "Source": f"{PRODUCT}.{source}",
                "DetailType": it["type"],
                "Detail": json.dumps(it),
            }
            for it in integration_events
        ]
    )
    assert not answer["FailedEntryCount"]


def test_nine_integration_events_reach_the_log_beside_those_that_never_can(
    deployment: Deployment, system: System
) -> None:
    order_id = str(uuid.uuid4())
    good = [integration_event(order_id) for _ in range(9)]
    bad = {
        "its order_id is not a UUID": integration_event(order_id, data={"order_id": "x" * 257}),
        "it has a version": integration_event(order_id, version=1),
        "is not who says 'PaymentCaptured' here": integration_event(
            order_id, type="PaymentCaptured"
        ),
    }
    say(deployment, "inventory", [*good[:4], bad["its order_id is not a UUID"], *good[4:]])
    say(deployment, "inventory", [bad["it has a version"]])
    # The rule hears no such thing of inventory: what comes of it must be nothing.
    say(deployment, "inventory", [bad["is not who says 'PaymentCaptured' here"]])
    letters = deployment.named("event-log", "queues", "Facts/DeadLetters")

    def parked() -> dict[str, str]:
        found = {
            reason: why
            for body, why in dead_letters(deployment.cloud, letters).items()
            for reason, it in bad.items()
            if it["event_id"] in body
        }
        assert len(found) == 2, found
        return found

    found = eventually(parked)
    assert all(why.startswith(reason) for reason, why in found.items())

    def logged() -> list[str]:
        ids = sorted(event["event_id"] for _, event in system.logged(order_id))
        assert len(ids) == len(good), ids
        return ids

    assert eventually(logged, 30) == sorted(it["event_id"] for it in good)
