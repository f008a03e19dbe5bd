"""Sales' projectors, one for each generation that is written."""

from functools import cache

from orders_language.history import OrderHistory
from sales.adapters.sales_table import POINTER, Sales, SalesTable
from sales.domain import sales
from sales.settings import for_projector
from shared.messaging.envelope import Envelope
from shared.read_models.generations import Generations
from shared.read_models.parked_records import ParkedRecords
from shared.read_models.projector import Projector
from shared.runtime import aws

CONSUMER = "sales"


def projectors() -> list[Projector[Sales]]:
    """The live generation's projector first, then that of the one being built, if any."""
    return [projector(generation) for generation in _generations().written]


def projector(generation: str) -> Projector[Sales]:
    """The projector of one generation."""
    settings = for_projector()
    table = SalesTable(aws.client("dynamodb"), settings.sales_table, generation, parked_records())
    history = OrderHistory(aws.client("lambda"), settings.read_events_arn)
    return Projector(table, fold, history.read_events)


@cache
def parked_records() -> ParkedRecords:
    """Where this consumer parks what it cannot apply."""
    return ParkedRecords(aws.client("dynamodb"), for_projector().parked_table, CONSUMER)


def fold(counted: Sales | None, event: Envelope) -> Sales:
    """The domain's fold, on an envelope."""
    return sales.fold(counted, event.type, event.occurred_at, event.data)


@cache
def _generations() -> Generations:
    return Generations(aws.client("dynamodb"), for_projector().sales_table, POINTER)
