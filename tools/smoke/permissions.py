"""Checks of what roles may not do: asked of IAM, and tried."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

from contracts.product import PRODUCT
from tools.smoke.check import Check, Failed, eventually
from tools.smoke.system import System

WRITES = ["dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"]
ACTIVE_SECONDS = 60
SPEAKER = """
import boto3, os
from botocore.exceptions import ClientError

def handler(event, _context):
    entry = {"Source": event["source"], "DetailType": "SmokeTest", "Detail": "{}",
             "EventBusName": event["bus"]}
    try:
        return {"failed": boto3.client("events").put_events(Entries=[entry])["FailedEntryCount"]}
    except ClientError as error:
        return {"refused": error.response["Error"]["Code"]}
"""
"""What a function says on the bus under a role that the test gives it."""


def queries_cannot_write(system: System) -> str:
    """By IAM's own simulation: a query reads its view, and changes nothing."""
    role = system.one("order-views", "AWS::IAM::Role", "GetOrderRole")
    view = system.one("order-views", "AWS::DynamoDB::GlobalTable", "OrderView")
    events = system.one("orders", "AWS::DynamoDB::GlobalTable", "EventStore")
    if _allowed(system, role, ["dynamodb:GetItem"], view) != ["dynamodb:GetItem"]:
        raise Failed(f"{role} may not read its own view")
    for table in (view, events):
        if allowed := _allowed(system, role, WRITES, table):
            raise Failed(f"{role} may {', '.join(allowed)} on {table}: see its policies")
    return f"{len(WRITES)} writes on 2 tables are denied to {role}"


def nobody_speaks_for_another(system: System) -> str:
    """As orders' publisher: its own source is taken, another service's is refused.

    A function is made for that, which is taken away again; its role is the publisher's.
    """
    functions = system.client("lambda")
    role = system.client("iam").get_role(
        RoleName=system.one("orders", "AWS::IAM::Role", "BusPublisherRole")
    )["Role"]["Arn"]
    functions.create_function(
        FunctionName=system.name,
        Role=role,
        Runtime="python3.13",
        Handler="index.handler",
        Code={"ZipFile": _zipped(SPEAKER)},
        Timeout=30,
    )
    system.undo_later(lambda: functions.delete_function(FunctionName=system.name))

    def look() -> Any:
        about = functions.get_function_configuration(FunctionName=system.name)
        return about if about.get("State", "Active") == "Active" else None

    eventually(look, "the function does not become active", seconds=ACTIVE_SECONDS)
    if (own := _says(system, f"{PRODUCT}.orders")) != {"failed": 0}:
        raise Failed(f"its own source is not taken: {own}; see the grant on the bus")
    forged = _says(system, f"{PRODUCT}.payments")
    if "refused" not in forged:
        raise Failed(f"it may speak as {PRODUCT}.payments: see the condition events:source")
    return f"{forged['refused']} for another's source"


def _allowed(system: System, role: str, actions: list[str], table: str) -> list[str]:
    iam = system.client("iam")
    pages = iam.get_paginator("simulate_principal_policy").paginate(
        PolicySourceArn=iam.get_role(RoleName=role)["Role"]["Arn"],
        ActionNames=actions,
        ResourceArns=[
            system.client("dynamodb").describe_table(TableName=table)["Table"]["TableArn"]
        ],
    )
    return [
        it["EvalActionName"]
        for page in pages
        for it in page["EvaluationResults"]
        if it["EvalDecision"] == "allowed"
    ]


def _says(system: System, source: str) -> Any:
    request = {"source": source, "bus": system.target.find("event-log", "bus-name")}
    answer = system.client("lambda").invoke(
        FunctionName=system.name, Payload=json.dumps(request).encode()
    )
    return json.loads(answer["Payload"].read())


def _zipped(code: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("index.py", code)
    return content.getvalue()


CHECKS = (
    Check(
        "queries cannot write",
        "roles as they are deployed: reading is apart from writing",
        queries_cannot_write,
    ),
    Check(
        "nobody speaks for another",
        "EventBridge gives the key events:source, so that a forged source is refused",
        nobody_speaks_for_another,
        offline="the emulator does not give events:source, and the copy drops the condition",
    ),
)
