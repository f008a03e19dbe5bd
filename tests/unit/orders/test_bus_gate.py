"""Orders' events reach the bus before the gate says that they did, many in a call."""

from __future__ import annotations

from typing import Any

import pytest

from orders.adapters.bus_gate import MOST_PLACES, BusGate, GateItems
from orders.handlers.publish_to_bus import collect
from orders_language.schemas import ORDER_EVENTS
from shared.messaging.bus import Bus
from shared.messaging.envelope import encode
from shared.messaging.log_records import LogRecord
from shared.read_models.parked_records import ParkedRecords
from shared.read_models.projector import Change, Checkpoint, Projector
from shared.runtime.payloads import MAX_EVENT_BYTES
from tests.support.examples.log_of_orders import PLACED, event, event_id_of, records
from tests.support.fakes.dynamodb_in_memory import DynamoDbInMemory
from tests.support.fakes.fake_bus import FakeEventBridge

ORDERS = [f"00000000-0000-4000-8000-{n:012d}" for n in range(12)]


class Gates:
    """The gate's table; notes how many messages were on the bus when each gate was made."""

    def __init__(self, bridge: FakeEventBridge) -> None:
        self.bridge = bridge
        self.versions: dict[str, int] = {}
        self.on_the_bus: dict[str, set[str]] = {}
        self.calls: list[str] = []
        self.parked: list[dict[str, Any]] = []

    def batch_get_item(self, RequestItems: dict[str, Any]) -> dict[str, Any]:  # noqa: N803
        return {"Responses": {table: [] for table in RequestItems}}

    def batch_execute_statement(self, Statements: list[Any]) -> dict[str, Any]:  # noqa: N803
        self.calls.append("insert")
        for statement in Statements:
            names = statement["Statement"].partition("{")[2]
            keys = [part.split("'")[1] for part in names.split(",")]
            self._make(dict(zip(keys, statement["Parameters"], strict=True)))
        return {"Responses": [{} for _ in Statements]}

    def put_item(self, Item: dict[str, Any], **_condition: Any) -> dict[str, Any]:  # noqa: N803
        self.calls.append("put")
        self._make(Item)
        return {}

    def transact_write_items(self, TransactItems: list[Any]) -> dict[str, Any]:  # noqa: N803
        gate, parked = (it["Put"]["Item"] for it in TransactItems)
        self.parked.append(parked)
        self._make(gate)
        return {}

    def _make(self, item: dict[str, Any]) -> None:
        order_id = item["order_id"]["S"].partition("#")[2]
        self.versions[order_id] = int(item["version"]["N"])
        self.on_the_bus[order_id] = {it.event_id for it in self.bridge.messages}


@pytest.fixture
def bridge() -> FakeEventBridge:
    return FakeEventBridge()


@pytest.fixture
def gates(bridge: FakeEventBridge) -> Gates:
    return Gates(bridge)


def publish(gates: Gates, bridge: FakeEventBridge) -> None:
    gate = BusGate(
        gates, "gate", ParkedRecords(gates, "parked", "test"), Bus(bridge, "bus", "orders")
    )
    events = [
        event(order_id, version, type)
        for version, type in ((1, "OrderPlaced"), (2, "OrderConfirmed"))
        for order_id in ORDERS
    ]
    Projector(
        ORDER_EVENTS, gate, lambda said, it: (*(said or ()), it), lambda *_: (), writers=1
    ).apply(records(events))


def test_new_orders_are_published_together_and_only_then_gated(
    gates: Gates, bridge: FakeEventBridge
) -> None:
    publish(gates, bridge)
    assert gates.versions == dict.fromkeys(ORDERS, 2)
    assert gates.calls == ["insert"]
    assert [len(call) for call in bridge.calls] == [10, 10, 4]
    for order_id in ORDERS:
        said = [it.event_id for it in bridge.messages if it.aggregate_id == order_id]
        assert said == [event_id_of(order_id, 1), event_id_of(order_id, 2)]
        assert gates.on_the_bus[order_id] >= set(said)


def test_what_the_bus_refuses_moves_no_gate(gates: Gates, bridge: FakeEventBridge) -> None:
    bridge.refuses = True
    with pytest.raises(Exception, match="Throttling"):
        publish(gates, bridge)
    assert gates.versions == {}
    bridge.refuses = False
    publish(gates, bridge)
    assert gates.versions == dict.fromkeys(ORDERS, 2)
    assert {it.event_id for it in bridge.messages} == {
        event_id_of(o, v) for o in ORDERS for v in (1, 2)
    }


def test_an_event_that_the_bus_never_takes_is_parked_and_the_others_are_published(
    gates: Gates, bridge: FakeEventBridge
) -> None:
    grows = event(ORDERS[0], 1, "OrderPlaced", data={**PLACED, "numbers": []})
    huge = encode(grows).replace(b'"numbers":[]', b'"numbers":[' + b"1e15," * 40_000 + b"0]")
    assert len(huge) < MAX_EVENT_BYTES
    others = [event(order_id, 1, "OrderPlaced") for order_id in ORDERS[1:]]
    gate = BusGate(
        gates, "gate", ParkedRecords(gates, "parked", "test"), Bus(bridge, "bus", "orders")
    )
    Projector(ORDER_EVENTS, gate, collect, lambda *_: (), writers=1).apply(
        records([*others[:5], huge, *others[5:]])
    )
    assert bridge.messages == others
    (parked,) = gates.parked
    assert "Unsendable" in parked["reason"]["S"]
    assert gates.versions == {ORDERS[0]: 0, **dict.fromkeys(ORDERS[1:], 1)}


def test_where_the_log_has_an_orders_versions_is_kept_in_the_write_that_moves_the_gate() -> None:
    database = DynamoDbInMemory({"gate": ["order_id"], "parked": ["consumer", "record"]})
    gate = BusGate(
        database,
        "gate",
        ParkedRecords(database, "parked", "test"),
        Bus(FakeEventBridge(), "bus", "orders"),
    )
    order = ORDERS[0]
    projector = Projector(ORDER_EVENTS, gate, collect, lambda *_: (), looks_first=True)
    first, second = event(order, 1, "OrderPlaced"), event(order, 2, "OrderConfirmed")
    projector.apply([LogRecord("shardId-1", "7", encode(first))])
    projector.apply(
        [
            LogRecord("shardId-2", "8", encode(first)),  # published twice: the first place stays
            LogRecord("shardId-2", "9", encode(second)),
        ]
    )
    kept = gate.load([order])[order]
    assert (kept.version, kept.places) == (2, {1: ("shardId-1", "7"), 2: ("shardId-2", "9")})
    [item] = database.items("gate")
    assert len(str(item)) < 1000, "one write unit, with its places or without"


def test_only_the_newest_places_are_kept() -> None:
    database = DynamoDbInMemory({"gate": ["order_id"], "parked": ["consumer", "record"]})
    gate = GateItems(database, "gate", ParkedRecords(database, "parked", "test"))
    places = {version: ("shardId-000000000000", str(version)) for version in range(1, 40)}
    gate.save(Change(ORDERS[0], None, Checkpoint(39, None), places=places))
    assert list(gate.load(ORDERS[:1])[ORDERS[0]].places) == list(range(40 - MOST_PLACES, 40))
