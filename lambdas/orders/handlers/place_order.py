"""POST /v1/orders and /v2/orders, which takes gifts: place an order, with one call to AWS."""

from orders import commands, configuration
from orders.adapters.event_codec import CODEC
from orders.commands import PlaceOrder
from orders.domain.errors import OrdersNotAccepted
from orders.handlers import placing, requests
from orders.handlers.requests import PlaceOrderForm, PlaceOrderV2Form
from shared.event_sourcing.environment import event_store
from shared.event_sourcing.requests import idempotency_key, metadata
from shared.runtime import clock
from shared.runtime.api import Request, Response, endpoint


@endpoint(errors={**requests.ERRORS, OrdersNotAccepted: placing.come_again})
def handler(request: Request) -> Response:
    """202 with the order's id, version and total; where to read it is in Location.

    An order's id follows from the key in both versions: who repeats a request of one in the other
    has the same order, and a gift that was none before is another request.
    """
    key = idempotency_key(request)
    form = request.json(PlaceOrderForm if request.api_version == 1 else PlaceOrderV2Form)
    command = PlaceOrder(
        order_id=commands.order_id_for(request.customer_id, key),
        customer_id=request.customer_id,
        lines=placing.lines_of(form.lines),
        currency=form.currency,
        ship_to=placing.destination_of(form.ship_to),
        metadata=metadata(request, key, form),
        offer=placing.offered(form.quote, request.customer_id, form.lines, form.currency),
        gift=placing.gift_of(form.gift) if isinstance(form, PlaceOrderV2Form) else None,
    )
    recorded = commands.place_order(
        event_store(CODEC),
        clock.now,
        command,
        configuration.terms_for(request.customer_id),
    )
    return placing.placed(recorded, f"/v{request.api_version}/orders/{{order_id}}?")
