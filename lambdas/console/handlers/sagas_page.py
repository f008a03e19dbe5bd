"""GET /v1/sagas?orders= and /v1/sagas/{order_id}: sagas, and one of them with its carriers."""

from collections.abc import Callable, Mapping
from typing import Any

from console.adapters.sagas_answers import SagaNotKnown, saga, sagas
from console.environment import InspectEnvironment
from console.handlers.owners import functions
from shared.runtime import problems
from shared.runtime.api import Request
from shared.runtime.environment import load
from shared.runtime.patterns import is_uuid

MOST_NAMED = 20
"""Orders whose sagas are told besides the open ones: as many as fulfilment answers for."""


def several(request: Request) -> dict[str, Any]:
    """The document, without when it was made. Raises a problem, or Unanswered."""
    named = request.query.get("orders") or ""
    orders = named.split(",") if named else []
    if len(orders) > MOST_NAMED or not all(map(is_uuid, orders)):
        raise problems.invalid_request(f"orders: not up to {MOST_NAMED} UUIDs with commas")
    return sagas(functions(), load(InspectEnvironment).show_sagas_arn, orders)


def one(order_id: str) -> dict[str, Any]:
    """The document, without when it was made. Raises a problem of ERRORS, or Unanswered."""
    if not is_uuid(order_id):
        raise problems.invalid_request("order_id: not a UUID")
    owners = load(InspectEnvironment)
    return saga(functions(), owners.show_sagas_arn, owners.show_quotes_arn, order_id)


def not_known(refusal: SagaNotKnown) -> problems.Problem:
    """404: there is no such saga."""
    return problems.not_found("saga", str(refusal))


ERRORS: Mapping[type[Exception], Callable[[Any], problems.Problem]] = {SagaNotKnown: not_known}
