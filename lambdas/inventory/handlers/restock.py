"""An operator's command: stock that was delivered becomes available, each delivery once.

The payload is ``{"deliveries": [{"delivery_id", "sku", "quantity"}]}``; ``inventory/seed.json`` is
the one that a new deployment starts with.
"""

from typing import Annotated, Any

import msgspec

from inventory.adapters.dynamodb_deliveries import DynamoDbDeliveries
from inventory.environment import RestockEnvironment
from shared.runtime import aws, clock, log
from shared.runtime.environment import load
from shared.runtime.tracing.invocations import invocation


class Delivery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """So many pieces of one SKU; ``delivery_id`` is how a repetition is recognised."""

    delivery_id: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9._-]{1,100}\Z")]
    sku: Annotated[str, msgspec.Meta(min_length=1, max_length=40)]
    quantity: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]


class Restock(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Deliveries that have arrived."""

    deliveries: Annotated[list[Delivery], msgspec.Meta(min_length=1, max_length=1000)]


@invocation
def handler(event: dict[str, Any], _context: Any) -> dict[str, int]:
    """Count the deliveries in; answers how many were ``received`` now and ``known`` before.

    Raises:
        msgspec.ValidationError: the payload is not of this form; nothing was counted.
    """
    restock = msgspec.convert(event, Restock)
    deliveries = DynamoDbDeliveries(aws.client("dynamodb"), load(RestockEnvironment).stock_table)
    received = 0
    for delivery in restock.deliveries:
        if deliveries.receive(delivery.delivery_id, delivery.sku, delivery.quantity, clock.now()):
            received += 1
            log.info("stock received", sku=delivery.sku, quantity=delivery.quantity)
    return {"received": received, "known": len(restock.deliveries) - received}
