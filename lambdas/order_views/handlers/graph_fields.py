"""Fields of the GraphQL API that need more than one item: an order's lines and history, and lists.

AppSync's resolvers call it, after they have looked at the caller's token. It looks at the order's
owner itself, whoever calls.
"""

from collections.abc import Callable, Mapping
from typing import Annotated, Any

import msgspec

from order_views import queries
from order_views.environment import GraphEnvironment
from order_views.handlers import read_model
from order_views.handlers.list_orders import DEFAULT_LIMIT, MAX_LIMIT
from order_views.ports import OrderViews
from order_views.queries import OrderNotVisible, PageTokenRefused
from orders_language.history import OrderHistory
from shared.runtime import aws
from shared.runtime.environment import load
from shared.runtime.patterns import Uuid
from shared.runtime.tracing import context, spans
from shared.runtime.tracing.invocations import invocation

HISTORY_SECONDS = 6
"""For one answer of orders' function; this one may take ten."""
Answer = dict[str, Any]
Generation = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]


class Asked(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="field"):
    """What each field's resolver tells; ``generation`` is the one that the whole query reads."""

    customer_id: Annotated[str, msgspec.Meta(min_length=1, max_length=128)]
    generation: Generation
    correlation_id: Uuid
    traceparent: str | None


class Lines(Asked, frozen=True, tag="lines"):
    """An order's lines."""

    order_id: Uuid


class History(Asked, frozen=True, tag="history"):
    """An order's events."""

    order_id: Uuid


class Orders(Asked, frozen=True, tag="orders"):
    """A page of the customer's orders."""

    limit: int | None = None
    page_token: str | None = None


class Owned(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="field", tag="owned"
):
    """Whether an order is the customer's, as the generation that is served has it."""

    customer_id: Annotated[str, msgspec.Meta(min_length=1, max_length=128)]
    order_id: Uuid
    correlation_id: Uuid
    traceparent: str | None


class _Refused(Exception):
    """``detail`` is for the caller."""

    def __init__(self, kind: str, detail: str) -> None:
        super().__init__(kind)
        self.problem = {"type": kind, "detail": detail}


@invocation
def handler(event: dict[str, Any], _context: Any) -> Answer:
    """``{answer}`` with the field's value, or ``{problem: {type, detail}}`` for the caller.

    Raises:
        msgspec.ValidationError: the resolver asked for something else.
        shared.read_models.history.HistoryUnavailable: orders' own function failed.
    """
    asked = msgspec.convert(event, Lines | History | Orders | Owned)
    theirs = context.parse(asked.traceparent)
    with spans.root(
        f"GraphQL {event['field']}",
        spans.SERVER,
        asked.correlation_id,
        links=(theirs,) if theirs else (),
        attributes={"rpc.method": event["field"], "faas.trigger": "other"},
    ):
        try:
            return {"answer": _ANSWERS[type(asked)](asked)}
        except _Refused as refused:
            return {"problem": refused.problem}
        except OrderNotVisible:
            return {"problem": {"type": "NotFound", "detail": "you have no such order"}}


def _owned(asked: Owned) -> bool:
    queries.order(read_model.views(), asked.customer_id, asked.order_id, 0)
    return True


def _lines(asked: Lines) -> list[Answer]:
    view = queries.order(_views(asked), asked.customer_id, asked.order_id, 0)
    return [
        {
            "sku": line["sku"],
            "quantity": line["quantity"],
            "unitPrice": line["unit_price"],
        }
        for line in view.lines
    ]


def _history(asked: History) -> list[Answer]:
    events = queries.history(_views(asked), _order_events(), asked.customer_id, asked.order_id)
    return [
        {
            "version": event.version,
            "type": event.type,
            "occurredAt": event.occurred_at,
            "reason": event.data.get("reason"),
        }
        for event in events
    ]


def _orders(asked: Orders) -> Answer:
    limit = DEFAULT_LIMIT if asked.limit is None else asked.limit
    if not 1 <= limit <= MAX_LIMIT:
        raise _Refused("InvalidRequest", f"limit must be from 1 to {MAX_LIMIT}")
    try:
        page = queries.orders(_views(asked), asked.customer_id, limit, asked.page_token)
    except PageTokenRefused as refused:
        detail = "pageToken: not one that this list gave out"
        raise _Refused("InvalidRequest", detail) from refused
    return {
        "orders": [
            {
                "id": view.order_id,
                "version": view.version,
                "status": view.status.upper(),
                "currency": view.currency,
                "total": view.total,
                "placedAt": view.placed_at,
                "updatedAt": view.updated_at,
                "reason": view.reason,
                "gift": _gift(view.gift),
            }
            for view in page.orders
        ],
        "nextPageToken": page.next_token,
    }


def _gift(said: Mapping[str, str | None] | None) -> Answer | None:
    return {"wrapping": said["wrapping"], "noteCode": said["note_code"]} if said else None


def _views(asked: Asked) -> OrderViews:
    return read_model.views_of(asked.generation)


def _order_events() -> OrderHistory:
    # Somebody waits, and has the other fields without this one: who wants it asks again.
    client = aws.impatient_client("lambda", HISTORY_SECONDS)
    return OrderHistory(client, load(GraphEnvironment).read_events_arn)


_ANSWERS: Mapping[type[Asked | Owned], Callable[[Any], Any]] = {
    Lines: _lines,
    History: _history,
    Orders: _orders,
    Owned: _owned,
}
