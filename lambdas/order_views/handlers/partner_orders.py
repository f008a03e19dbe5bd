"""GET /v1/partner-orders[/{order_id}]?customer=: orders of a customer whom a partner has."""

from functools import cache

from customers_language import partners
from customers_language.partners import PartnersCustomers
from customers_language.references import is_reference
from order_views.environment import PartnerEnvironment
from order_views.handlers import get_order, list_orders
from order_views.queries import OrderNotVisible, PageTokenRefused
from shared.runtime import aws, problems
from shared.runtime.api import Request, Response, endpoint
from shared.runtime.environment import load


@endpoint(
    errors={
        **partners.ERRORS,
        OrderNotVisible: get_order.not_visible,
        PageTokenRefused: list_orders.refused,
    }
)
def handler(request: Request) -> Response:
    """200 with the order, or with a page of orders; 404 for anybody else's customer."""
    reference = request.query.get("customer", "")
    if not is_reference(reference):
        raise problems.invalid_request("customer: your own reference of the customer")
    customer_id = _customers().find(request.customer_id, reference)
    if "order_id" in request.path_parameters:
        return get_order.answer(request, customer_id)
    return list_orders.answer(request, customer_id)


@cache
def _customers() -> PartnersCustomers:
    return PartnersCustomers(
        aws.brief_client("lambda"), load(PartnerEnvironment).find_partner_customer_arn
    )
