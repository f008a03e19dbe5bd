"""POST /v1/orders/{order_id}/cancellation: cancel an order that is still open."""

from orders import commands
from orders.adapters.dynamodb_event_store import DynamoDbEventStore
from orders.commands import CancelOrder
from orders.environment import CommandEnvironment
from orders.handlers import requests
from orders.handlers.requests import CancelOrderForm
from shared.runtime import aws, clock, log
from shared.runtime.api import Request, Response, endpoint
from shared.runtime.environment import load


@endpoint(errors=requests.ERRORS)
def handler(request: Request) -> Response:
    """202 with the version that the cancellation has in the order's history."""
    order_id = requests.order_id(request)
    key = requests.idempotency_key(request)
    form = request.json(CancelOrderForm)
    recorded = commands.cancel_order(
        DynamoDbEventStore(aws.client("dynamodb"), load(CommandEnvironment).event_store_table),
        clock.now,
        CancelOrder(
            order_id, request.customer_id, form.reason, requests.metadata(request, key, form)
        ),
    )
    log.info("order cancelled", order_id=order_id, correlation_id=recorded.command.correlation_id)
    return Response(
        202,
        {"order_id": order_id, "version": recorded.version, "status": recorded.event.leads_to},
        {"Location": f"/v1/orders/{order_id}?min_version={recorded.version}"},
    )
