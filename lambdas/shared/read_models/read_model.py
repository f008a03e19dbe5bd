"""A read model that follows the event log, declared once: what keeps it up to date follows.

``redrive.handler_of``, ``rebuild.handler_of`` and ``show.handler_of`` make the operators' functions
of the same declaration.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Generic, TypeVar

from shared.messaging import log_records
from shared.messaging.event_schemas import EventSchemas
from shared.read_models.environment import ConsumerEnvironment
from shared.read_models.generations import Generations, pointer_key
from shared.read_models.history import PATIENCE, AggregateHistory
from shared.read_models.log_positions import LogPositions
from shared.read_models.parked_records import ParkedRecords
from shared.read_models.projector import Fold, Projector, Table
from shared.runtime import aws, log
from shared.runtime.environment import load

StateT = TypeVar("StateT")
Handler = Callable[[dict[str, Any], Any], Any]


@dataclass(frozen=True)
class ReadModel(Generic[StateT]):
    """One view of one type of aggregate's events.

    ``consumer`` is its name for operators. ``history`` reads what the log did not bring.
    ``table(client, table_name, generation, parked)`` makes one generation's table, whose name is
    the field ``table_name`` of ``environment`` and whose key attributes are ``key``.
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

    def follow_the_log(self, event: dict[str, Any], _context: Any) -> None:
        """The projector's handler: apply a batch to every generation that is written."""
        records = log_records.read(event, self.parked_records.positions())
        writes = sum(projector.apply(records) for projector in self.projectors())
        log.metric("RecordsProjected", len(records))
        log.metric("ViewWrites", writes)
        self.positions.reached(event)

    def projectors(self) -> Sequence[Projector[StateT]]:
        """The live generation's projector first, then that of the one being built, if any."""
        return [self.projector(generation) for generation in self._generations.written]

    def projector(self, generation: str) -> Projector[StateT]:
        """The projector of one generation."""
        table = self._table_of(generation)
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
