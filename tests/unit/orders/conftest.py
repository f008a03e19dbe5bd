"""The functions of orders as Lambda would start them, with AWS answered from memory."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from orders.configuration import PROFILES
from shared.runtime import aws
from shared.runtime.configuration import current
from shared.runtime.environment import forget
from tests.support.examples.orders import CUSTOMER
from tests.support.fakes.dynamodb_wire import DynamoDbWire
from tests.support.fakes.fake_agent import FakeAgent, answering

Invoke = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def dynamodb() -> Iterator[DynamoDbWire]:
    """The event store behind the real client; each test finds it empty."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("EVENT_STORE_TABLE", "event-store")
        environment.setenv("BUS_NAME", "bus")
        environment.setenv("AWS_DEFAULT_REGION", "eu-west-1")
        environment.setenv("AWS_ACCESS_KEY_ID", "test")
        environment.setenv("AWS_SECRET_ACCESS_KEY", "test")
        environment.delenv("AWS_PROFILE", raising=False)
        aws.client.cache_clear()
        wire = DynamoDbWire()
        wire.listen_to(aws.client("dynamodb"))
        yield wire
        aws.client.cache_clear()
        forget()


@pytest.fixture(autouse=True)
def agent() -> Iterator[FakeAgent]:
    """The configuration agent; until a test deploys something else, defaults are in force."""
    with answering(FakeAgent({profile.name: b"{}" for profile in PROFILES})) as fake:
        for profile in PROFILES:
            current(profile)  # and says so in the log: before a test reads there
        yield fake


@pytest.fixture
def event_store(dynamodb: DynamoDbWire) -> DynamoDbWire:
    """An empty event store."""
    dynamodb.items.clear()
    dynamodb.calls.clear()
    dynamodb.requests.clear()
    dynamodb.lost_answers = 0
    return dynamodb


def api_event(
    body: str | None = None,
    *,
    key: str | None = "key-1",
    customer_id: str = CUSTOMER,
    order_id: str | None = None,
    query: dict[str, str] | None = None,
    headers: dict[str, str] | None = None,
) -> dict[str, Any]:
    """What API Gateway hands to a function."""
    path = f"/v1/orders/{order_id}" if order_id else "/v1/orders"
    return {
        "httpMethod": "POST",
        "path": path,
        "headers": {"Content-Type": "application/json"}
        | ({"Idempotency-Key": key} if key else {})
        | (headers or {}),
        "pathParameters": {"order_id": order_id} if order_id else None,
        "queryStringParameters": query,
        "requestContext": {
            "requestId": "1b6f3c9e-0000-4000-8000-000000000000",
            "authorizer": {"claims": {"sub": customer_id}},
        },
        "body": body,
        "isBase64Encoded": False,
    }
