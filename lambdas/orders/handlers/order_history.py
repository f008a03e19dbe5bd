"""GET /v1/orders/{order_id}/history?at=|version=: an order as it was, and why.

/v2 says of gifts what /v1 leaves out.
"""

from typing import Any

import msgspec

from orders import queries
from orders.adapters.event_codec import CODEC
from orders.domain.events import OrderEvent
from orders.handlers import requests
from orders.ports import RecordedEvent
from orders.queries import History, Moment
from shared.event_sourcing.environment import event_store
from shared.event_sourcing.requests import id_in_path
from shared.runtime import clock, problems
from shared.runtime.api import Request, Response, endpoint

MAX_VERSION = 10**9


@endpoint(errors=requests.ERRORS)
def handler(request: Request) -> Response:
    """200 with the state at that moment and the events until then."""
    order_id = id_in_path(request, "order")
    moment = _moment(request)
    history = queries.history(
        event_store(CODEC),
        order_id,
        request.customer_id,
        moment,
    )
    return Response(200, _document(history, with_gift=request.api_version > 1))


def _moment(request: Request) -> Moment:
    at = request.query.get("at")
    if at is not None and "version" in request.query:
        raise problems.invalid_request("give at or version, not both")
    if "version" in request.query:
        return Moment(version=request.whole_number("version", default=1, least=1, most=MAX_VERSION))
    if at is not None:
        try:
            return Moment(at=clock.format_time(clock.parse_time(at)))
        except ValueError as malformed:
            raise problems.invalid_request(
                "at: an RFC 3339 time with an offset, such as 2026-12-01T09:30:00Z"
            ) from malformed
    return Moment()


def _document(history: History, *, with_gift: bool) -> dict[str, Any]:
    order, last = history.order, history.events[-1]
    return {
        "order_id": order.id,
        "as_of": {"version": last.version, "occurred_at": last.occurred_at},
        "state": {
            "status": order.status,
            "reason": order.reason,
            **(_data(order.placed, with_gift) if order.placed else {}),
        },
        "events": [_event(recorded, with_gift) for recorded in history.events],
    }


def _data(event: OrderEvent, with_gift: bool) -> dict[str, Any]:
    data: dict[str, Any] = msgspec.to_builtins(event)
    if not with_gift:
        data.pop("gift", None)
    return data


def _event(recorded: RecordedEvent, with_gift: bool) -> dict[str, Any]:
    return {
        "version": recorded.version,
        "type": type(recorded.event).__name__,
        "occurred_at": recorded.occurred_at,
        "event_id": recorded.event_id,
        "correlation_id": recorded.command.correlation_id,
        "causation_id": recorded.command.causation_id,
        "data": _data(recorded.event, with_gift),
    }
