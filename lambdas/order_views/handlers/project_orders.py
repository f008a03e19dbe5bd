"""Follows the event log and keeps the order view up to date."""

import base64
from functools import cache
from typing import Any

from shared import aws, log
from shared.envelope import Envelope, decode
from shared.order_history import OrderHistory
from shared.projector import Projector

from order_views.adapters.dynamodb_order_views import DynamoDbOrderViews, Generations
from order_views.domain import order_view
from order_views.domain.order_view import OrderView
from order_views.settings import for_projector


def handler(event: dict[str, Any], _context: Any) -> None:
    """Apply a batch of the log to every generation that is written."""
    records = event["Records"]
    events = [decode(base64.b64decode(record["kinesis"]["data"])) for record in records]
    orders = [envelope for envelope in events if envelope.aggregate_type == "order"]
    history = OrderHistory(aws.client("lambda"), for_projector().read_events_arn)
    writes = 0
    for generation in _generations().written:
        views = DynamoDbOrderViews(
            aws.client("dynamodb"), for_projector().order_view_table, generation
        )
        writes += Projector(views, _fold, history.read_events).apply(orders)
    log.metric("EventsProjected", len(orders))
    log.metric("ViewWrites", writes)


@cache
def _generations() -> Generations:
    return Generations(aws.client("dynamodb"), for_projector().order_view_table)


def _fold(view: OrderView | None, event: Envelope) -> OrderView:
    assert event.version is not None
    return order_view.fold(
        view, event.type, event.aggregate_id, event.version, event.occurred_at, event.data
    )
