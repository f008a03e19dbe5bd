"""The order view as a read model: a fold of an order's events into what its customer sees."""

from collections.abc import Sequence

from order_views.adapters.dynamodb_order_views import KEY, projected_table
from order_views.domain import business, order_view
from order_views.domain.business import Step
from order_views.domain.order_view import OrderView
from order_views.environment import ProjectorEnvironment
from orders_language.history import OrderHistory
from orders_language.schemas import ORDER_EVENTS
from shared.messaging.envelope import Envelope
from shared.read_models.read_model import ReadModel
from shared.runtime import log


def count(steps: Sequence[Step]) -> None:
    """Publish what has become of orders; a metric's dimensions have few values, and no others."""
    found = business.tally(steps)
    if found.counts:
        log.metrics({name: [count] for name, count in found.counts.items()}, "Count")
    for reason, orders in found.rejected.items():
        log.metrics({"OrdersRejected": [orders]}, "Count", reason=reason)
    for currency, values in found.values.items():
        log.metrics({"OrderValue": values}, "None", currency=currency)
    if found.seconds:
        log.metrics({"SecondsToConfirm": found.seconds}, "Seconds")


def fold(view: OrderView | None, event: Envelope) -> OrderView:
    """The domain's fold, on an envelope."""
    assert event.version is not None
    return order_view.fold(
        view, event.type, event.aggregate_id, event.version, event.occurred_at, event.data
    )


ORDER_VIEW = ReadModel(
    consumer="order-view",
    events=ORDER_EVENTS,
    history=OrderHistory,
    fold=fold,
    environment=ProjectorEnvironment,
    table_name="order_view_table",
    table=projected_table,
    key=(KEY,),
    count=count,
)
