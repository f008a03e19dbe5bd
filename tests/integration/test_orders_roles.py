"""Writing and reading are separate: no role of one side may touch the tables of the other."""

from __future__ import annotations

import pytest

from tests.support.drivers.offline import Deployment

READS = {"GetItem", "BatchGetItem", "Query", "Scan"}
WRITES = {"PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem"}
COMMANDS = ["PlaceOrder", "CancelOrder", "QueuedCommands"]
QUERIES = ["GetOrder", "ListOrders"]


@pytest.mark.parametrize("function", QUERIES)
def test_a_query_may_write_nothing_and_never_sees_the_event_store(
    function: str, deployment: Deployment
) -> None:
    assert not allowed(deployment, "order-views", function, "order-views", "OrderView") & WRITES
    assert not allowed(deployment, "order-views", function, "orders", "EventStore")


@pytest.mark.parametrize("function", COMMANDS)
def test_a_command_appends_and_never_sees_a_read_model(
    function: str, deployment: Deployment
) -> None:
    on_store = allowed(deployment, "orders", function, "orders", "EventStore")
    assert on_store & WRITES == {"PutItem"}
    assert not allowed(deployment, "orders", function, "order-views", "OrderView")


def test_history_and_other_services_only_read_the_event_store(deployment: Deployment) -> None:
    for function in ("OrderHistory", "ReadEvents"):
        assert allowed(deployment, "orders", function, "orders", "EventStore") == {"Query"}


def test_the_relay_publishes_what_it_reads_and_writes_no_table(deployment: Deployment) -> None:
    assert allowed(deployment, "orders", "Relay", "orders", "EventStore") <= {"Query"}
    assert not allowed(deployment, "orders", "Relay", "order-views", "OrderView")


def test_nobody_may_change_or_delete_what_happened(deployment: Deployment) -> None:
    for service, resources in deployment.outputs["services"].items():
        for function in resources.get("functions", {}):
            on_store = allowed(deployment, service, function, "orders", "EventStore")
            assert not on_store & {"UpdateItem", "DeleteItem", "BatchWriteItem"}, function


def allowed(
    deployment: Deployment, service: str, function: str, owner: str, table: str
) -> set[str]:
    """What the function's role may do to the items of a table."""
    cloud, account = deployment.cloud, deployment.outputs["account"]
    name = deployment.named(owner, "tables", table)
    function_name = deployment.named(service, "functions", function)
    configuration = cloud.client("lambda").get_function_configuration(FunctionName=function_name)
    answer = cloud.client("iam").simulate_principal_policy(
        PolicySourceArn=configuration["Role"],
        ActionNames=[f"dynamodb:{action}" for action in sorted(READS | WRITES)],
        ResourceArns=[f"arn:aws:dynamodb:{deployment.outputs['region']}:{account}:table/{name}"],
    )
    return {
        result["EvalActionName"].removeprefix("dynamodb:")
        for result in answer["EvaluationResults"]
        if result["EvalDecision"] == "allowed"
    }
