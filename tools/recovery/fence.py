"""One region writes: in any other, tables refuse every write and nobody works through a queue.

The refusal is the tables' own, by their policies: it holds for functions that nobody thought of,
and for those that a schedule starts while the operator is still looking for them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from contracts.product import PRODUCT
from tools.base.target import Target
from tools.recovery import tables

WRITES = (
    "dynamodb:BatchWriteItem",
    "dynamodb:DeleteItem",
    "dynamodb:PartiQLDelete",
    "dynamodb:PartiQLInsert",
    "dynamodb:PartiQLUpdate",
    "dynamodb:PutItem",
    "dynamodb:UpdateItem",
)
STATEMENT = "AnotherRegionWrites"


@dataclass(frozen=True, slots=True)
class Fence:
    """What is closed of a region: tables that refuse writes, and mappings that are switched off."""

    tables: tuple[str, ...]
    open_tables: tuple[str, ...]
    mappings: tuple[str, ...]
    open_mappings: tuple[str, ...]

    @property
    def is_closed(self) -> bool:
        """Whether nothing writes."""
        return not (self.open_tables or self.open_mappings)


def look(target: Target) -> Fence:
    """What is closed, and what is not; changes nothing."""
    arns = dict(_arns(target))
    closed = {name for name, arn in arns.items() if _refuses(target, arn)}
    mappings = dict(_mappings(target))
    return Fence(
        tuple(sorted(closed)),
        tuple(sorted(arns.keys() - closed)),
        tuple(sorted(it for it, is_on in mappings.items() if not is_on)),
        tuple(sorted(it for it, is_on in mappings.items() if is_on)),
    )


def close(target: Target) -> Fence:
    """Let nothing write in this region. Tables come first: whoever wants to write is refused."""
    client = target.client("dynamodb")
    for arn in dict(_arns(target)).values():
        client.put_resource_policy(ResourceArn=arn, Policy=json.dumps(policy(arn)))
    _switch(target, on=False)
    return look(target)


def open_again(target: Target) -> Fence:
    """Let the region write again. Whoever calls this has closed the other one before.

    Every mapping is switched on: the templates have none that is off.
    """
    _switch(target, on=True)
    client = target.client("dynamodb")
    for arn in dict(_arns(target)).values():
        if _refuses(target, arn):
            client.delete_resource_policy(ResourceArn=arn)
    return look(target)


def policy(arn: str) -> dict[str, Any]:
    """What a table's policy says while another region writes."""
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": STATEMENT,
                "Effect": "Deny",
                "Principal": "*",
                "Action": list(WRITES),
                "Resource": arn,
            }
        ],
    }


def _arns(target: Target) -> Iterator[tuple[str, str]]:
    client = target.client("dynamodb")
    for name, table in tables.of(target).items():
        yield name, client.describe_table(TableName=table)["Table"]["TableArn"]


def _refuses(target: Target, arn: str) -> bool:
    try:
        found = target.client("dynamodb").get_resource_policy(ResourceArn=arn)["Policy"]
    except ClientError as error:
        if error.response["Error"]["Code"] != "PolicyNotFoundException":
            raise
        return False
    return any(it.get("Sid") == STATEMENT for it in json.loads(found)["Statement"])


def _mappings(target: Target) -> Iterator[tuple[str, bool]]:
    """Event sources of the environment's functions, and whether each is on or coming on."""
    ours = f":function:{PRODUCT}-{target.environment}-"
    pages = target.client("lambda").get_paginator("list_event_source_mappings").paginate()
    for page in pages:
        for it in page["EventSourceMappings"]:
            if ours in it["FunctionArn"]:
                yield it["UUID"], it["State"] in ("Enabled", "Enabling", "Creating", "Updating")


def _switch(target: Target, *, on: bool) -> None:
    client = target.client("lambda")
    for mapping, is_on in _mappings(target):
        if is_on != on:
            client.update_event_source_mapping(UUID=mapping, Enabled=on)
