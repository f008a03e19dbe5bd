"""POST /v1/partner-orders: a partner orders for a customer whom it has registered."""

from functools import cache

from customers_language import partners
from customers_language.partners import PartnersCustomers
from orders import commands, configuration
from orders.adapters.event_codec import CODEC
from orders.commands import PlaceOrder
from orders.domain.errors import OrdersNotAccepted
from orders.environment import PartnerEnvironment
from orders.handlers import placing, requests
from orders.handlers.requests import PlacePartnerOrderForm
from shared.event_sourcing.environment import event_store
from shared.event_sourcing.requests import idempotency_key, metadata
from shared.runtime import aws, clock
from shared.runtime.api import Request, Response, endpoint
from shared.runtime.environment import load


@endpoint(errors={**requests.ERRORS, **partners.ERRORS, OrdersNotAccepted: placing.come_again})
def handler(request: Request) -> Response:
    """202 with the order's id, version and total; where to read it is in Location.

    The key is the partner's: the same one for another customer is refused. A quote is no part of
    what makes two requests the same: the first one's prices count.
    """
    key = idempotency_key(request)
    form = request.json(PlacePartnerOrderForm)
    partner_id = request.customer_id  # who calls is a system, and its token says which
    customer_id = _customers().find(partner_id, form.customer)
    command = PlaceOrder(
        order_id=commands.order_id_for(partner_id, key),
        customer_id=customer_id,
        lines=placing.lines_of(form.lines),
        currency=form.currency,
        ship_to=placing.destination_of(form.ship_to),
        metadata=metadata(request, key, form.without_quote()),
        offer=placing.offered(form.quote, customer_id, form.lines, form.currency),
    )
    recorded = commands.place_order(
        event_store(CODEC), clock.now, command, configuration.terms_for(customer_id)
    )
    return placing.placed(recorded, f"/v1/partner-orders/{{order_id}}?customer={form.customer}&")


@cache
def _customers() -> PartnersCustomers:
    return PartnersCustomers(
        aws.brief_client("lambda"), load(PartnerEnvironment).find_partner_customer_arn
    )
