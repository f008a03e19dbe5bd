"""POST /v1/orders: place an order, with one call to AWS."""

from collections.abc import Sequence
from functools import cache, partial

from orders import commands, configuration
from orders.adapters.event_codec import CODEC
from orders.adapters.signed_quotes import SignedQuotes
from orders.commands import PlaceOrder
from orders.domain.errors import OrdersNotAccepted
from orders.domain.events import Destination, OrderPlaced
from orders.domain.order import RequestedLine
from orders.environment import QuoteEnvironment
from orders.handlers import requests
from orders.handlers.requests import PlaceOrderForm
from orders_language.quotes import SigningKey
from shared.event_sourcing.environment import event_store
from shared.event_sourcing.requests import idempotency_key, metadata
from shared.runtime import aws, clock, log
from shared.runtime.api import Request, Response, endpoint
from shared.runtime.configuration import current
from shared.runtime.environment import load
from shared.runtime.problems import Problem
from shared.runtime.secrets import VersionedSecret


def _come_again(_refusal: OrdersNotAccepted) -> Problem:
    return Problem(
        503,
        "orders-not-accepted",
        "No orders are accepted at present",
        "try again later; orders that were accepted are not affected",
        headers={"Retry-After": str(current(configuration.SETTINGS).retry_after_seconds)},
    )


@endpoint(errors={**requests.ERRORS, OrdersNotAccepted: _come_again})
def handler(request: Request) -> Response:
    """202 with the order's id, version and total; where to read it is in Location."""
    key = idempotency_key(request)
    form = request.json(PlaceOrderForm)
    ship_to = form.ship_to
    command = PlaceOrder(
        order_id=commands.order_id_for(request.customer_id, key),
        customer_id=request.customer_id,
        lines=[RequestedLine(line.sku, line.quantity) for line in form.lines],
        currency=form.currency,
        ship_to=Destination(ship_to.address_id, ship_to.country, ship_to.postcode_area),
        metadata=metadata(request, key, form),
        offer=partial(_unit_prices, request.customer_id, form) if form.quote else None,
    )
    recorded = commands.place_order(
        event_store(CODEC),
        clock.now,
        command,
        configuration.terms_for(request.customer_id),
    )
    placed = recorded.event
    assert isinstance(placed, OrderPlaced)
    log.info(
        "order placed",
        order_id=recorded.aggregate_id,
        correlation_id=recorded.command.correlation_id,
    )
    return Response(
        202,
        {
            "order_id": recorded.aggregate_id,
            "version": recorded.version,
            "status": placed.leads_to,
            "currency": placed.currency,
            "total": placed.total,
        },
        {"Location": f"/v1/orders/{recorded.aggregate_id}?min_version={recorded.version}"},
    )


def _unit_prices(customer_id: str, form: PlaceOrderForm) -> Sequence[int]:
    assert form.quote
    lines = [RequestedLine(line.sku, line.quantity) for line in form.lines]
    return _quotes().unit_prices(form.quote, customer_id, lines, form.currency, clock.now())


@cache
def _quotes() -> SignedQuotes:
    arn = load(QuoteEnvironment).quote_signing_secret_arn
    return SignedQuotes(VersionedSecret(aws.brief_client("secretsmanager"), arn, SigningKey))
