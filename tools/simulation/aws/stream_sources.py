"""Event sources of streams: batches that come again, in halves, or from an earlier place."""

from __future__ import annotations

import base64
import json
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from tools.simulation.aws.dynamodb import Stream
from tools.simulation.aws.functions import Functions
from tools.simulation.aws.kinesis import Kinesis, Record, Shard
from tools.simulation.aws.patterns import matches
from tools.simulation.world import World

FIRST_PAUSE, LONGEST_PAUSE = 0.2, 20.0
"""Seconds until a batch that failed comes again."""


class _Batches:
    """Gives one batch at a time to a function, until it takes it. Subclasses say which batch."""

    def __init__(self, world: World, functions: Functions, function: str, size: int) -> None:
        self._world = world
        self._functions = functions
        self._function = function
        self._size = size
        self._limit = size
        self._failures = 0
        self._is_busy = False
        self._is_due = False

    def wake(self) -> None:
        """There may be something."""
        if not self._is_busy and not self._is_due:
            self._is_due = True
            self._world.after(self._world.random.uniform(0.01, 0.4), self._poll)

    def _poll(self) -> None:
        self._is_due = False
        if self._is_busy:
            return
        chance = self._world.random
        most = chance.choice((1, 2, 5, self._size))
        batch = self._next(min(most, self._limit))
        if not batch:
            return
        self._is_busy = True
        turn = self._turn()
        process = self._functions.invoke(self._function, self._event(batch), turn)
        if self._world.dice.throw("invocation lost"):
            # Whoever waits for the answer gives up; the function does not know, and goes on.
            self._world.tell(process.name, "goes on while its batch is given to another")
            wait = self._world.dice.between(0.01, 20)
            self._world.after(wait, lambda: turn(None, "ServiceException"))

    def _turn(self) -> Callable[[Any, str | None], None]:
        is_over = False

        def ended(_answer: Any, error: str | None) -> None:
            nonlocal is_over
            if is_over:
                return
            is_over = True
            self._is_busy = False
            if error is None:
                self._succeeded()
            else:
                self._failed()

        return ended

    def _succeeded(self) -> None:
        self._failures, self._limit = 0, self._size
        if self._world.dice.throw("batch delivered again"):
            self._again()
        else:
            self._done()
        self.wake()

    def _failed(self) -> None:
        self._failures += 1
        self._again()
        if self._world.dice.throw("batch bisected"):
            self._limit = max(1, self._limit // 2)
        pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(self._failures, 8))
        self._is_due = True
        self._world.after(pause, self._poll)

    def _next(self, most: int) -> Sequence[Any]:
        raise NotImplementedError

    def _event(self, batch: Sequence[Any]) -> dict[str, Any]:
        raise NotImplementedError

    def _done(self) -> None:
        raise NotImplementedError

    def _again(self) -> None:
        raise NotImplementedError


class ShardSource(_Batches):
    """One consumer's place in one shard; a shard waits until its parents have been read."""

    def __init__(
        self,
        world: World,
        functions: Functions,
        function: str,
        size: int,
        shard: Shard,
        parents: Sequence[ShardSource],
    ) -> None:
        super().__init__(world, functions, function, size)
        self.shard = shard
        self._parents = parents
        self._children: list[ShardSource] = []
        for parent in parents:
            parent._children.append(self)
        self._place = 0
        self._reached = 0

    @property
    def is_at_end(self) -> bool:
        """Whether all that the shard has was taken."""
        return self._place >= len(self.shard.records) and not self._is_busy

    def _next(self, most: int) -> Sequence[Record]:
        if not all(parent.is_at_end for parent in self._parents):
            return ()
        if self._place and self._world.dice.throw("checkpoint lost"):
            self._place = self._world.random.randrange(self._place)
        batch = self.shard.records[self._place : self._place + most]
        self._reached = self._place + len(batch)
        return batch

    def _event(self, batch: Sequence[Record]) -> dict[str, Any]:
        return {
            "Records": [
                {
                    "eventID": f"{self.shard.id}:{record.sequence}",
                    "eventSource": "aws:kinesis",
                    "kinesis": {
                        "partitionKey": record.key,
                        "sequenceNumber": record.sequence,
                        "data": base64.b64encode(record.data).decode(),
                        "approximateArrivalTimestamp": record.arrived,
                    },
                }
                for record in batch
            ]
        }

    def _done(self) -> None:
        self._place = self._reached
        if self.is_at_end and self.shard.is_closed:
            for child in self._children:
                child.wake()

    def _again(self) -> None:
        pass


class LogSource:
    """A consumer of the whole log: a ShardSource for each shard."""

    def __init__(
        self, world: World, functions: Functions, function: str, size: int, kinesis: Kinesis
    ) -> None:
        self._about = (world, functions, function, size)
        self._by_shard: dict[str, ShardSource] = {}
        for shard in kinesis.shards:
            self._open(shard)
        kinesis.opened.append(self._open)
        kinesis.arrived.append(lambda shard: self._by_shard[shard.id].wake())

    @property
    def is_at_end(self) -> bool:
        """Whether all that the log has was taken."""
        return all(source.is_at_end for source in self._by_shard.values())

    def _open(self, shard: Shard) -> None:
        parents = [self._by_shard[parent.id] for parent in shard.parents]
        self._by_shard[shard.id] = ShardSource(*self._about, shard, parents)


class TableSource(_Batches):
    """A consumer of a table's stream: each item's changes in order, other items' in any."""

    def __init__(
        self,
        world: World,
        functions: Functions,
        function: str,
        size: int,
        stream: Stream,
        arn: str,
        patterns: Sequence[str],
    ) -> None:
        super().__init__(world, functions, function, size)
        self._stream = stream
        self._arn = arn
        self._patterns = [json.loads(it) for it in patterns]
        self._batch: list[tuple[Any, dict[str, Any]]] = []
        stream.wake = self.wake

    @property
    def is_at_end(self) -> bool:
        """Whether all changes were taken."""
        return not self._stream.waiting and not self._is_busy

    def _next(self, most: int) -> Sequence[dict[str, Any]]:
        waiting = self._stream.waiting
        keys = list(waiting)
        if self._world.dice.throw("stream items out of order"):
            self._world.random.shuffle(keys)
        self._batch = []
        for key in keys:
            while waiting[key] and len(self._batch) < most:
                record = waiting[key].popleft()
                if not self._patterns or any(matches(it, record) for it in self._patterns):
                    self._batch.append((key, record))
            if not waiting[key]:
                del waiting[key]
        return [record for _, record in self._batch]

    def _event(self, batch: Sequence[dict[str, Any]]) -> dict[str, Any]:
        records = [
            {**it, "eventSource": "aws:dynamodb", "eventSourceARN": self._arn} for it in batch
        ]
        return {"Records": records}

    def _done(self) -> None:
        self._batch = []

    def _again(self) -> None:
        for key, record in reversed(self._batch):
            self._stream.waiting.setdefault(key, deque()).appendleft(record)
        self._batch = []
