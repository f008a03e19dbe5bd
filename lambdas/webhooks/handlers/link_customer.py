"""PUT of a customer below an endpoint: whom the customer's orders are told to."""

from functools import cache

from customers_language.references import customer_of_partner
from shared.runtime import aws
from shared.runtime.api import Request, Response, endpoint
from shared.runtime.environment import load
from webhooks.adapters.dynamodb_customers import DynamoDbCustomers
from webhooks.environment import CustomersEnvironment
from webhooks.handlers import requests
from webhooks.ports import Customers


@endpoint(errors=requests.ERRORS)
def handler(request: Request) -> Response:
    """204, also where there is no endpoint yet; 410 once the customer was forgotten."""
    partner, reference = requests.partner(request), requests.reference(request)
    _customers().link(customer_of_partner(request.customer_id, reference), partner)
    return Response(204)


@cache
def _customers() -> Customers:
    return DynamoDbCustomers(aws.client("dynamodb"), load(CustomersEnvironment).customers_table)
