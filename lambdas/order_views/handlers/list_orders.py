"""GET /v1/orders?limit=&page_token=: a customer's orders, newest first."""

from order_views import queries
from order_views.handlers import read_model
from order_views.queries import PageTokenRefused
from shared.runtime import problems
from shared.runtime.api import Request, Response, endpoint
from shared.runtime.tracing import is_uuid

DEFAULT_LIMIT = 20
MAX_LIMIT = 100


def _refused(_refusal: PageTokenRefused) -> problems.Problem:
    return problems.invalid_request("page_token: not one that this list gave out")


@endpoint(errors={PageTokenRefused: _refused})
def handler(request: Request) -> Response:
    """200 with a page of orders and the token of the next one."""
    limit = request.whole_number("limit", default=DEFAULT_LIMIT, least=1, most=MAX_LIMIT)
    token = request.query.get("page_token")
    if token is not None and not is_uuid(token):
        raise PageTokenRefused
    page = queries.orders(read_model.views(), request.customer_id, limit, token)
    return Response(200, {"orders": page.orders, "next_page_token": page.next_token})
