"""The deployed consumers of the log that follow orders: found from declarations and deployment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from contracts.product import PRODUCT
from stacks import services
from tests.support.drivers.offline import Deployment

CONSUMERS = sorted(services.consumers())
"""Every consumer that a service declares, by the name that operators use."""
PARKED = "PARKED_TABLE"
"""A consumer and its redrive function share this table, and nobody else has it."""


@dataclass(frozen=True)
class LogConsumer:
    """One consumer: its functions as the outputs call them, and the tables of its checkpoints."""

    name: str
    service: str
    function: str
    redrive: str
    follows_orders: bool
    checkpoints: tuple[tuple[str, str], ...]
    """A table, and the name of its partition key."""

    def reached(self, deployment: Deployment, order_id: str) -> int:
        """Up to which version it has applied an order's events; 0 if it has none.

        Consumers have keys of their own, but each has the aggregate's id in it, and the version
        beside it: `shared.read_models.versioned_table` reads a checkpoint so.
        """
        pages = deployment.cloud.client("dynamodb").get_paginator("scan")
        versions = [
            int(item["version"]["N"])
            for table, key in self.checkpoints
            for page in pages.paginate(
                TableName=table,
                ConsistentRead=True,
                FilterExpression="contains(#key, :order) AND attribute_exists(#version)",
                ExpressionAttributeNames={"#key": key, "#version": "version"},
                ExpressionAttributeValues={":order": {"S": order_id}},
            )
            for item in page["Items"]
        ]
        return max(versions, default=0)


def following_the_log(deployment: Deployment) -> set[tuple[str, str]]:
    """Service and name of every function that reads the log, declared or not."""
    stream = deployment.named("event-log", "streams", "EventStream")
    summary = deployment.cloud.client("kinesis").describe_stream_summary(StreamName=stream)
    pages = deployment.cloud.client("lambda").get_paginator("list_event_source_mappings")
    reading = {
        mapping["FunctionArn"].rpartition(":")[2]
        for page in pages.paginate(EventSourceArn=summary["StreamDescriptionSummary"]["StreamARN"])
        for mapping in page["EventSourceMappings"]
    }
    return {
        (service, function)
        for service, outputs in deployment.outputs["services"].items()
        for function, name in outputs.get("functions", {}).items()
        if name in reading
    }


def consumers_of(deployment: Deployment) -> dict[str, LogConsumer]:
    """Every declared consumer by its name, as it is deployed.

    Raises:
        ValueError: no function, or more than one, reads the log for it.
    """
    reading = following_the_log(deployment)
    return {name: _deployed(deployment, name, reading) for name in CONSUMERS}


def _deployed(deployment: Deployment, name: str, reading: set[tuple[str, str]]) -> LogConsumer:
    service = services.consumers()[name]
    path = f"/{PRODUCT}/dev/{service.name}/{service.parameter_of(name, 'redrive-arn')}"
    answer = deployment.cloud.client("ssm").get_parameter(Name=path)
    arn = answer["Parameter"]["Value"]
    functions: Mapping[str, str] = deployment.outputs["services"][service.name]["functions"]
    (redrive,) = (it for it, its in functions.items() if its == arn.rpartition(":")[2])
    parked = _variables(deployment, arn)[PARKED]
    found = {
        function: variables
        for owner, function in reading
        if owner == service.name
        and (variables := _variables(deployment, functions[function])).get(PARKED) == parked
    }
    if len(found) != 1:
        raise ValueError(f"{sorted(found)} of {service.name} read the log as {name}")
    ((function, variables),) = found.items()
    tables = [
        value
        for variable, value in variables.items()
        if variable.endswith("_TABLE") and variable != PARKED
    ]
    history = deployment.named("orders", "functions", "ReadEvents")
    return LogConsumer(
        name=name,
        service=service.name,
        function=function,
        redrive=redrive,
        follows_orders=variables.get("READ_EVENTS_ARN", "").endswith(f":{history}"),
        checkpoints=tuple((it, _partition_key(deployment, it)) for it in tables),
    )


def _variables(deployment: Deployment, function: str) -> dict[str, Any]:
    client = deployment.cloud.client("lambda")
    found = client.get_function_configuration(FunctionName=function)
    variables: dict[str, Any] = found.get("Environment", {}).get("Variables", {})
    return variables


def _partition_key(deployment: Deployment, table: str) -> str:
    schema = deployment.cloud.client("dynamodb").describe_table(TableName=table)["Table"]
    (key,) = (it["AttributeName"] for it in schema["KeySchema"] if it["KeyType"] == "HASH")
    return str(key)
