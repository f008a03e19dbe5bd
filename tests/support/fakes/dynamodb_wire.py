"""DynamoDB below botocore's signing: real requests, counted, and answered from memory."""

import json
from collections.abc import Callable
from threading import Lock
from types import SimpleNamespace
from typing import Any

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders

Answer = tuple[int, dict[str, Any]]
PAGE_ITEMS = 3
"""How many items a query's page holds: few, so that a short history already has several pages."""


class DynamoDbWire:
    """A table of events with the key (order_id, version).

    ``calls`` names the operations that came, in order. While ``lost_answers`` is above 0 a put does
    its work and then answers with an error that botocore tries again, as after a broken connection.
    """

    def __init__(self) -> None:
        self.items: dict[tuple[str, int], dict[str, Any]] = {}
        self.calls: list[str] = []
        self.requests: list[dict[str, Any]] = []
        self.lost_answers = 0
        self._one_at_a_time = Lock()

    def listen_to(self, client: Any) -> None:
        """Answer for AWS whatever this botocore client sends."""
        client.meta.events.register("before-send.dynamodb", self._answer)

    def _answer(self, request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        target, body = request.headers["X-Amz-Target"], request.body
        assert isinstance(target, bytes)
        assert isinstance(body, bytes)
        operation, asked = target.decode().split(".")[1], json.loads(body)
        self.calls.append(operation)
        self.requests.append(asked)
        operations: dict[str, Callable[[dict[str, Any]], Answer]] = {
            "PutItem": self._put_item,
            "GetItem": self._get_item,
            "Query": self._query,
        }
        with self._one_at_a_time:
            status, document = operations[operation](asked)
        return _response(request.url, status, document)

    def _put_item(self, asked: dict[str, Any]) -> Answer:
        key = _key(asked["Item"])
        if "attribute_not_exists" in asked.get("ConditionExpression", "") and key in self.items:
            return 400, {
                "__type": "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException",
                "message": "The conditional request failed",
                "Item": self.items[key],
            }
        self.items[key] = asked["Item"]
        if self.lost_answers:
            self.lost_answers -= 1
            return 500, {"__type": "com.amazonaws.dynamodb.v20120810#InternalServerError"}
        return 200, {}

    def _get_item(self, asked: dict[str, Any]) -> Answer:
        item = self.items.get(_key(asked["Key"]))
        return 200, {"Item": item} if item else {}

    def _query(self, asked: dict[str, Any]) -> Answer:
        values = asked["ExpressionAttributeValues"]
        order_id, after = values[":id"]["S"], int(values[":after"]["N"])
        if "ExclusiveStartKey" in asked:
            after = max(after, _key(asked["ExclusiveStartKey"])[1])
        found = [
            self.items[key] for key in sorted(self.items) if key[0] == order_id and key[1] > after
        ]
        size = min(asked.get("Limit", PAGE_ITEMS), PAGE_ITEMS)
        answer: dict[str, Any] = {"Items": found[:size], "Count": len(found[:size])}
        if len(found) >= size:  # as DynamoDB does, also when nothing is left behind the page
            last = found[size - 1]
            answer["LastEvaluatedKey"] = {name: last[name] for name in ("order_id", "version")}
        return 200, answer


def _key(item: dict[str, Any]) -> tuple[str, int]:
    return item["order_id"]["S"], int(item["version"]["N"])


def _response(url: str, status: int, document: dict[str, Any]) -> AWSResponse:
    body = SimpleNamespace(stream=lambda: [json.dumps(document).encode()])
    return AWSResponse(url, status, HTTPHeaders(), body)
