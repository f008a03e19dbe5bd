"""Placing an order the usual way: Powertools, pydantic and a boto3 resource.

It does what ``orders.handlers.place_order`` does: parse and validate the body, price it, derive the
order's id from the idempotency key, one conditional put, a log line, 202 with the total. Prices,
hashes and attributes are the same, and nothing is done twice on purpose.
"""

import hashlib
import json
import os
import uuid
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any

import boto3
from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.event_handler import (
    APIGatewayRestResolver,
    Response,
    content_types,
)
from aws_lambda_powertools.event_handler.openapi.params import Header
from aws_lambda_powertools.logging import correlation_paths
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.exceptions import ClientError
from pydantic import BaseModel, ConfigDict, Field

logger = Logger(service="orders")
metrics = Metrics(namespace="Baseline", service="orders")
tracer = Tracer(service="orders")
app = APIGatewayRestResolver(enable_validation=True)
table = boto3.resource("dynamodb").Table(os.environ["EVENT_STORE_TABLE"])

NAMESPACE = uuid.UUID("6f1c3f0e-6d0f-5a53-9d2e-0b9f6a0c7a55")
UUID = "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"
PRICES = {
    "MUG-BLUE": (380, {"EUR": 1290, "GBP": 1090, "USD": 1390}),
    "MUG-RED": (380, {"EUR": 1290, "GBP": 1090, "USD": 1390}),
    "TEAPOT-IRON": (1650, {"EUR": 5490, "GBP": 4790, "USD": 5990}),
    "TEA-ASSAM": (270, {"EUR": 890, "GBP": 790, "USD": 990}),
    "TEA-SENCHA": (120, {"EUR": 1190, "GBP": 990, "USD": 1290}),
    "KETTLE-STEEL": (1200, {"EUR": 4590, "GBP": 3990, "USD": 4990}),
    "TABLE-OAK": (14500, {"EUR": 24900, "GBP": 21900, "USD": 26900}),
}


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class LineForm(Strict):
    sku: str = Field(min_length=1, max_length=40)
    quantity: int = Field(ge=1, le=999)


class ShipToForm(Strict):
    address_id: str = Field(pattern=UUID)
    country: str = Field(pattern="^[A-Z]{2}$")
    postcode_area: str = Field(pattern="^[A-Z0-9]{1,4}$")


class PlaceOrderForm(Strict):
    lines: list[LineForm] = Field(min_length=1, max_length=100)
    currency: str = Field(min_length=3, max_length=3)
    ship_to: ShipToForm


class Line(BaseModel):
    sku: str
    quantity: int
    unit_price: int


class OrderPlaced(BaseModel):
    customer_id: str
    lines: list[Line]
    currency: str
    total: int
    weight_grams: int
    ship_to: ShipToForm


class Accepted(BaseModel):
    order_id: str
    version: int
    status: str
    currency: str
    total: int


@app.post("/v1/orders")
@tracer.capture_method
def place_order(
    form: PlaceOrderForm,
    idempotency_key: Annotated[str, Header(min_length=1, max_length=255)],
) -> Response[Accepted]:
    event = app.current_event
    customer_id = event["requestContext"]["authorizer"]["claims"]["sub"]
    correlation_id = event.headers.get("x-correlation-id") or str(uuid.uuid4())
    logger.append_keys(correlation_id=correlation_id)
    order_id = str(uuid.uuid5(NAMESPACE, json.dumps([customer_id, idempotency_key])))
    unknown = [line.sku for line in form.lines if line.sku not in PRICES]
    if unknown:
        return _refusal(422, f"there is no product {unknown[0]!r}")
    placed = _price(customer_id, form)
    key = _digest(customer_id, idempotency_key)
    request_hash = _digest(form.model_dump())
    existing = _append(order_id, placed, key, request_hash, correlation_id)
    if existing is not None:
        if existing["request_hash"] != request_hash:
            return _refusal(422, "the key came with another body before")
        placed = OrderPlaced.model_validate_json(existing["data"])
    metrics.add_metric(name="OrdersPlaced", unit=MetricUnit.Count, value=1)
    logger.info("order placed", order_id=order_id)
    return Response(
        status_code=202,
        content_type=content_types.APPLICATION_JSON,
        body=Accepted(
            order_id=order_id,
            version=1,
            status="placed",
            currency=placed.currency,
            total=placed.total,
        ),
        headers={"Location": f"/v1/orders/{order_id}?min_version=1"},
    )


def _price(customer_id: str, form: PlaceOrderForm) -> OrderPlaced:
    lines = [
        Line(sku=line.sku, quantity=line.quantity, unit_price=PRICES[line.sku][1][form.currency])
        for line in form.lines
    ]
    return OrderPlaced(
        customer_id=customer_id,
        lines=lines,
        currency=form.currency,
        total=sum(line.unit_price * line.quantity for line in lines),
        weight_grams=sum(PRICES[line.sku][0] * line.quantity for line in lines),
        ship_to=form.ship_to,
    )


@tracer.capture_method
def _append(
    order_id: str, placed: OrderPlaced, key: str, request_hash: str, correlation_id: str
) -> dict[str, Any] | None:
    try:
        table.put_item(
            Item={
                "order_id": order_id,
                "version": 1,
                "event_id": str(uuid.uuid5(uuid.UUID(order_id), "1")),
                "type": "OrderPlaced",
                "schema_version": Decimal(1),
                "occurred_at": datetime.now(UTC).isoformat(timespec="milliseconds"),
                "correlation_id": correlation_id,
                "causation_id": app.current_event["requestContext"]["requestId"],
                "traceparent": f"00-{os.urandom(16).hex()}-{os.urandom(8).hex()}-01",
                "data": placed.model_dump_json(),
                "command_key": key,
                "request_hash": request_hash,
            },
            ConditionExpression="attribute_not_exists(order_id)",
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )
    except ClientError as error:
        if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
            raise
        return {name: next(iter(value.values())) for name, value in error.response["Item"].items()}
    return None


def _refusal(status: int, detail: str) -> Response[Any]:
    return Response(
        status_code=status,
        content_type="application/problem+json",
        body=json.dumps({"status": status, "detail": detail}),
    )


def _digest(*parts: object) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


@logger.inject_lambda_context(correlation_id_path=correlation_paths.API_GATEWAY_REST)
@tracer.capture_lambda_handler
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return app.resolve(event, context)
