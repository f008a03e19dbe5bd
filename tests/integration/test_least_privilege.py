"""IAM itself is asked: queries can write nothing, commands can read no read model."""

from __future__ import annotations

import pytest

from contracts.product import PRODUCT
from stacks.services import declared, views
from tests.support.drivers.offline import Deployment
from tools.base.endpoint import ACCOUNT, REGION

QUERIES = ("GetOrder", "ListOrders")
COMMANDS = ("PlaceOrder", "CancelOrder", "QueuedCommands")
READS = (
    "dynamodb:GetItem",
    "dynamodb:BatchGetItem",
    "dynamodb:Query",
    "dynamodb:Scan",
)
WRITES = (
    "dynamodb:PutItem",
    "dynamodb:UpdateItem",
    "dynamodb:DeleteItem",
    "dynamodb:BatchWriteItem",
)
NEEDED = {
    "GetOrder": ["dynamodb:GetItem"],
    "ListOrders": ["dynamodb:Query"],
    "PlaceOrder": ["dynamodb:PutItem", "dynamodb:GetItem"],
    "CancelOrder": ["dynamodb:PutItem", "dynamodb:Query"],
    "QueuedCommands": ["dynamodb:PutItem", "dynamodb:Query"],
}


@pytest.mark.parametrize("query", QUERIES)
@pytest.mark.parametrize("service", [it.name for it in declared()])
def test_a_query_can_write_to_no_table(deployment: Deployment, query: str, service: str) -> None:
    for table in deployment.outputs["services"].get(service, {}).get("tables", {}).values():
        role = _role("order-views", query)
        assert _decisions(deployment, role, WRITES, table) == dict.fromkeys(WRITES, False)


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("service", [it.name for it in views().values()])
def test_a_command_can_read_no_read_model(
    deployment: Deployment, command: str, service: str
) -> None:
    for table in deployment.outputs["services"][service]["tables"].values():
        role = _role("orders", command)
        refused = READS + WRITES
        assert _decisions(deployment, role, refused, table) == dict.fromkeys(refused, False)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_changes_no_event_that_is_written(deployment: Deployment, command: str) -> None:
    event_store = deployment.named("orders", "tables", "EventStore")
    role = _role("orders", command)
    changes = ("dynamodb:UpdateItem", "dynamodb:DeleteItem", "dynamodb:BatchWriteItem")
    assert _decisions(deployment, role, changes, event_store) == dict.fromkeys(changes, False)


@pytest.mark.parametrize("function", NEEDED)
def test_each_may_do_what_it_does(deployment: Deployment, function: str) -> None:
    service, name = (
        ("order-views", "OrderView") if function in QUERIES else ("orders", "EventStore")
    )
    table = deployment.named(service, "tables", name)
    if function == "ListOrders":
        table += "/index/by-customer"  # and not the table, where every customer's orders are
    actions = tuple(NEEDED[function])
    role = _role(service, function)
    assert _decisions(deployment, role, actions, table) == dict.fromkeys(actions, True)


def _role(service: str, function: str) -> str:
    return f"arn:aws:iam::{ACCOUNT}:role/{PRODUCT}-dev-{REGION}-{service}-{function}"


def _decisions(
    deployment: Deployment, role: str, actions: tuple[str, ...], table: str
) -> dict[str, bool]:
    """Whether the role may do each of these to the table."""
    answer = deployment.cloud.client("iam").simulate_principal_policy(
        PolicySourceArn=role,
        ActionNames=list(actions),
        ResourceArns=[f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{table}"],
    )
    return {
        result["EvalActionName"]: result["EvalDecision"] == "allowed"
        for result in answer["EvaluationResults"]
    }
