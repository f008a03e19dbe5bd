"""GET /v1/configuration: what each service is told while it runs, and how its rollouts stand."""

from console.adapters import owners_configuration
from console.handlers.owners import cards, functions, unavailable
from console.ports import Unanswered
from shared.runtime import clock
from shared.runtime.api import Request, Response, endpoint


@endpoint(errors={Unanswered: unavailable})
def handler(_request: Request) -> Response:
    """200 with every service that has configuration; one that is silent says why."""
    as_of = clock.now()
    told = owners_configuration.configuration(functions(), cards().all())
    return Response(200, {"as_of": as_of, "services": told})
