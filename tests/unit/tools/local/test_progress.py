"""Orders are followed on the event log, from where it was when the following began."""

from typing import Any, cast

import msgspec

from shared.messaging.envelope import encode
from tests.support.examples.log_of_orders import event
from tools.base.endpoint import Cloud
from tools.local.progress import OrderProgress

OUTPUTS = {"services": {"event-log": {"streams": {"EventStream": "log"}}}}
SHARDS = ("shard-0", "shard-1")
MOST_AT_ONCE = 2


class Log:
    """A stream of two shards; an iterator is ``shard:position``."""

    def __init__(self) -> None:
        self.records: dict[str, list[bytes]] = {shard: [] for shard in SHARDS}
        self.given = 0

    def client(self, service: str) -> Any:
        assert service == "kinesis"
        return self

    def get_paginator(self, operation: str) -> Any:
        assert operation == "list_shards"
        return self

    def paginate(self, **asked: Any) -> Any:
        """A page for each shard: whoever reads the first page alone misses one."""
        assert asked == {"StreamName": "log"}
        return [{"Shards": [{"ShardId": shard}]} for shard in SHARDS]

    def get_shard_iterator(self, **asked: Any) -> Any:
        assert (asked["StreamName"], asked["ShardIteratorType"]) == ("log", "LATEST")
        shard = asked["ShardId"]
        return {"ShardIterator": f"{shard}:{len(self.records[shard])}"}

    def get_records(self, **asked: Any) -> Any:
        shard, _, position = asked["ShardIterator"].partition(":")
        taken = self.records[shard][int(position) :][:MOST_AT_ONCE]
        self.given += len(taken)
        return {
            "Records": [{"PartitionKey": "", "Data": it} for it in taken],
            "NextShardIterator": f"{shard}:{int(position) + len(taken)}",
        }

    def put(self, shard: int, order: str, type_: str, version: int, second: int) -> None:
        at = f"2026-01-01T00:00:{second:02}.000Z"
        self.records[SHARDS[shard]].append(encode(event(order, version, type_, occurred_at=at)))


def follow(log: Log) -> OrderProgress:
    return OrderProgress(OUTPUTS, cast(Cloud, log))


def test_each_look_reads_what_is_new_in_every_shard() -> None:
    log = Log()
    log.put(0, "before", "OrderPlaced", 1, 1)
    progress = follow(log)
    log.put(0, "a", "OrderPlaced", 1, 2)
    log.put(1, "b", "OrderPlaced", 1, 3)
    assert {id: it.status for id, it in progress.look().items()} == {"a": "placed", "b": "placed"}
    for number in range(5):
        log.put(1, f"c{number}", "OrderPlaced", 1, 4)
    log.put(0, "a", "OrderConfirmed", 2, 9)
    seen = progress.look()
    assert len(seen) == 7
    assert seen["a"].status == "confirmed"
    assert (seen["a"].ended_at - seen["a"].placed_at).total_seconds() == 7
    assert log.given == 8, "nothing is read twice"


def test_what_comes_twice_late_or_from_others_changes_nothing() -> None:
    log = Log()
    progress = follow(log)
    log.put(0, "a", "OrderPlaced", 1, 2)
    log.put(0, "a", "OrderRejected", 2, 5)
    log.put(0, "a", "OrderPlaced", 1, 2)
    integration_event = msgspec.structs.replace(event("a", 3, "StockReserved"), version=None)
    log.records[SHARDS[0]].append(encode(integration_event))
    for garbage in (b"\xff", b"{", b"[]", b"7", b"{}", b'{"type": []}', b'{"type": "OrderPlaced"}'):
        log.records[SHARDS[0]].append(garbage)
    [order] = progress.look().values()
    assert order.status == "rejected"
    assert (order.ended_at - order.placed_at).total_seconds() == 3
