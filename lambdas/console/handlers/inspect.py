"""GET /v1/services, /v1/consumers, /v1/consumers/{name}/parked and /v1/sagas."""

from collections.abc import Callable
from typing import Any

from console.adapters import owners_answers
from console.environment import InspectEnvironment
from console.handlers.owners import cards, functions, unavailable
from console.ports import Unanswered
from shared.runtime import clock, problems
from shared.runtime.api import Request, Response, endpoint
from shared.runtime.environment import load


def _services() -> dict[str, Any]:
    hidden = ("show", "fields")  # where functions are, and which fields may be seen
    listed = [
        {name: getattr(it, name) for name in it.__struct_fields__ if name not in hidden}
        for it in cards().all()
    ]
    return {"services": listed}


def _consumers() -> dict[str, Any]:
    return {"consumers": owners_answers.consumers(functions(), cards().all())}


def _sagas() -> dict[str, Any]:
    return owners_answers.sagas(functions(), load(InspectEnvironment).show_sagas_arn)


_ANSWERS: dict[str, Callable[[], dict[str, Any]]] = {
    "services": _services,
    "consumers": _consumers,
    "sagas": _sagas,
}


@endpoint(errors={Unanswered: unavailable})
def handler(request: Request) -> Response:
    """200 with what is asked for; 503 if who has it is silent."""
    as_of = clock.now()
    name = request.path_parameters.get("name")
    if name is not None:
        return Response(200, {"as_of": as_of, **_parked(name)})
    kind = request.path.rstrip("/").rpartition("/")[2]
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
