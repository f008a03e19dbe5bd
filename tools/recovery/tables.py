"""The tables of an environment, by the names that they have in every region."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from contracts.product import PRODUCT
from shared.runtime.dynamodb_batches import StillUnprocessed, write_items
from tools.base.errors import OperationFailed
from tools.base.target import Target

TABLE = "AWS::DynamoDB::GlobalTable"
BACKUP_TAG = "backup"
MADE_AGAIN = "never"
EVENT_STORE = "orders-EventStore"
GATE = "orders-PublisherGate"
STOCK = "inventory-Stock"
RESERVATIONS = "inventory-Reservations"
GATHERINGS = "shipping-Gatherings"
SAGAS = "fulfilment-Sagas"
PROFILES = "customers-Profiles"
TOMBSTONES = "customers-Tombstones"
Item = dict[str, Any]
"""An item as DynamoDB has it, such as ``{"order_id": {"S": "..."}}``."""


def of(target: Target) -> dict[str, str]:
    """Tables that are backed up: names in this region by names such as ``orders-EventStore``.

    Their stacks say which they are: a table's own name ends differently in each region, and its tag
    is in the template. A logical id ends with eight characters of a digest.

    Raises:
        OperationFailed: nothing is deployed.
    """
    prefix = f"{PRODUCT}-{target.environment}-"
    client = target.client("cloudformation")
    found: dict[str, str] = {}
    for page in client.get_paginator("describe_stacks").paginate():
        for stack in page["Stacks"]:
            if not stack["StackName"].startswith(prefix):
                continue
            service = stack["StackName"].removeprefix(prefix)
            for id, table in _of_stack(client, stack["StackName"]):
                found[f"{service}-{id[:-8]}"] = table
    if not found:
        raise OperationFailed(f"{target.name} has no tables that are backed up: is it deployed?")
    return found


def _of_stack(client: Any, stack: str) -> Iterator[tuple[str, str]]:
    """Logical id and name of each."""
    template = client.get_template(StackName=stack)["TemplateBody"]
    body = json.loads(template) if isinstance(template, str) else template
    wanted = {id for id, it in body["Resources"].items() if _is_backed_up(it)}
    if not wanted:
        return
    for page in client.get_paginator("list_stack_resources").paginate(StackName=stack):
        for it in page["StackResourceSummaries"]:
            if it["LogicalResourceId"] in wanted:
                yield it["LogicalResourceId"], it["PhysicalResourceId"]


def _is_backed_up(resource: Mapping[str, Any]) -> bool:
    if resource["Type"] != TABLE:
        return False
    tags = [tag for it in resource["Properties"]["Replicas"] for tag in it.get("Tags", [])]
    return any(it["Key"] == BACKUP_TAG and it["Value"] != MADE_AGAIN for it in tags)


def items_of(target: Target, table: str) -> Iterator[Item]:
    """Every item, read consistently."""
    pages = target.client("dynamodb").get_paginator("scan")
    for page in pages.paginate(TableName=table, ConsistentRead=True):
        yield from page["Items"]


def put_all(target: Target, table: str, items: list[Item]) -> None:
    """Write items over what is there; what has another key stays.

    Raises:
        OperationFailed: the table throttles; what was written does no harm when it comes again.
    """
    writes = [{"PutRequest": {"Item": it}} for it in items]
    try:
        write_items(target.client("dynamodb"), table, writes)
    except StillUnprocessed as throttled:
        raise OperationFailed(
            f"{throttled}: the same command goes on where it ended"
        ) from throttled
