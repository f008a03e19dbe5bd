"""GET /v1/orders/{order_id}/timeline: an order's past, from everybody who has a part of it."""

from console.adapters.owners_answers import OrderNotKnown, Owners, timeline_of
from console.environment import OwnersEnvironment
from console.handlers.owners import cards, functions
from shared.runtime import clock, problems
from shared.runtime.api import Request, Response, endpoint
from shared.runtime.environment import load
from shared.runtime.patterns import is_uuid


def _not_known(refusal: OrderNotKnown) -> problems.Problem:
    return problems.not_found("order", str(refusal))


@endpoint(errors={OrderNotKnown: _not_known})
def handler(request: Request) -> Response:
    """200 with what was answered: a part that is silent takes nothing from the others."""
    order_id = request.path_parameters.get("order_id", "")
    if not is_uuid(order_id):
        raise problems.invalid_request("order_id: not a UUID")
    owners, as_of = load(OwnersEnvironment), clock.now()
    found = timeline_of(
        functions(),
        Owners(
            owners.read_events_arn,
            owners.show_sagas_arn,
            owners.show_notifications_arn,
            owners.show_archive_arn,
        ),
        cards().all,
        order_id,
        as_of,
    )
    return Response(
        200,
        {
            "as_of": as_of,
            "order_id": order_id,
            "correlation_id": found.correlation_id,
            "entries": found.entries,
            "left_out": found.left_out,
            "states": found.states,
            "parts": found.parts,
        },
    )
