"""GET /v1/orders?after=: the orders of a day, newest first."""

from console import queries
from console.domain.order_row import OrderRow
from console.domain.sealed_text import NotSealed
from console.handlers.activity import activity
from shared.runtime import clock, problems
from shared.runtime.api import Request, Response, endpoint


def _refused(_refusal: NotSealed) -> problems.Problem:
    return problems.invalid_request("after: not one that this list gave out")


@endpoint(errors={NotSealed: _refused})
def handler(request: Request) -> Response:
    """200 with a page of orders and where the next one begins."""
    as_of = clock.now()
    page = queries.orders(activity(), request.query.get("after"), clock.parse_time(as_of))
    return Response(
        200,
        {
            "as_of": as_of,
            "orders": [_shown(it) for it in page.orders],
            "next": page.next,
            "kept_hours": int(queries.KEPT.total_seconds()) // 3600,
        },
    )


def _shown(row: OrderRow) -> dict[str, str | int | None]:
    return {
        "order_id": row.order_id,
        "status": row.status,
        "version": row.version,
        "placed_at": row.placed_at,
        "updated_at": row.updated_at,
        "last": row.last,
    }
