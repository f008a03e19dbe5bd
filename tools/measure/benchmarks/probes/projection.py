"""Projects batches of 1,000 records with one of the two projectors.

Arguments: ``ours`` or ``peer``; how many events each order has; whether calls end at the ``client``
(its methods answer at once) or are ``signed`` (built and signed by botocore, then answered).
"""

import importlib
import json
import time
from typing import Any

from answer import answer_with
from botocore_stub import answer_below_signing
from order_log import kinesis_event

HANDLERS = {"ours": "order_views.handlers.project_orders", "peer": "project_orders"}
RECORDS = 1000
NOTHING: dict[str, dict[str, Any]] = {
    "PutItem": {},
    "UpdateItem": {},
    "GetItem": {},
    "BatchGetItem": {"Responses": {}, "UnprocessedKeys": {}},
    "Query": {"Items": [], "Count": 0},
}
WRITES = {
    "PutItem",
    "UpdateItem",
    "BatchExecuteStatement",
    "batch_execute_statement",
    "put_item",
    "update_item",
}


def _taken(body: bytes) -> dict[str, Any]:
    return {"Responses": [{} for _ in json.loads(body)["Statements"]]}


class Client:
    """Stands where a botocore client stands, and answers that nothing is kept yet."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def put_item(self, **_parameters: Any) -> dict[str, Any]:
        self.calls.append("put_item")
        return {}

    def update_item(self, **_parameters: Any) -> dict[str, Any]:
        self.calls.append("update_item")
        return {}

    def batch_execute_statement(self, Statements: list[Any]) -> dict[str, Any]:  # noqa: N803
        self.calls.append("batch_execute_statement")
        return {"Responses": [{} for _ in Statements]}

    def get_item(self, **_parameters: Any) -> dict[str, Any]:
        return {}

    def batch_get_item(self, **_parameters: Any) -> dict[str, Any]:
        return {"Responses": {}}

    def query(self, **_parameters: Any) -> dict[str, Any]:
        return {"Items": [], "Count": 0}


class Context:
    """What Lambda hands to a function."""

    function_name = "project-orders"
    aws_request_id = "5ab2a4f0-93b7-4f5e-8a4f-8c8a3b1f2d11"

    def get_remaining_time_in_millis(self) -> int:
        return 60_000


def prepare(side: str, depth: str) -> tuple[Any, list[str]]:
    """The handler, and the list that its calls will be noted in."""
    if side == "ours":
        aws: Any = importlib.import_module("shared.runtime.aws")
        client = Client() if depth == "client" else aws.client("dynamodb")
        aws.client = lambda _service: client
        module = importlib.import_module(HANDLERS[side])
    else:
        module = importlib.import_module(HANDLERS[side])
        if depth == "client":
            module.client = Client()
        client = module.client
    calls = (
        client.calls
        if depth == "client"
        else answer_below_signing(client, {**NOTHING, "BatchExecuteStatement": _taken})
    )
    return module.handler, calls


def measure(arguments: list[str]) -> dict[str, Any]:
    side, events_per_order, depth = arguments[0], int(arguments[1]), arguments[2]
    handler, calls = prepare(side, depth)
    event = kinesis_event(RECORDS, events_per_order)
    handler(event, Context())
    calls.clear()
    batches = 10 if depth == "client" else 2
    begun = time.process_time()
    for _ in range(batches):
        answer = handler(event, Context())
    spent = time.process_time() - begun
    if answer and answer["batchItemFailures"]:
        raise AssertionError(f"not everything was applied: {answer}")
    return {
        "per_second": batches * RECORDS / spent,
        "writes": sum(call in WRITES for call in calls) / batches,
    }


if __name__ == "__main__":
    answer_with(measure)
