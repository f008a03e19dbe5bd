"""POST /v1/orders: place an order, with one call to AWS."""

from orders import commands
from orders.adapters.dynamodb_event_store import DynamoDbEventStore
from orders.domain.events import Destination, OrderPlaced
from orders.domain.order import RequestedLine
from orders.handlers import requests
from orders.handlers.requests import PlaceOrderForm
from orders.settings import for_commands
from shared import aws, clock, log
from shared.api import Request, Response, endpoint


@endpoint(errors=requests.ERRORS)
def handler(request: Request) -> Response:
    """202 with the order's id, version and total; where to read it is in Location."""
    key = requests.idempotency_key(request)
    form = request.json(PlaceOrderForm)
    recorded = commands.place_order(
        DynamoDbEventStore(aws.client("dynamodb"), for_commands().event_store_table),
        clock.now,
        commands.order_id_for(request.customer_id, key),
        requests.command(request, key, form),
        request.customer_id,
        [RequestedLine(line.sku, line.quantity) for line in form.lines],
        form.currency,
        Destination(form.ship_to.address_id, form.ship_to.country, form.ship_to.postcode_area),
    )
    placed = recorded.event
    assert isinstance(placed, OrderPlaced)
    log.info(
        "order placed",
        order_id=recorded.order_id,
        correlation_id=recorded.command.correlation_id,
    )
    return Response(
        202,
        {
            "order_id": recorded.order_id,
            "version": recorded.version,
            "status": placed.leads_to,
            "currency": placed.currency,
            "total": placed.total,
        },
        {"Location": f"/v1/orders/{recorded.order_id}?min_version={recorded.version}"},
    )
