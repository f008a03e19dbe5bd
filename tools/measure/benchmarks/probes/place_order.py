"""Imports one of the two place-order handlers, and places orders with AWS stubbed below signing.

Arguments: ``ours`` or ``peer``, how many orders to warm up with, and how many to measure.
"""

import importlib
import json
import time
from typing import Any

from answer import answer_with
from botocore_stub import answer_below_signing

HANDLERS = {"ours": "orders.handlers.place_order", "peer": "place_order"}
BODY = {
    "lines": [
        {"sku": "MUG-BLUE", "quantity": 2},
        {"sku": "TEA-ASSAM", "quantity": 1},
        {"sku": "TEAPOT-IRON", "quantity": 1},
    ],
    "currency": "EUR",
    "ship_to": {
        "address_id": "0d9a5a10-6f0a-4e57-9f1d-4f3a54d9c001",
        "country": "DE",
        "postcode_area": "10",
    },
}
EXPECTED_TOTAL = 2 * 1290 + 890 + 5490


class Context:
    """What Lambda hands to a function."""

    function_name = "place-order"
    memory_limit_in_mb = 512
    invoked_function_arn = "arn:aws:lambda:eu-west-1:123456789012:function:place-order"
    aws_request_id = "5ab2a4f0-93b7-4f5e-8a4f-8c8a3b1f2d11"

    def get_remaining_time_in_millis(self) -> int:
        return 10_000


def request(number: int) -> dict[str, Any]:
    """API Gateway's proxy event; each has a key of its own."""
    return {
        "resource": "/v1/orders",
        "path": "/v1/orders",
        "httpMethod": "POST",
        "headers": {
            "Content-Type": "application/json",
            "Idempotency-Key": f"benchmark-{number}",
            "Host": "api.example.test",
            "User-Agent": "benchmark",
        },
        "multiValueHeaders": {"Idempotency-Key": [f"benchmark-{number}"]},
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "pathParameters": None,
        "stageVariables": None,
        "requestContext": {
            "resourcePath": "/v1/orders",
            "httpMethod": "POST",
            "path": "/v1/orders",
            "stage": "live",
            "requestId": "c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
            "authorizer": {"claims": {"sub": "7c1d6f5e-2f5b-4a5e-9d0a-3a8c6f0e1b22"}},
            "identity": {"sourceIp": "192.0.2.1"},
        },
        "body": json.dumps(BODY),
        "isBase64Encoded": False,
    }


def client_of(side: str, module: Any) -> Any:
    """The client that the handler uses; ours is made on first use, which is now."""
    if side == "ours":
        return importlib.import_module("shared.runtime.aws").client("dynamodb")
    return module.table.meta.client


def measure(arguments: list[str]) -> dict[str, Any]:
    side, warm_up, count = arguments[0], int(arguments[1]), int(arguments[2])
    begun = time.perf_counter()
    module = importlib.import_module(HANDLERS[side])
    client = client_of(side, module)
    imported = time.perf_counter()
    answer_below_signing(client, {"PutItem": {}})
    check(module.handler(request(0), Context()))
    answered = time.perf_counter()
    for number in range(warm_up):
        module.handler(request(number), Context())
    requests = [request(number) for number in range(count)]
    context = Context()
    warm = time.process_time()
    answers = [module.handler(one, context) for one in requests]
    spent = time.process_time() - warm
    for answer in answers:
        check(answer)
    return {
        "import_ms": (imported - begun) * 1000,
        "first_answer_ms": (answered - begun) * 1000,
        "per_second": count / spent if count else None,
    }


def check(answer: dict[str, Any]) -> None:
    """See that the order was placed, and rightly priced."""
    if answer["statusCode"] != 202 or json.loads(answer["body"])["total"] != EXPECTED_TOTAL:
        raise AssertionError(f"the order was not placed: {answer}")


if __name__ == "__main__":
    answer_with(measure)
