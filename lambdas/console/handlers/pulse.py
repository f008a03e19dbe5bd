"""GET /v1/pulse?after=: what the bus carried since, and who asks."""

from console import queries
from console.domain.cursor import cursor_of
from console.domain.sealed_text import NotSealed
from console.environment import PulseEnvironment
from console.handlers.activity import activity
from console.handlers.operator import operator_of
from shared.runtime import clock, problems
from shared.runtime.api import Request, Response, endpoint
from shared.runtime.environment import load


def _refused(_refusal: NotSealed) -> problems.Problem:
    return problems.invalid_request("after: not a cursor that a pulse gave out")


@endpoint(errors={NotSealed: _refused})
def handler(request: Request) -> Response:
    """200 with at most 200 messages; the others are counted."""
    after = request.query.get("after")
    as_of = clock.now()
    found = queries.pulse(
        activity(), cursor_of(after) if after is not None else None, clock.parse_time(as_of)
    )
    return Response(
        200,
        {
            "as_of": as_of,
            "cursor": found.cursor,
            "activity": found.activity,
            "left_out": found.left_out,
            "counts": found.counts,
            "gap": found.gap,
            "environment": load(PulseEnvironment).environment,
            "operator": operator_of(request),
        },
    )
