"""What all ways to place an order have in common: from a form to the command, and its answer."""

from collections.abc import Sequence
from functools import cache

from orders import configuration
from orders.adapters.signed_quotes import SignedQuotes
from orders.commands import Offer
from orders.domain.errors import OrdersNotAccepted
from orders.domain.events import Destination, Gift, OrderPlaced
from orders.domain.order import RequestedLine
from orders.environment import QuoteEnvironment
from orders.handlers.requests import GiftForm, LineForm, ShipToForm
from orders.ports import RecordedEvent
from orders_language.quotes import SigningKey
from shared.runtime import aws, clock, log
from shared.runtime.api import Response
from shared.runtime.configuration import current
from shared.runtime.environment import load
from shared.runtime.problems import Problem
from shared.runtime.secrets import VersionedSecret


def come_again(_refusal: OrdersNotAccepted) -> Problem:
    """503, with the time that the settings name."""
    return Problem(
        503,
        "orders-not-accepted",
        "No orders are accepted at present",
        "try again later; orders that were accepted are not affected",
        headers={"Retry-After": str(current(configuration.SETTINGS).retry_after_seconds)},
    )


def lines_of(lines: Sequence[LineForm]) -> list[RequestedLine]:
    """The lines in the domain's terms."""
    return [RequestedLine(line.sku, line.quantity) for line in lines]


def destination_of(ship_to: ShipToForm) -> Destination:
    """Where to, in the domain's terms."""
    return Destination(ship_to.address_id, ship_to.country, ship_to.postcode_area)


def gift_of(gift: GiftForm | None) -> Gift | None:
    """The gift, if it is one, in the domain's terms."""
    return Gift(gift.wrapping, gift.note_code) if gift else None


def placed(recorded: RecordedEvent, seen_at: str) -> Response:
    """202; ``seen_at`` is the order's own address up to its query, such as ``/v1/orders/{id}?``."""
    event = recorded.event
    assert isinstance(event, OrderPlaced)
    log.info(
        "order placed",
        order_id=recorded.aggregate_id,
        correlation_id=recorded.command.correlation_id,
    )
    address = seen_at.format(order_id=recorded.aggregate_id)
    return Response(
        202,
        {
            "order_id": recorded.aggregate_id,
            "version": recorded.version,
            "status": event.leads_to,
            "currency": event.currency,
            "total": event.total,
        },
        {"Location": f"{address}min_version={recorded.version}"},
    )


def offered(
    quote: str | None, customer_id: str, lines: Sequence[LineForm], currency: str
) -> Offer | None:
    """What a quote offers this customer; the quote is read when the offer is wanted."""
    if quote is None:
        return None

    def unit_prices() -> Sequence[int]:
        return _quotes().unit_prices(quote, customer_id, lines_of(lines), currency, clock.now())

    return unit_prices


@cache
def _quotes() -> SignedQuotes:
    arn = load(QuoteEnvironment).quote_signing_secret_arn
    return SignedQuotes(VersionedSecret(aws.brief_client("secretsmanager"), arn, SigningKey))
