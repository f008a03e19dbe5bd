"""POST …/addresses of a profile: add an address, under an id that orders can name."""

import uuid

from customers import commands
from customers.handlers import requests, storage
from customers.handlers.requests import AddressForm
from shared.runtime import clock, log
from shared.runtime.api import Request, Response, endpoint


@endpoint(errors=requests.ERRORS)
def handler(request: Request) -> Response:
    """201 with the profile, and the address's id in Location; the same id for the same address."""
    form = request.json(AddressForm)
    customer, address_id = commands.add_address(
        storage.profiles(),
        clock.now,
        lambda: str(uuid.uuid4()),
        requests.customer_id(request),
        form.address(),
        requests.expected_version(request),
    )
    log.info(
        "address added",
        customer_id=customer.id,
        version=customer.version,
        correlation_id=request.trace.correlation_id,
    )
    location = f"{requests.profile_path(request)}/addresses/{address_id}"
    return requests.answer(201, customer, {"Location": location})
