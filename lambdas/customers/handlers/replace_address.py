"""PUT …/addresses/{address_id} of a profile: correct an address; its id stays."""

from customers import commands
from customers.handlers import requests, storage
from customers.handlers.requests import AddressForm
from shared.runtime import clock, log
from shared.runtime.api import Request, Response, endpoint


@endpoint(errors=requests.ERRORS)
def handler(request: Request) -> Response:
    """200 with the profile."""
    address_id = requests.address_id(request)
    form = request.json(AddressForm)
    customer = commands.replace_address(
        storage.profiles(),
        clock.now,
        requests.customer_id(request),
        address_id,
        form.address(),
        requests.expected_version(request),
    )
    log.info(
        "address replaced",
        customer_id=customer.id,
        version=customer.version,
        correlation_id=request.trace.correlation_id,
    )
    return requests.answer(200, customer)
