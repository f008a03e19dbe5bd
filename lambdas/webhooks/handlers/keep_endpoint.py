"""PUT of an endpoint: where a partner is told what becomes of its orders."""

import secrets
from datetime import UTC, datetime
from functools import cache

from shared.runtime import aws, log
from shared.runtime.api import Request, Response, endpoint
from shared.runtime.environment import load
from webhooks import commands
from webhooks.adapters.dynamodb_endpoints import DynamoDbEndpoints
from webhooks.adapters.https_receivers import HttpsReceivers
from webhooks.environment import EndpointsEnvironment, ReceiversEnvironment
from webhooks.handlers import requests
from webhooks.handlers.requests import EndpointForm
from webhooks.ports import Endpoints, Receivers

CHALLENGE_SECONDS = 1.5
"""A caller waits for the answer, and for this meanwhile."""


@endpoint(errors=requests.ERRORS)
def handler(request: Request) -> Response:
    """201 with the first endpoint, 200 with another one or the same again; 422: it is refused."""
    partner = requests.partner(request)
    given = request.json(EndpointForm).endpoint()
    first = commands.keep_endpoint(
        _endpoints(),
        _receivers(),
        partner,
        given,
        secrets.token_urlsafe(24),
        datetime.now(UTC),
    )
    log.info("endpoint kept", first=first, correlation_id=request.trace.correlation_id)
    return Response(201 if first else 200, {"url": given.url})


@cache
def _receivers() -> Receivers:
    return HttpsReceivers(load(ReceiversEnvironment).authority, CHALLENGE_SECONDS)


@cache
def _endpoints() -> Endpoints:
    return DynamoDbEndpoints(aws.client("dynamodb"), load(EndpointsEnvironment).endpoints_table)
