"""The order view's projectors, one for each generation that is written."""

from functools import cache

from order_views.adapters.dynamodb_order_views import POINTER, projected_table
from order_views.domain import order_view
from order_views.domain.order_view import OrderView
from order_views.settings import for_projector
from orders_language.history import OrderHistory
from shared.messaging.envelope import Envelope
from shared.read_models.generations import Generations
from shared.read_models.parked_records import ParkedRecords
from shared.read_models.projector import Projector
from shared.runtime import aws

CONSUMER = "order-view"


def projectors() -> list[Projector[OrderView]]:
    """The live generation's projector first, then that of the one being built, if any."""
    return [projector(generation) for generation in _generations().written]


def projector(generation: str) -> Projector[OrderView]:
    """The projector of one generation."""
    settings = for_projector()
    table = projected_table(
        aws.client("dynamodb"), settings.order_view_table, generation, parked_records()
    )
    history = OrderHistory(aws.client("lambda"), settings.read_events_arn)
    return Projector(table, fold, history.read_events)


@cache
def parked_records() -> ParkedRecords:
    """Where this consumer parks what it cannot apply."""
    return ParkedRecords(aws.client("dynamodb"), for_projector().parked_table, CONSUMER)


def fold(view: OrderView | None, event: Envelope) -> OrderView:
    """The domain's fold, on an envelope."""
    assert event.version is not None
    return order_view.fold(
        view, event.type, event.aggregate_id, event.version, event.occurred_at, event.data
    )


@cache
def _generations() -> Generations:
    return Generations(aws.client("dynamodb"), for_projector().order_view_table, POINTER)
