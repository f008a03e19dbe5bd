"""GET /v1/orders/{order_id}?min_version=, or /v2: one order, as fresh as the caller needs it."""

from typing import Any

import msgspec

from order_views import queries
from order_views.domain.order_view import OrderView
from order_views.handlers import read_model
from order_views.queries import OrderNotVisible
from shared.runtime import problems
from shared.runtime.api import Request, Response, endpoint
from shared.runtime.patterns import is_uuid
from shared.runtime.problems import Problem


def not_visible(refusal: OrderNotVisible) -> Problem:
    answer = problems.not_found_yet if refusal.may_come else problems.not_found
    return answer("order", refusal.order_id)


@endpoint(errors={OrderNotVisible: not_visible})
def handler(request: Request) -> Response:
    """200 with the order; 404 with Retry-After until it has reached ``min_version``."""
    return answer(request, request.customer_id)


def answer(request: Request, customer_id: str) -> Response:
    """The same for a customer of somebody who calls."""
    order_id = request.path_parameters.get("order_id", "")
    if not is_uuid(order_id):
        raise problems.not_found("order", order_id[:64])
    minimum = request.whole_number("min_version", default=0, least=0, most=10**9)
    view = queries.order(read_model.views(), customer_id, order_id, minimum)
    return Response(200, document(request, view))


def document(request: Request, view: OrderView) -> dict[str, Any]:
    """The order as the route's version shows it: /v1 knows no gifts."""
    shown: dict[str, Any] = msgspec.to_builtins(view)
    if request.api_version == 1:
        del shown["gift"]
    return shown
