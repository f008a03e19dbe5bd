"""GET /v1/orders?limit=&page_token=, or /v2: a customer's orders, newest first."""

from order_views import queries
from order_views.handlers import get_order, read_model
from order_views.queries import PageTokenRefused
from shared.runtime import problems
from shared.runtime.api import Request, Response, endpoint

DEFAULT_LIMIT = 20
MAX_LIMIT = 100


def refused(_refusal: PageTokenRefused) -> problems.Problem:
    return problems.invalid_request("page_token: not one that this list gave out")


@endpoint(errors={PageTokenRefused: refused})
def handler(request: Request) -> Response:
    """200 with a page of orders and the token of the next one."""
    return answer(request, request.customer_id)


def answer(request: Request, customer_id: str) -> Response:
    """The same for a customer of somebody who calls."""
    limit = request.whole_number("limit", default=DEFAULT_LIMIT, least=1, most=MAX_LIMIT)
    token = request.query.get("page_token")
    page = queries.orders(read_model.views(), customer_id, limit, token)
    shown = [get_order.document(request, view) for view in page.orders]
    return Response(200, {"orders": shown, "next_page_token": page.next_token})
