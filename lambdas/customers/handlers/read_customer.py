"""GET of a profile: all that is kept about a customer."""

from customers import queries
from customers.handlers import requests, storage
from shared.runtime.api import Request, Response, endpoint


@endpoint(errors=requests.ERRORS)
def handler(request: Request) -> Response:
    """200 with the profile; 404 if there never was one, 410 if it was forgotten."""
    return requests.answer(200, queries.profile(storage.profiles(), requests.customer_id(request)))
