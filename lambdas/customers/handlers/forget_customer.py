"""DELETE of a profile: forget all that is known about a customer."""

from customers import commands
from customers.domain.customer import Tombstone
from customers.handlers import requests, storage
from shared.runtime import clock, log
from shared.runtime.api import Request, Response, endpoint


@endpoint(errors=requests.ERRORS)
def handler(request: Request) -> Response:
    """204, the first time and every other time; a tombstone without personal data stays."""
    tombstone = Tombstone(
        customer_id=requests.customer_id(request),
        forgotten_at=clock.now(),
        correlation_id=request.trace.correlation_id,
        causation_id=request.request_id,
        traceparent=request.trace.traceparent,
    )
    commands.forget(storage.profiles(), tombstone)
    log.info(
        "customer forgotten",
        customer_id=tombstone.customer_id,
        correlation_id=tombstone.correlation_id,
    )
    return Response(204)
