"""POST /v1/orders/{order_id}/cancellation, or /v2: cancel an order that is still open."""

from orders import commands
from orders.adapters.event_codec import CODEC
from orders.commands import CancelOrder
from orders.handlers import requests
from orders.handlers.requests import CancelOrderForm
from shared.event_sourcing.environment import event_store
from shared.event_sourcing.requests import id_in_path, idempotency_key, metadata
from shared.runtime import clock, log
from shared.runtime.api import Request, Response, endpoint


@endpoint(errors=requests.ERRORS)
def handler(request: Request) -> Response:
    """202 with the version that the cancellation has in the order's history."""
    order_id = id_in_path(request, "order")
    key = idempotency_key(request)
    form = request.json(CancelOrderForm)
    recorded = commands.cancel_order(
        event_store(CODEC),
        clock.now,
        CancelOrder(order_id, request.customer_id, form.reason, metadata(request, key, form)),
    )
    log.info("order cancelled", order_id=order_id, correlation_id=recorded.command.correlation_id)
    return Response(
        202,
        {"order_id": order_id, "version": recorded.version, "status": recorded.event.leads_to},
        {"Location": f"/v{request.api_version}/orders/{order_id}?min_version={recorded.version}"},
    )
