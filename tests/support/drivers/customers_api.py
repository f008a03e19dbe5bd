"""Calls of the API as the functions get them from API Gateway."""

import json
from typing import Any

from customers.handlers import (
    add_address,
    forget_customer,
    read_customer,
    register_customer,
    replace_address,
)

HANDLERS = {
    "register": register_customer.handler,
    "read": read_customer.handler,
    "add": add_address.handler,
    "replace": replace_address.handler,
    "forget": forget_customer.handler,
}


def call(
    operation: str,
    customer_id: str,
    body: Any = None,
    *,
    address_id: str | None = None,
    reference: str | None = None,
    if_match: str | None = None,
) -> tuple[int, Any, dict[str, str]]:
    """Status, parsed body and headers. ``body`` is sent as it is if it is text."""
    named = {"address_id": address_id, "reference": reference}
    event = {
        "httpMethod": "ANY",
        "path": "/v1/customers/me",
        "headers": {"Content-Type": "application/json"}
        | ({"If-Match": if_match} if if_match is not None else {}),
        "pathParameters": {name: it for name, it in named.items() if it is not None} or None,
        "queryStringParameters": None,
        "body": body if body is None or isinstance(body, str) else json.dumps(body),
        "requestContext": {
            "requestId": "request-1",
            "authorizer": {"claims": {"sub": customer_id}},
        },
    }
    answer = HANDLERS[operation](event, None)
    document = json.loads(answer["body"]) if answer["body"] else None
    return answer["statusCode"], document, answer["headers"]
