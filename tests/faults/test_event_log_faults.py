"""What streams do to a system: records lost, repeated, poisoned and late, consumers that stop."""

from __future__ import annotations

import base64
import json
import secrets
import uuid
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from tests.support.drivers.log_consumers import (
    CONSUMERS,
    LogConsumer,
    consumers_of,
    following_the_log,
)
from tests.support.drivers.offline import Deployment, eventually, stopped
from tests.support.drivers.system import System


@pytest.fixture
def system(deployment: Deployment) -> System:
    return System(deployment.outputs, deployment.token)


@pytest.fixture(scope="module")
def followers(deployment: Deployment) -> list[LogConsumer]:
    """Every consumer that applies orders' events."""
    found = [it for it in consumers_of(deployment).values() if it.follows_orders]
    assert len(found) > 2
    return found


@pytest.fixture(params=CONSUMERS)
def consumer(request: pytest.FixtureRequest, followers: list[LogConsumer]) -> LogConsumer:
    """Each consumer that applies orders' events."""
    for it in followers:
        if it.name == request.param:
            return it
    pytest.skip(f"{request.param} does not follow orders")


def stream_name(deployment: Deployment) -> str:
    return deployment.named("event-log", "streams", "EventStream")


def put_on_log(deployment: Deployment, *bodies: bytes, key: str = "poison") -> None:
    """Records that nobody should have put there."""
    deployment.cloud.client("kinesis").put_records(
        StreamName=stream_name(deployment),
        Records=[{"PartitionKey": key, "Data": body} for body in bodies],
    )


def deliver(deployment: Deployment, consumer: LogConsumer, bodies: Sequence[bytes]) -> Any:
    """Hand a batch of records to a consumer, as Kinesis would, from a shard of the test's own."""
    shard = f"shardId-{9 * 10**11 + secrets.randbelow(10**11)}"
    records = [
        {
            "eventID": f"{shard}:{n:021d}",
            "kinesis": {"data": base64.b64encode(body).decode(), "sequenceNumber": str(n)},
        }
        for n, body in enumerate(bodies)
    ]
    return invoke(deployment, consumer.service, consumer.function, {"Records": records})


def invoke(deployment: Deployment, service: str, function: str, payload: Any) -> Any:
    """Call a function and return its answer; a failure of it fails the test."""
    answer = deployment.cloud.client("lambda").invoke(
        FunctionName=deployment.named(service, "functions", function),
        Payload=json.dumps(payload).encode(),
    )
    body = json.loads(answer["Payload"].read() or b"null")
    assert "FunctionError" not in answer, body
    return body


def parked(deployment: Deployment, consumer: LogConsumer) -> list[dict[str, Any]]:
    """What a consumer has parked."""
    answer = invoke(deployment, consumer.service, consumer.redrive, {"dry_run": True})
    listed: list[dict[str, Any]] = answer["parked"]
    return listed


def redrive(deployment: Deployment, consumer: LogConsumer) -> dict[str | None, str]:
    """Redrive everything; outcomes by aggregate id."""
    answer = invoke(deployment, consumer.service, consumer.redrive, {"dry_run": False})
    return {line["aggregate_id"]: line["outcome"] for line in answer["parked"]}


def reached(deployment: Deployment, followers: Sequence[LogConsumer], order_id: str) -> set[int]:
    """The versions that these consumers have of an order."""
    return {it.reached(deployment, order_id) for it in followers}


def wait_until_all_reached(
    deployment: Deployment, followers: Sequence[LogConsumer], order_id: str, version: int
) -> None:
    """Wait until every consumer has an order's version."""
    eventually(lambda: reached(deployment, followers, order_id) == {version})


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
    declared = {(it.service, it.function) for it in consumers_of(deployment).values()}
    assert following_the_log(deployment) == declared


@pytest.fixture
def no_saga(deployment: Deployment) -> Iterator[None]:
    """Placed orders stay as they are: a saga would write the second event that a test means to."""
    with stopped(deployment, "fulfilment", "StartSaga"):
        yield


@pytest.mark.usefixtures("no_saga")
def test_one_consumer_stops_and_the_others_go_on_until_it_catches_up(
    deployment: Deployment, system: System, followers: list[LogConsumer], consumer: LogConsumer
) -> None:
    with stopped(deployment, consumer.service, consumer.function):
        order_id = system.placed()
        others = [it for it in followers if it != consumer]
        wait_until_all_reached(deployment, others, order_id, 1)
        assert consumer.reached(deployment, order_id) == 0
    eventually(lambda: consumer.reached(deployment, order_id) == 1)


@pytest.mark.usefixtures("no_saga")
@pytest.mark.parametrize("position", ["first", "middle", "last"])
def test_a_poison_record_stops_nobody_and_is_parked_with_its_reason(
    deployment: Deployment, system: System, followers: list[LogConsumer], position: str
) -> None:
    garbage = f"not an envelope {uuid.uuid4()}".encode()
    before = [system.placed() for _ in range(0 if position == "first" else 2)]
    put_on_log(deployment, garbage)
    after = [system.placed() for _ in range(0 if position == "last" else 2)]
    for order_id in [*before, *after]:
        wait_until_all_reached(deployment, followers, order_id, 1)
        assert system.view(order_id).json["status"] == "placed"

    def everyone_parked_it() -> bool:
        return all(
            any("not an envelope" in p["reason"] for p in parked(deployment, consumer))
            for consumer in followers
        )

    eventually(everyone_parked_it)


@pytest.mark.usefixtures("no_saga")
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
    deployment: Deployment, system: System, consumer: LogConsumer, poison: dict[str, Any]
) -> None:
    order_id, other = system.placed(), system.placed()
    eventually(lambda: consumer.reached(deployment, order_id) == 1)
    bad = json.dumps(an_envelope(order_id, 2, **poison)).encode()
    deliver(deployment, consumer, [bad])
    [line] = [p for p in parked(deployment, consumer) if p["aggregate_id"] == order_id]
    assert line["version"] == 2
    assert "OrderCancelled cannot be applied" in line["reason"]

    system.cancel(order_id)
    system.cancel(other)
    eventually(lambda: consumer.reached(deployment, other) == 2)
    assert consumer.reached(deployment, order_id) == 1, "later events pass a stalled order"

    assert redrive(deployment, consumer)[order_id] == "redriven"
    assert consumer.reached(deployment, order_id) == 2
    assert not [p for p in parked(deployment, consumer) if p["aggregate_id"] == order_id]


@pytest.mark.usefixtures("no_saga")
def test_an_unknown_event_type_passes_and_moves_the_version(
    deployment: Deployment, system: System, consumer: LogConsumer
) -> None:
    order_id = system.placed()
    eventually(lambda: consumer.reached(deployment, order_id) == 1)
    unknown = an_envelope(order_id, 2, type="OrderGiftWrapped", data={"ribbon": "red"})
    deliver(deployment, consumer, [json.dumps(unknown).encode()])
    assert consumer.reached(deployment, order_id) == 2
    assert not [p for p in parked(deployment, consumer) if p["aggregate_id"] == order_id]


@pytest.mark.usefixtures("no_saga")
def test_a_gap_in_the_log_is_filled_from_the_orders_own_history(
    deployment: Deployment, system: System, consumer: LogConsumer
) -> None:
    with stopped(deployment, consumer.service, consumer.function):
        order_id = system.placed()
        system.cancel(order_id)
        # Only the second event arrives, as after records were trimmed.
        last = json.dumps(an_envelope(order_id, 2)).encode()
        deliver(deployment, consumer, [last])
        assert consumer.reached(deployment, order_id) == 2


@pytest.mark.usefixtures("no_saga")
def test_what_the_relay_missed_is_repaired_by_the_orders_next_event(
    deployment: Deployment, system: System, followers: list[LogConsumer]
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
    assert reached(deployment, followers, order_id) == {0}

    def cancelled_and_seen() -> bool:
        system.cancel(order_id, key="the-same")
        return reached(deployment, followers, order_id) == {2}

    eventually(cancelled_and_seen)
    assert [e["type"] for e in system.history(order_id).json["events"]] == [
        "OrderPlaced",
        "OrderCancelled",
    ]


def test_everything_delivered_three_times_and_backwards_changes_nothing(
    deployment: Deployment, system: System, followers: list[LogConsumer], consumer: LogConsumer
) -> None:
    order_ids = [system.placed() for _ in range(5)]
    for order_id in order_ids:
        system.cancel(order_id)
    for order_id in order_ids:
        wait_until_all_reached(deployment, followers, order_id, 2)
    before = [system.view(order_id).json for order_id in order_ids]
    log = [json.dumps(event).encode() for o in order_ids for _, event in system.logged(o)]
    assert len(log) >= 10
    for _ in range(3):
        deliver(deployment, consumer, [*log, *reversed(log)])
    assert [system.view(order_id).json for order_id in order_ids] == before
    assert not [p for p in parked(deployment, consumer) if p["aggregate_id"] in order_ids]
