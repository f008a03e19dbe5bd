"""Kinesis: shards that split and merge, calls that are taken in part, and in any order."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tools.simulation.seam import Call
from tools.simulation.world import World

GARBAGE = b'{"event_id": "not an event"}\n'
HASHES = 1 << 128
MOST_SHARDS = 5


@dataclass
class Record:
    """One record of a shard; ``arrived`` in seconds since 1970."""

    sequence: str
    key: str
    data: bytes
    arrived: float


@dataclass
class Shard:
    """A range of hashed keys, ``low`` included and ``high`` not."""

    id: str
    low: int
    high: int
    parents: tuple[Shard, ...] = ()
    is_closed: bool = False
    records: list[Record] = field(default_factory=list)


class Kinesis:
    """One stream. ``opened`` hears of each shard, ``arrived`` of each that has new records."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._sequence = 0
        self.garbage = 0
        self.shards: list[Shard] = []
        self.opened: list[Callable[[Shard], None]] = []
        self.arrived: list[Callable[[Shard], None]] = []
        self._open(0, HASHES // 2)
        self._open(HASHES // 2, HASHES)

    def operations(self) -> dict[str, Call]:
        """By their names in the API."""
        return {"PutRecords": self.put_records}

    def put_records(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Each record is taken or refused by itself; none waits for the one before it."""
        dice, results = self._world.dice, []
        taken: list[tuple[Shard, Record]] = []
        for entry in asked["Records"]:
            if self._throws("records refused"):
                code = "ProvisionedThroughputExceededException"
                results.append({"ErrorCode": code, "ErrorMessage": "slow down"})
                continue
            shard = self._shard_of(entry["PartitionKey"])
            record = Record("", entry["PartitionKey"], bytes(entry["Data"]), self._world.now)
            taken.append((shard, record))
            results.append({"ShardId": shard.id, "SequenceNumber": "0"})
        if asked["Records"] and self._throws("garbage on the log"):
            key = asked["Records"][0]["PartitionKey"]
            garbage = Record("", key, GARBAGE, self._world.now)
            taken.append((self._shard_of(key), garbage))
            self.garbage += 1
        if len(taken) > 1 and self._throws("records out of order"):
            self._world.random.shuffle(taken)
        for shard, record in taken:
            self._sequence += 1
            record.sequence = str(self._sequence).rjust(56, "0")
            shard.records.append(record)
        for shard in {shard.id: shard for shard, _ in taken}.values():
            for hear in self.arrived:
                hear(shard)
        self._reshard(dice)
        failed = sum("ErrorCode" in it for it in results)
        return {"FailedRecordCount": failed, "Records": results}

    def _throws(self, fault: str) -> bool:
        process = self._world.current
        return process is not None and process.vulnerable and self._world.dice.throw(fault)

    def _reshard(self, dice: Any) -> None:
        live = [shard for shard in self.shards if not shard.is_closed]
        if len(live) < MOST_SHARDS and dice.throw("shard split"):
            shard = self._world.random.choice(live)
            shard.is_closed = True
            middle = (shard.low + shard.high) // 2
            self._open(shard.low, middle, shard)
            self._open(middle, shard.high, shard)
        elif len(live) > 1 and dice.throw("shards merged"):
            live.sort(key=lambda it: it.low)
            place = self._world.random.randrange(len(live) - 1)
            left, right = live[place], live[place + 1]
            left.is_closed = right.is_closed = True
            self._open(left.low, right.high, left, right)

    def _open(self, low: int, high: int, *parents: Shard) -> None:
        shard = Shard(f"shardId-{len(self.shards):012}", low, high, parents)
        self.shards.append(shard)
        self._world.tell("kinesis", "opens", shard.id, "from", [it.id for it in parents])
        for hear in self.opened:
            hear(shard)

    def _shard_of(self, key: str) -> Shard:
        place = int.from_bytes(hashlib.md5(key.encode(), usedforsecurity=False).digest())
        return next(it for it in self.shards if not it.is_closed and it.low <= place < it.high)
