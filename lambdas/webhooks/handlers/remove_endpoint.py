"""DELETE of an endpoint: the partner is told nothing any more."""

from functools import cache

from shared.runtime import aws, log
from shared.runtime.api import Request, Response, endpoint
from shared.runtime.environment import load
from webhooks.adapters.dynamodb_endpoints import DynamoDbEndpoints
from webhooks.environment import EndpointsEnvironment
from webhooks.handlers import requests
from webhooks.ports import Endpoints


@endpoint(errors=requests.ERRORS)
def handler(request: Request) -> Response:
    """204, the first time and every other time."""
    _endpoints().remove(requests.partner(request))
    log.info("endpoint removed", correlation_id=request.trace.correlation_id)
    return Response(204)


@cache
def _endpoints() -> Endpoints:
    return DynamoDbEndpoints(aws.client("dynamodb"), load(EndpointsEnvironment).endpoints_table)
