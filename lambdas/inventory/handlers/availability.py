"""Says which articles are on the shelf, to containers that ask through the service network."""

import re
from functools import cache

from inventory.adapters.dynamodb_shelves import DynamoDbShelves
from inventory.environment import AvailabilityEnvironment
from inventory.ports import Shelves
from inventory.queries import availability_of
from shared.runtime import aws, problems
from shared.runtime.api import Response
from shared.runtime.environment import load
from shared.runtime.lattice import Request, endpoint

PATH = "/v1/availability"
MOST_SKUS = 50
_SKUS = re.compile(r"[A-Za-z0-9-]{1,40}(,[A-Za-z0-9-]{1,40})*")


@endpoint(PATH, lambda: load(AvailabilityEnvironment).caller_role_arn)
def handler(request: Request) -> Response:
    """200 with ``{items: [{sku, availability}]}`` for ``skus``, which commas separate."""
    return answer(_shelves(), request)


def answer(shelves: Shelves, request: Request) -> Response:
    """The same with other shelves."""
    text = request.query.get("skus", "")
    skus = list(dict.fromkeys(text.split(",")))
    if not _SKUS.fullmatch(text) or len(skus) > MOST_SKUS:
        raise problems.invalid_request(
            f"skus: one to {MOST_SKUS} of letters, digits and hyphens, separated by commas"
        )
    found = availability_of(shelves, skus)
    return Response(200, {"items": [{"sku": sku, "availability": it} for sku, it in found.items()]})


@cache
def _shelves() -> Shelves:
    return DynamoDbShelves(aws.client("dynamodb"), load(AvailabilityEnvironment).stock_table)
