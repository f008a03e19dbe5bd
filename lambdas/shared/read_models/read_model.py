"""A read model that follows the event log, declared once: what keeps it up to date follows.

``redrive.handler_of``, ``rebuild.handler_of`` and ``show.handler_of`` make the operators' functions
of the same declaration.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Generic, TypeVar

from shared.messaging import log_records
from shared.messaging.event_schemas import EventSchemas
from shared.messaging.log_records import LogRecord
from shared.messaging.traced import EVENT_LOG, BatchSpans
from shared.read_models.counted_table import CountedTable, Step
from shared.read_models.environment import ConsumerEnvironment
from shared.read_models.generations import Generations, pointer_key
from shared.read_models.history import PATIENCE, AggregateHistory
from shared.read_models.log_positions import LogPositions
from shared.read_models.parked_records import ParkedRecords
from shared.read_models.projector import Fold, Projector, Table
from shared.runtime import aws, log
from shared.runtime.environment import load
from shared.runtime.tracing.invocations import invocation
from shared.runtime.tracing.spans import CONSUMER

StateT = TypeVar("StateT")
Handler = Callable[[dict[str, Any], Any], Any]
LATE_SECONDS = 10
"""Longer ago a record came to the log whose view is not fresh."""


@dataclass(frozen=True)
class ReadModel(Generic[StateT]):
    """One view of one type of aggregate's events.

    ``consumer`` is its name for operators. ``history`` reads what the log did not bring.
    ``table(client, table_name, generation, parked)`` makes one generation's table, whose name is
    the field ``table_name`` of ``environment`` and whose key attributes are ``key``. ``count`` is
    told what a batch has changed in the generation that is served: each step once, however often
    its event comes.
    ``lambdas/sales/handlers/projection.py`` is an example; its handlers are one line each.
    """

    consumer: str
    events: EventSchemas
    history: type[AggregateHistory]
    fold: Fold[StateT]
    environment: type[ConsumerEnvironment]
    table_name: str
    table: Callable[[Any, str, str, ParkedRecords], Table[StateT]]
    key: tuple[str, ...]
    count: Callable[[Sequence[Step[StateT]]], None] | None = None

    @cached_property
    def follow_the_log(self) -> Handler:
        """The projector's handler: apply a batch to every generation that is written."""
        return invocation(self._follow)

    def _follow(self, event: dict[str, Any], _context: Any) -> None:
        """The projector's handler: apply a batch to every generation that is written."""
        records = log_records.read(event, self.parked_records.among(event))
        with BatchSpans("process", CONSUMER, EVENT_LOG, "event-log") as batch:
            live, *others = self._generations.written
            writes = self._applied_and_counted(live, records, batch)
            writes += sum(self.projector(it).apply(records) for it in others)
            late = _late(event, time.time())
            counted = {"RecordsProjected": len(records), "ViewWrites": writes}
            log.counts({**counted, "RecordsProjectedLate": late} if late else counted)
            self.positions.reached(event)

    def _applied_and_counted(
        self, generation: str, records: Sequence[LogRecord], batch: BatchSpans
    ) -> int:
        if self.count is None:
            return self.projector(generation).apply(records, batch.add)
        table: CountedTable[StateT] = CountedTable(self._table_of(generation))
        try:
            return self._projector_over(table).apply(records, batch.add)
        finally:  # what was saved before an error does not come again
            if table.steps:
                self.count(table.steps)

    def projectors(self) -> Sequence[Projector[StateT]]:
        """The live generation's projector first, then that of the one being built, if any."""
        return [self.projector(generation) for generation in self._generations.written]

    def projector(self, generation: str) -> Projector[StateT]:
        """The projector of one generation."""
        return self._projector_over(self._table_of(generation))

    def _projector_over(self, table: Table[StateT]) -> Projector[StateT]:
        functions = aws.patient_client("lambda", PATIENCE)
        history = self.history(functions, self._variables.read_events_arn)
        return Projector(self.events, table, self.fold, history.read_events)

    def served_table(self) -> Table[StateT]:
        """The table of the generation that queries read."""
        return self._table_of(self._generations.live)

    def _table_of(self, generation: str) -> Table[StateT]:
        return self.table(
            aws.client("dynamodb"), self.table_in_use, generation, self.parked_records
        )

    @cached_property
    def positions(self) -> LogPositions:
        """How far this consumer has read the log."""
        return LogPositions(aws.client("dynamodb"), self._variables.parked_table, self.consumer)

    @cached_property
    def parked_records(self) -> ParkedRecords:
        """Where this consumer parks what it cannot apply."""
        return ParkedRecords(aws.client("dynamodb"), self._variables.parked_table, self.consumer)

    @property
    def table_in_use(self) -> str:
        """The table of all its generations. Raises MissingVariable."""
        name: str = getattr(self._variables, self.table_name)
        return name

    @property
    def _variables(self) -> ConsumerEnvironment:
        return load(self.environment)

    @cached_property
    def _generations(self) -> Generations:
        return Generations(aws.client("dynamodb"), self.table_in_use, pointer_key(self.key))


def _late(event: Mapping[str, Any], now: float) -> int:
    """How many records of a Kinesis event came to the log more than ``LATE_SECONDS`` ago."""
    arrived = (it["kinesis"].get("approximateArrivalTimestamp", now) for it in event["Records"])
    return sum(1 for it in arrived if now - it > LATE_SECONDS)
