"""What streams do to a system: records lost, repeated, poisoned and late, consumers that stop."""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from tests.support.drivers.offline import Deployment, eventually, stopped
from tests.support.drivers.system import System

CONSUMERS = [
    ("order-views", "ProjectOrders"),
    ("sales", "ProjectSales"),
    ("orders", "BusPublisher"),
]
"""Those that follow the log; ``reached`` says of each how far it is with an order."""


@pytest.fixture
def system(deployment: Deployment) -> System:
    return System(deployment.outputs, deployment.token)


def stream_name(deployment: Deployment) -> str:
    return deployment.named("event-log", "streams", "EventStream")


def put_on_log(deployment: Deployment, *bodies: bytes, key: str = "poison") -> None:
    """Records that nobody should have put there."""
    deployment.cloud.client("kinesis").put_records(
        StreamName=stream_name(deployment),
        Records=[{"PartitionKey": key, "Data": body} for body in bodies],
    )


def deliver(deployment: Deployment, service: str, function: str, bodies: Sequence[bytes]) -> Any:
    """Hand a batch of records to a consumer, as Kinesis would, from a shard of the test's own."""
    shard = f"shardId-{uuid.uuid4().hex[:12]}"
    records = [
        {
            "eventID": f"{shard}:{n:021d}",
            "kinesis": {"data": base64.b64encode(body).decode(), "sequenceNumber": str(n)},
        }
        for n, body in enumerate(bodies)
    ]
    return invoke(deployment, service, function, {"Records": records})


def invoke(deployment: Deployment, service: str, function: str, payload: Any) -> Any:
    """Call a function and return its answer; a failure of it fails the test."""
    answer = deployment.cloud.client("lambda").invoke(
        FunctionName=deployment.named(service, "functions", function),
        Payload=json.dumps(payload).encode(),
    )
    body = json.loads(answer["Payload"].read() or b"null")
    assert "FunctionError" not in answer, body
    return body


def parked(deployment: Deployment, service: str) -> list[dict[str, Any]]:
    """What a consumer has parked."""
    answer = invoke(deployment, service, "Redrive", {"dry_run": True})
    listed: list[dict[str, Any]] = answer["parked"]
    return listed


def redrive(deployment: Deployment, service: str) -> dict[str | None, str]:
    """Redrive everything; outcomes by aggregate id."""
    answer = invoke(deployment, service, "Redrive", {"dry_run": False})
    return {line["aggregate_id"]: line["outcome"] for line in answer["parked"]}


def published(deployment: Deployment, order_id: str) -> int:
    """Up to which version an order's events are on the bus."""
    item = (
        deployment.cloud.client("dynamodb")
        .get_item(
            TableName=deployment.named("orders", "tables", "PublisherGate"),
            Key={"order_id": {"S": f"bus#{order_id}"}},
            ConsistentRead=True,
        )
        .get("Item")
    )
    return int(item["version"]["N"]) if item else 0


def counted(deployment: Deployment, order_id: str) -> int:
    """Up to which version an order's events are in the sales."""
    item = (
        deployment.cloud.client("dynamodb")
        .get_item(
            TableName=deployment.named("sales", "tables", "Sales"),
            Key={"pk": {"S": f"g1#order#{order_id}"}, "sk": {"S": "gate"}},
            ConsistentRead=True,
        )
        .get("Item")
    )
    return int(item["version"]["N"]) if item else 0


def viewed(system: System, order_id: str) -> int:
    """Up to which version an order's events are in the view."""
    answer = system.view(order_id)
    return int(answer.json["version"]) if answer.status == 200 else 0


def reached(deployment: Deployment, system: System, order_id: str) -> dict[str, int]:
    """How far each consumer is with an order."""
    return {
        "order-views": viewed(system, order_id),
        "sales": counted(deployment, order_id),
        "orders": published(deployment, order_id),
    }


def wait_until_all_reached(
    deployment: Deployment, system: System, order_id: str, version: int
) -> None:
    """Wait until every consumer has an order's version."""

    def everyone() -> bool:
        return set(reached(deployment, system, order_id).values()) == {version}

    eventually(everyone, timeout=20)


def an_envelope(order_id: str, version: int, **changed: Any) -> dict[str, Any]:
    """A cancellation as the log would carry it."""
    return {
        "event_id": str(uuid.uuid4()),
        "type": "OrderCancelled",
        "schema_version": 2,
        "aggregate_type": "order",
        "aggregate_id": order_id,
        "version": version,
        "occurred_at": "2026-12-01T09:30:00.000Z",
        "correlation_id": str(uuid.uuid4()),
        "causation_id": None,
        "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "data": {"reason": "other", "cancelled_by": "customer"},
        **changed,
    }


def test_everybody_who_follows_the_log_is_tried_here(deployment: Deployment) -> None:
    cloud = deployment.cloud
    summary = cloud.client("kinesis").describe_stream_summary(StreamName=stream_name(deployment))
    mappings = cloud.client("lambda").list_event_source_mappings(
        EventSourceArn=summary["StreamDescriptionSummary"]["StreamARN"]
    )["EventSourceMappings"]
    following = {it["FunctionArn"].rpartition(":")[2] for it in mappings}
    followers = {
        (service, function)
        for service, outputs in deployment.outputs["services"].items()
        for function, name in outputs.get("functions", {}).items()
        if name in following
    }
    missing = followers - set(CONSUMERS)
    assert not missing, f"add to CONSUMERS, and say in `reached` how far it is: {missing}"
    assert followers == set(CONSUMERS)


@pytest.fixture
def no_saga(deployment: Deployment) -> Iterator[None]:
    """Placed orders stay as they are: a saga would write the second event that a test means to."""
    with stopped(deployment, "fulfilment", "StartSaga"):
        yield


@pytest.mark.usefixtures("no_saga")
@pytest.mark.parametrize(("service", "function"), CONSUMERS)
def test_one_consumer_stops_and_the_others_go_on_until_it_catches_up(
    deployment: Deployment, system: System, service: str, function: str
) -> None:
    with stopped(deployment, service, function):
        order_id = system.placed()
        others = {name for name, _ in CONSUMERS} - {service}

        def others_advance() -> bool:
            versions = reached(deployment, system, order_id)
            return all(versions[name] == 1 for name in others)

        eventually(others_advance, timeout=20)
        assert reached(deployment, system, order_id)[service] == 0
    eventually(lambda: reached(deployment, system, order_id)[service] == 1, timeout=20)


@pytest.mark.usefixtures("no_saga")
@pytest.mark.parametrize("position", ["first", "middle", "last"])
def test_a_poison_record_stops_nobody_and_is_parked_with_its_reason(
    deployment: Deployment, system: System, position: str
) -> None:
    garbage = f"not an envelope {uuid.uuid4()}".encode()
    before = [system.placed() for _ in range(0 if position == "first" else 2)]
    put_on_log(deployment, garbage)
    after = [system.placed() for _ in range(0 if position == "last" else 2)]
    for order_id in [*before, *after]:
        wait_until_all_reached(deployment, system, order_id, 1)
        assert system.view(order_id).json["status"] == "placed"

    def everyone_parked_it() -> bool:
        return all(
            any("not an envelope" in p["reason"] for p in parked(deployment, service))
            for service, _ in CONSUMERS
        )

    eventually(everyone_parked_it)


@pytest.mark.usefixtures("no_saga")
@pytest.mark.parametrize(("service", "function"), CONSUMERS)
@pytest.mark.parametrize(
    "poison",
    [
        {"data": {"reason": 7}},
        {"data": {}},
        {"schema_version": 9},
    ],
    ids=["wrong types", "missing fields", "newer schema"],
)
def test_an_event_that_cannot_be_applied_stalls_one_order_until_it_is_redriven(
    deployment: Deployment, system: System, service: str, function: str, poison: dict[str, Any]
) -> None:
    order_id, other = system.placed(), system.placed()
    eventually(lambda: reached(deployment, system, order_id)[service] == 1, timeout=20)
    bad = json.dumps(an_envelope(order_id, 2, **poison)).encode()
    deliver(deployment, service, function, [bad])
    [line] = [p for p in parked(deployment, service) if p["aggregate_id"] == order_id]
    assert line["version"] == 2
    assert "OrderCancelled cannot be applied" in line["reason"]

    system.cancel(order_id)
    system.cancel(other)
    eventually(lambda: reached(deployment, system, other)[service] == 2, timeout=20)
    assert reached(deployment, system, order_id)[service] == 1, "later events pass a stalled order"

    assert redrive(deployment, service)[order_id] == "redriven"
    assert reached(deployment, system, order_id)[service] == 2
    assert not [p for p in parked(deployment, service) if p["aggregate_id"] == order_id]


@pytest.mark.usefixtures("no_saga")
@pytest.mark.parametrize(("service", "function"), CONSUMERS)
def test_an_unknown_event_type_passes_and_moves_the_version(
    deployment: Deployment, system: System, service: str, function: str
) -> None:
    order_id = system.placed()
    eventually(lambda: reached(deployment, system, order_id)[service] == 1, timeout=20)
    unknown = an_envelope(order_id, 2, type="OrderGiftWrapped", data={"ribbon": "red"})
    deliver(deployment, service, function, [json.dumps(unknown).encode()])
    assert reached(deployment, system, order_id)[service] == 2
    assert not [p for p in parked(deployment, service) if p["aggregate_id"] == order_id]


@pytest.mark.usefixtures("no_saga")
@pytest.mark.parametrize(("service", "function"), CONSUMERS)
def test_a_gap_in_the_log_is_filled_from_the_orders_own_history(
    deployment: Deployment, system: System, service: str, function: str
) -> None:
    with stopped(deployment, service, function):
        order_id = system.placed()
        system.cancel(order_id)
        # Only the second event arrives, as after records were trimmed.
        last = json.dumps(an_envelope(order_id, 2)).encode()
        deliver(deployment, service, function, [last])
        assert reached(deployment, system, order_id)[service] == 2


@pytest.mark.usefixtures("no_saga")
def test_what_the_relay_missed_is_repaired_by_the_orders_next_event(
    deployment: Deployment, system: System
) -> None:
    client = deployment.cloud.client("lambda")
    relay = deployment.named("orders", "functions", "Relay")
    [mapping] = client.list_event_source_mappings(FunctionName=relay)["EventSourceMappings"]
    client.delete_event_source_mapping(UUID=mapping["UUID"])
    try:
        order_id = system.placed()
    finally:
        # As after a trimmed stream: what came in between is never relayed.
        client.create_event_source_mapping(
            FunctionName=relay,
            EventSourceArn=mapping["EventSourceArn"],
            StartingPosition="LATEST",
            BatchSize=mapping["BatchSize"],
            FilterCriteria=mapping["FilterCriteria"],
        )
    assert reached(deployment, system, order_id) == {"order-views": 0, "sales": 0, "orders": 0}

    def cancelled_and_seen() -> bool:
        system.cancel(order_id, key="the-same")
        return set(reached(deployment, system, order_id).values()) == {2}

    eventually(cancelled_and_seen, timeout=30)
    assert [e["type"] for e in system.history(order_id).json["events"]] == [
        "OrderPlaced",
        "OrderCancelled",
    ]


@pytest.mark.parametrize(("service", "function"), CONSUMERS)
def test_everything_delivered_three_times_and_backwards_changes_nothing(
    deployment: Deployment, system: System, service: str, function: str
) -> None:
    order_ids = [system.placed() for _ in range(5)]
    for order_id in order_ids:
        system.cancel(order_id)
    for order_id in order_ids:
        wait_until_all_reached(deployment, system, order_id, 2)
    before = [system.view(order_id).json for order_id in order_ids]
    log = [json.dumps(event).encode() for o in order_ids for _, event in system.logged(o)]
    assert len(log) >= 10
    for _ in range(3):
        deliver(deployment, service, function, [*log, *reversed(log)])
    assert [system.view(order_id).json for order_id in order_ids] == before
    assert not [p for p in parked(deployment, service) if p["aggregate_id"] in order_ids]
