"""GET /v1/orders/{order_id}?min_version=: one order, as fresh as the caller needs it."""

from order_views import queries
from order_views.handlers import read_model
from order_views.queries import OrderNotVisible
from shared.runtime import problems
from shared.runtime.api import Request, Response, endpoint
from shared.runtime.problems import Problem
from shared.runtime.tracing import is_uuid


def _not_visible(refusal: OrderNotVisible) -> Problem:
    answer = problems.not_found_yet if refusal.may_come else problems.not_found
    return answer("order", refusal.order_id)


@endpoint(errors={OrderNotVisible: _not_visible})
def handler(request: Request) -> Response:
    """200 with the order; 404 with Retry-After until it has reached ``min_version``."""
    order_id = request.path_parameters.get("order_id", "")
    if not is_uuid(order_id):
        raise problems.not_found("order", order_id[:64])
    minimum = request.whole_number("min_version", default=0, least=0, most=10**9)
    return Response(200, queries.order(read_model.views(), request.customer_id, order_id, minimum))
