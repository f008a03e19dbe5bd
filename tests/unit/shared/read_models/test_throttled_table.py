"""A table that throttles at any call, and any statement of one, delays a view and changes nothing.

Throttled is the real client, below botocore: its own retries run first, without their pauses.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orders_language.schemas import ORDER_EVENTS
from shared.read_models.parked_records import ParkedRecords
from shared.read_models.projector import Projector
from shared.read_models.versioned_table import VersionedTable
from shared.runtime import aws
from tests.support.examples.log_of_orders import ORDERS, Applied, collect, event, records
from tools.measure.benchmarks.probes.botocore_stub import Body

TYPES = ("OrderPlaced", "OrderConfirmed", "OrderCancelled")
MORE_THAN_ENOUGH = 200


class Codec:
    """The state as one text."""

    def to_item(self, state: Applied, generation: str) -> dict[str, Any]:
        return {"applied": {"S": ",".join(state)}}

    def from_item(self, item: dict[str, Any]) -> Applied | None:
        return tuple(item["applied"]["S"].split(","))


class Table:
    """DynamoDB behind the wire; `throttles` says of each call and statement whether it is refused.

    Once that has come to its end, nothing is refused any more.
    """

    def __init__(self, throttles: list[bool]) -> None:
        self.items: dict[str, dict[str, Any]] = {}
        self.refused = 0
        self._throttles = iter(throttles)

    def answer(self, request: Any, **_event: Any) -> AWSResponse:
        operation = request.headers["X-Amz-Target"]
        name = (operation.decode() if isinstance(operation, bytes) else operation).split(".")[-1]
        asked = json.loads(request.body)
        status, said = 200, {}
        if self._is_throttled():
            status, said = 400, {"__type": "x#ThrottlingException", "message": "slow down"}
        else:
            try:
                said = getattr(self, name)(asked)
            except KeyError:
                status = 400
                said = {"__type": "x#ConditionalCheckFailedException", "message": "no"}
        return AWSResponse(request.url, status, HTTPHeaders(), Body(json.dumps(said).encode()))

    def BatchGetItem(self, asked: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        keys = [key["pk"]["S"] for key in asked["RequestItems"]["views"]["Keys"]]
        found = [self.items[key] for key in keys if key in self.items]
        return {"Responses": {"views": found}, "UnprocessedKeys": {}}

    def PutItem(self, asked: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        key = asked["Item"]["pk"]["S"]
        base = asked.get("ExpressionAttributeValues", {}).get(":base")
        kept = self.items.get(key, {}).get("version")
        if base != kept:
            raise KeyError(key)
        self.items[key] = asked["Item"]
        return {}

    def BatchExecuteStatement(self, asked: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        return {"Responses": [self._inserted(statement) for statement in asked["Statements"]]}

    def _inserted(self, statement: dict[str, Any]) -> dict[str, Any]:
        names = re.findall(r"'(\w+)': \?", statement["Statement"])
        item = dict(zip(names, statement["Parameters"], strict=True))
        if self._is_throttled():
            return {"Error": {"Code": "ThrottlingError", "Message": "slow down"}}
        if item["pk"]["S"] in self.items:
            return {"Error": {"Code": "DuplicateItem", "Message": "it is there"}}
        self.items[item["pk"]["S"]] = item
        return {}

    def _is_throttled(self) -> bool:
        refused = next(self._throttles, False)
        self.refused += refused
        return refused


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    # botocore waits between its own tries, for seconds
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _seconds: None)
    aws.client.cache_clear()
    yield aws.client("dynamodb")
    aws.client.cache_clear()


def batch(versions: list[int]) -> list[Any]:
    """Every order's events up to its version, those of different orders in turns."""
    return records(
        event(order_id, version, TYPES[version - 1])
        for version in (1, 2, 3)
        for order_id, last in zip(ORDERS, versions, strict=True)
        if version <= last
    )


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    throttles=st.lists(st.booleans(), max_size=60),
    first=st.lists(st.integers(1, 2), min_size=len(ORDERS), max_size=len(ORDERS)),
)
def test_whatever_is_throttled_every_event_is_applied_once_and_in_order(
    client: Any, throttles: list[bool], first: list[int]
) -> None:
    table = Table(throttles)
    client.meta.events.register("before-send", table.answer, unique_id="table")
    try:
        gated = VersionedTable(
            client, "views", "pk", "g1", Codec(), ParkedRecords(client, "parked", "test")
        )
        projector = Projector(ORDER_EVENTS, gated, collect, lambda *_: (), writers=1)
        for arrived in (batch(first), batch([3] * len(ORDERS))):
            for _again in range(MORE_THAN_ENOUGH):
                with suppress(ClientError):
                    projector.apply(arrived)
                    break
            else:
                raise AssertionError("the batch never ended")
    finally:
        client.meta.events.unregister("before-send", unique_id="table")
    expected = ",".join(f"{version}:{TYPES[version - 1]}" for version in (1, 2, 3))
    assert {key: item["applied"]["S"] for key, item in table.items.items()} == dict.fromkeys(
        (f"g1#{order_id}" for order_id in ORDERS), expected
    )


def test_a_table_that_refuses_everything_holds_the_batch(client: Any) -> None:
    table = Table([True] * 1000)
    client.meta.events.register("before-send", table.answer, unique_id="table")
    gated = VersionedTable(
        client, "views", "pk", "g1", Codec(), ParkedRecords(client, "parked", "test")
    )
    with pytest.raises(ClientError, match="Throttling"):
        Projector(ORDER_EVENTS, gated, collect, lambda *_: (), writers=1).apply(
            batch([1] * len(ORDERS))
        )
    assert table.items == {}
    assert table.refused > len(ORDERS)
