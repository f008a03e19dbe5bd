"""Sales as a read model: a fold of orders' events into counters."""

from orders_language.history import OrderHistory
from orders_language.schemas import ORDER_EVENTS
from sales.adapters.sales_table import KEY, Sales, SalesTable
from sales.domain import sales
from sales.environment import ProjectorEnvironment
from shared.messaging.envelope import Envelope
from shared.read_models.read_model import ReadModel


def fold(counted: Sales | None, event: Envelope) -> Sales:
    """The domain's fold, on an envelope."""
    return sales.fold(counted, event.type, event.occurred_at, event.data)


SALES = ReadModel(
    consumer="sales",
    events=ORDER_EVENTS,
    history=OrderHistory,
    fold=fold,
    environment=ProjectorEnvironment,
    table_name="sales_table",
    table=SalesTable,
    key=KEY,
)
