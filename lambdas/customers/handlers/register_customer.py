"""PUT of a profile: register, or change name and e-mail."""

from customers import commands
from customers.handlers import requests, storage
from customers.handlers.requests import RegistrationForm
from shared.runtime import clock, log
from shared.runtime.api import Request, Response, endpoint


@endpoint(errors=requests.ERRORS)
def handler(request: Request) -> Response:
    """201 with the new profile, also when the first request comes again; 200 after a change."""
    form = request.json(RegistrationForm)
    customer = commands.register(
        storage.profiles(),
        clock.now,
        requests.customer_id(request),
        form.contact(),
        requests.expected_version(request),
    )
    log.info(
        "customer registered",
        customer_id=customer.id,
        version=customer.version,
        correlation_id=request.trace.correlation_id,
    )
    return requests.answer(201 if customer.version == 1 else 200, customer)
