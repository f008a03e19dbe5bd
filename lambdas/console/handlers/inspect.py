"""GET /v1/services, /v1/consumers and a consumer's parked, /v1/sagas and one of them, /v1/views,
/v1/log, /v1/alarms, /v1/queues and /v1/releases.
"""

from collections.abc import Callable
from typing import Any

from console.adapters import owners_answers, views_answers
from console.environment import InspectEnvironment
from console.handlers import alarms_page, log_page, releases_page, sagas_page
from console.handlers.owners import cards, functions, unavailable
from console.ports import Unanswered
from shared.runtime import clock, problems
from shared.runtime.api import Request, Response, endpoint
from shared.runtime.environment import load

TOLD = (
    *("name", "owner", "purpose", "source", "runbook", "api"),
    *("says", "takes", "reads_log", "views", "consumers"),
)
"""Of a service's card; the names of its functions are what this API works with itself."""


def _services() -> dict[str, Any]:
    return {"services": [{name: getattr(it, name) for name in TOLD} for it in cards().all()]}


def _consumers() -> dict[str, Any]:
    return {
        "consumers": owners_answers.consumers(
            functions(), cards().all(), load(InspectEnvironment).show_log_arn
        )
    }


def _views() -> dict[str, Any]:
    return {"views": views_answers.views(functions(), cards().all())}


_ANSWERS: dict[str, Callable[[], dict[str, Any]]] = {
    "services": _services,
    "consumers": _consumers,
    "views": _views,
    "alarms": alarms_page.alarms,
    "queues": alarms_page.queues,
    "releases": releases_page.releases,
}


@endpoint(errors={Unanswered: unavailable, **log_page.ERRORS, **sagas_page.ERRORS})
def handler(request: Request) -> Response:
    """200 with what is asked for; 503 if who has it is silent."""
    as_of = clock.now()
    name = request.path_parameters.get("name")
    if name is not None:
        return Response(200, {"as_of": as_of, **_parked(name)})
    order_id = request.path_parameters.get("order_id")
    if order_id is not None:
        return Response(200, {"as_of": as_of, **sagas_page.one(order_id)})
    kind = request.path.rstrip("/").rpartition("/")[2]
    if kind == "log":
        return Response(200, {"as_of": as_of, **log_page.answer(request, as_of)})
    if kind == "sagas":
        return Response(200, {"as_of": as_of, **sagas_page.several(request)})
    if kind not in _ANSWERS:
        raise problems.not_found("resource", kind[:64])
    return Response(200, {"as_of": as_of, **_ANSWERS[kind]()})


def _parked(name: str) -> dict[str, Any]:
    shows = {consumer: arn for card in cards().all() for consumer, arn in card.show.items()}
    if name not in shows:
        raise problems.not_found("consumer", name[:64])
    answer = functions().ask(shows[name], {"parked": True})
    return {
        "parked": [
            {
                "shard": it["shard"],
                "sequence": it["sequence"],
                "reason": it["reason"],
                "order_id": it["aggregate_id"],
                "at": it["parked_at"],
                "redrivable": it["redrivable"],
            }
            for it in answer["parked"]
        ],
        "capped": answer["next"] is not None,
    }
