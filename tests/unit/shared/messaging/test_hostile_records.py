"""Whatever the log brings: good orders go on, nothing is raised, and what was refused is parked."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from order_views.adapters.dynamodb_order_views import projected_table
from order_views.handlers import projection as order_views
from orders.adapters.bus_gate import BusGate
from orders.handlers.publish_to_bus import projector_over
from orders_language.schemas import ORDER, ORDER_EVENTS
from sales.adapters.sales_table import SalesTable
from sales.handlers import projection as sales
from shared.messaging.bus import Bus
from shared.messaging.envelope import Envelope, encode
from shared.messaging.log_records import LogRecord
from shared.read_models import redrive
from shared.read_models.parked_records import ParkedRecords
from shared.read_models.partitions import by_aggregate, split
from shared.read_models.projector import Checkpoint, Projector
from shared.read_models.rebuild import fold_aggregates
from tests.support.examples.hostile_records import every, spoiled
from tests.support.examples.log_of_orders import ORDERS, Histories, TableInMemory, collect, event
from tests.support.fakes.dynamodb_in_memory import DynamoDbInMemory
from tests.support.fakes.fake_bus import FakeEventBridge

POISONED, *GOOD = ORDERS
PLACED = event(POISONED, 1, "OrderPlaced")


@dataclass
class Consumer:
    """One consumer of the log over a table that refuses what DynamoDB refuses."""

    database: DynamoDbInMemory
    projector: Projector[Any]
    parked: ParkedRecords

    def versions(self) -> dict[str, int]:
        """Up to which version each order is kept."""
        return {its_id: kept.version for its_id, kept in self._kept().items()}

    def _kept(self) -> Any:
        return self.projector._table.load(ORDERS)


def _database(**tables: tuple[str, ...]) -> DynamoDbInMemory:
    return DynamoDbInMemory({**tables, "parked": ("consumer", "record")})


def order_view(histories: Histories) -> Consumer:
    database = _database(views=("view_id",))
    parked = ParkedRecords(database, "parked", "order-view")
    table = projected_table(database, "views", "g1", parked)
    return Consumer(
        database, Projector(ORDER_EVENTS, table, order_views.fold, histories.read_events), parked
    )


def sales_by_day(histories: Histories) -> Consumer:
    database = _database(sales=("pk", "sk"))
    parked = ParkedRecords(database, "parked", "sales")
    table = SalesTable(database, "sales", "g1", parked, sleep=lambda _: None)
    return Consumer(
        database, Projector(ORDER_EVENTS, table, sales.fold, histories.read_events), parked
    )


def publisher(histories: Histories) -> Consumer:
    database = _database(gate=("order_id",))
    parked = ParkedRecords(database, "parked", "bus-publisher")
    gate = BusGate(database, "gate", parked, Bus(FakeEventBridge(), "bus", "orders"))
    projector = projector_over(gate, histories.read_events)
    return Consumer(database, projector, parked)


CONSUMERS = pytest.mark.parametrize("consumer_of", [order_view, sales_by_day, publisher])
Make = Callable[[Histories], Consumer]


def in_the_log(bodies: Sequence[bytes]) -> list[LogRecord]:
    return [LogRecord("shard-0", str(number), body) for number, body in enumerate(bodies)]


def beside_good_ones(bodies: Sequence[bytes]) -> list[bytes]:
    good = [encode(event(order_id, 1, "OrderPlaced")) for order_id in GOOD]
    return [*good[:3], *bodies, *good[3:]]


def hold_nothing_back(consumer: Consumer, bodies: Sequence[bytes]) -> None:
    """A batch with these among good ones ends, and a repetition of it adds nothing."""
    for _ in range(2):
        consumer.projector.apply(in_the_log(beside_good_ones(bodies)))
        versions = consumer.versions()
        assert all(versions[order_id] >= 1 for order_id in GOOD)
    redriven = redrive.answer({"dry_run": False}, [consumer.projector], consumer.parked)
    json.dumps(redriven)


@CONSUMERS
def test_no_spoiled_event_holds_back_its_neighbours(consumer_of: Make) -> None:
    histories = Histories()
    for body in every(PLACED):
        hold_nothing_back(consumer_of(histories), [body])


@CONSUMERS
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(bodies=st.lists(spoiled(), min_size=1, max_size=5))
def test_no_spoiled_events_hold_back_their_neighbours(
    consumer_of: Make, bodies: list[bytes]
) -> None:
    consumer = consumer_of(Histories())
    consumer.projector.apply(in_the_log(beside_good_ones(bodies)))
    assert set(GOOD) - set(consumer.versions()) == set() or consumer.database.items("parked")


def _found(body: bytes, shard: str, sequence: str) -> LogRecord:
    return LogRecord(shard, sequence, body)


@CONSUMERS
def test_an_operator_can_set_any_record_aside(consumer_of: Make) -> None:
    for body in every(PLACED):
        consumer = consumer_of(Histories())
        request = {
            "set_aside": {
                "shard": "shardId-000000000000",
                "sequence": "1",
                "reason": "crashes the consumer \x1b[31m[/x]",
            },
            "dry_run": False,
        }
        found = partial(_found, body)
        redrive.answer(request, [consumer.projector], consumer.parked, found)
        [line] = redrive.answer({}, [consumer.projector], consumer.parked)["parked"]
        assert line["reason"] == "crashes the consumer \\x1b[31m[/x]"


@CONSUMERS
def test_an_archive_that_holds_every_spoiled_event_is_rebuilt_from(consumer_of: Make) -> None:
    consumer = consumer_of(Histories())
    lines = [line for body in beside_good_ones(list(every(PLACED))) for line in body.split(b"\n")]
    parts: list[bytes] = []
    found = split(ORDER, lines, 1, lambda _partition, _number, body: parts.append(body))
    assert found.unreadable > 100
    fold_aggregates(by_aggregate(parts), consumer.projector)
    assert all(consumer.versions()[order_id] == 1 for order_id in GOOD)


@CONSUMERS
def test_each_record_of_the_archive_that_cannot_be_applied_is_parked_for_itself(
    consumer_of: Make,
) -> None:
    consumer = consumer_of(Histories())
    good = encode(PLACED)
    bad = [
        good.replace(b'"version":1', b'"version":' + digits) for digits in (b"9" * 50, b"8" * 50)
    ]
    fold_aggregates([(POISONED, bad)], consumer.projector)
    assert sorted(parked.body or b"" for parked in consumer.parked.all()) == sorted(bad)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda good: good.replace(POISONED.encode(), b"\xff" * 36),
        lambda good: good.replace(b'"version":1', b'"version":' + b"9" * 50),
    ],
    ids=["id of 36 bytes 0xFF", "version of 50 nines"],
)
@CONSUMERS
def test_what_cannot_be_kept_is_parked_with_its_reason(
    consumer_of: Make, spoil: Callable[[bytes], bytes]
) -> None:
    consumer = consumer_of(Histories())
    bad = spoil(encode(PLACED))
    consumer.projector.apply(in_the_log([bad]))
    [parked] = consumer.parked.all()
    assert (parked.body, parked.aggregate_id, parked.version) == (bad, None, None)
    assert parked.reason.startswith("not an envelope: ")


def test_a_transaction_that_is_cancelled_for_a_number_is_not_tried_for_ever() -> None:
    consumer = sales_by_day(Histories())
    consumer.database.conflicts.append(["None", "ValidationError"])
    sold = [encode(PLACED), encode(event(POISONED, 2, "OrderConfirmed"))]
    consumer.projector.apply(in_the_log([*sold, encode(event(GOOD[0], 1, "OrderPlaced"))]))
    [parked] = consumer.parked.all()
    assert (parked.aggregate_id, parked.reason[:20]) == (POISONED, "refused by the table")
    assert consumer.versions() == {POISONED: 0, GOOD[0]: 1}


def test_a_batch_that_comes_again_says_nothing_on_the_bus_again() -> None:
    histories = Histories(broken=True)
    bridge = FakeEventBridge()
    database = _database(gate=("order_id",))
    gate = BusGate(
        database, "gate", ParkedRecords(database, "parked", "test"), Bus(bridge, "b", "orders")
    )
    publisher = projector_over(gate, histories.read_events)
    stuck = event(POISONED, 2, "OrderConfirmed")
    batch = in_the_log(beside_good_ones([encode(stuck)]))
    for _ in range(3):
        with pytest.raises(ConnectionError):
            publisher.apply(batch)
    assert sorted(it.aggregate_id for it in bridge.messages) == GOOD


def test_a_history_that_cannot_be_read_stalls_its_order_and_no_other() -> None:
    def unreadable(_order_id: str, _after: int) -> Any:
        yield msgspec.convert({}, Envelope)

    table = TableInMemory()
    Projector(ORDER_EVENTS, table, collect, unreadable).apply(
        in_the_log(beside_good_ones([encode(event(POISONED, 2, "OrderConfirmed"))]))
    )
    assert table.kept[POISONED] == Checkpoint(0, None, stalled_at_version=2)
    assert all(table.kept[order_id].version == 1 for order_id in GOOD)
    [parked] = table.parked.values()
    assert "the history of" in parked.reason


def test_a_record_that_was_parked_is_announced_once(capsys: pytest.CaptureFixture[str]) -> None:
    consumer = order_view(Histories())
    for _ in range(3):
        consumer.projector.apply(in_the_log([b"garbage"]))
    assert capsys.readouterr().out.count('"RecordsParked":1') == 1
