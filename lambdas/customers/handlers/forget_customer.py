"""DELETE /v1/customers/me: forget all that is known about the caller."""

from customers import commands
from customers.domain.customer import Tombstone
from customers.handlers import requests, storage
from shared.runtime import clock, log
from shared.runtime.api import Request, Response, endpoint


@endpoint(errors=requests.ERRORS)
def handler(request: Request) -> Response:
    """204, the first time and every other time; a tombstone without personal data stays."""
    tombstone = Tombstone(
        customer_id=request.customer_id,
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
