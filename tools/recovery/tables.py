"""The tables of an environment, by the names that they have in every region."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from contracts.product import PRODUCT
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
_PER_BATCH = 25


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
    """Write items over what is there; what has another key stays."""
    client = target.client("dynamodb")
    for start in range(0, len(items), _PER_BATCH):
        asked = {table: [{"PutRequest": {"Item": it}} for it in items[start : start + _PER_BATCH]]}
        while asked:
            asked = client.batch_write_item(RequestItems=asked).get("UnprocessedItems", {})
