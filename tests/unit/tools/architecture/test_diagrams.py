"""The diagrams say what the templates say: who calls, writes, reads and starts what."""

from __future__ import annotations

import re
from typing import Any

from contracts.product import PRODUCT, PRODUCT_TITLE
from tools.docgen.architecture import diagrams
from tools.docgen.architecture.grants import Access, Thing, accesses
from tools.docgen.services import Service


def role(of: str, *statements: dict[str, Any]) -> dict[str, Any]:
    """A function with a role and a policy."""
    return {
        f"{of}Role00000000": {"Type": "AWS::IAM::Role", "Properties": {}},
        f"{of}00000000": {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "Description": of,
                "Role": {"Fn::GetAtt": [f"{of}Role00000000", "Arn"]},
            },
        },
        f"{of}Policy00000000": {
            "Type": "AWS::IAM::Policy",
            "Properties": {
                "PolicyDocument": {"Statement": list(statements)},
                "Roles": [{"Ref": f"{of}Role00000000"}],
            },
        },
    }


def allow(action: str | list[str], resource: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource}


def attribute(id: str) -> dict[str, list[str]]:
    return {"Fn::GetAtt": [f"{id}00000000", "Arn"]}


def service(name: str, *parts: dict[str, Any]) -> Service:
    parameters = {
        "Log": {"Default": f"/{PRODUCT}/dev/event-log/event-stream-arn"},
        "ReadEvents": {"Default": f"/{PRODUCT}/dev/orders/read-events-arn"},
        "Queue": {"Default": f"/{PRODUCT}/dev/orders/commands-queue-arn"},
    }
    resources = {id: it for part in parts for id, it in part.items()}
    description = f"{PRODUCT_TITLE}: {name}"
    template = {"Description": description, "Resources": resources, "Parameters": parameters}
    return Service(name, template)


def resource(id: str, type: str, **properties: Any) -> dict[str, Any]:
    return {f"{id}00000000": {"Type": type, "Properties": properties}}


def table(id: str) -> dict[str, Any]:
    return resource(id, "AWS::DynamoDB::GlobalTable")


def arrows(diagram: str) -> set[tuple[str, str, str, str]]:
    """Begin, line, label and end of each arrow."""
    found = re.findall(r"^    (\w+) (-->|-\.->)(?:\|\"(.*)\"\|)? (\w+)$", diagram, re.MULTILINE)
    return set(found)


def test_an_access_is_what_a_role_allows_on_what() -> None:
    returns = service(
        "returns",
        table("Returns"),
        role(
            "Open",
            allow(["dynamodb:PutItem", "dynamodb:GetItem"], attribute("Returns")),
            allow("lambda:InvokeFunction", [{"Ref": "ReadEvents"}]),
            allow("kms:Decrypt", attribute("Returns")),
        ),
    )
    own, others = Thing("returns", "Returns"), Thing("orders", "read-events-arn")
    assert set(accesses(returns)) == {
        Access("Open", own, "dynamodb:PutItem", writes=True),
        Access("Open", own, "dynamodb:GetItem", writes=False),
        Access("Open", others, "lambda:InvokeFunction", writes=True),
    }


def test_who_only_reads_a_table_has_a_dashed_arrow_from_it() -> None:
    drawn = diagrams.inside(
        service(
            "returns",
            table("Returns"),
            role("Open", allow(["dynamodb:PutItem", "dynamodb:Query"], attribute("Returns"))),
            role("List", allow("dynamodb:Query", attribute("Returns"))),
        )
    )
    assert arrows(drawn) == {
        ("n_Open", "-->", "", "n_returns_Returns"),
        ("n_returns_Returns", "-.->", "", "n_List"),
    }


def test_a_queue_that_a_rule_fills_starts_its_function_and_retries_are_not_drawn() -> None:
    drawn = diagrams.inside(
        service(
            "returns",
            resource("EventsQueue", "AWS::SQS::Queue"),
            resource("EventsDeadLetters", "AWS::SQS::Queue"),
            resource(
                "Rule",
                "AWS::Events::Rule",
                EventBusName="bus",
                EventPattern={"detail-type": ["OrderPlaced"], "source": [f"{PRODUCT}.orders"]},
                Targets=[{"Arn": attribute("EventsQueue")}],
            ),
            resource(
                "Mapping",
                "AWS::Lambda::EventSourceMapping",
                EventSourceArn=attribute("EventsQueue"),
                FunctionName={"Ref": "Take00000000"},
            ),
            role(
                "Take",
                allow(
                    "sqs:SendMessage", [attribute("EventsQueue"), attribute("EventsDeadLetters")]
                ),
            ),
        )
    )
    assert arrows(drawn) == {
        ("n_event_log_Bus", "-->", "OrderPlaced", "n_returns_EventsQueue"),
        ("n_returns_EventsQueue", "-->", "", "n_Take"),
    }


def test_services_are_joined_by_commands_calls_and_the_log() -> None:
    orders = service("orders", role("Relay", allow("kinesis:PutRecords", {"Ref": "Log"})))
    returns = service(
        "returns",
        role(
            "Open",
            allow("sqs:SendMessage", {"Ref": "Queue"}),
            allow("lambda:InvokeFunction", {"Ref": "ReadEvents"}),
            allow("kinesis:GetRecords", {"Ref": "Log"}),
        ),
    )
    services = [orders, returns]
    assert arrows(diagrams.commands(services)) == {
        ("n_returns", "-->", "ConfirmOrder<br>RejectOrder", "n_orders")
    }
    assert arrows(diagrams.calls(services)) == {("n_returns", "-->", "read events", "n_orders")}
    assert arrows(diagrams.log(services)) == {
        ("n_orders", "-->", "Relay", "n_event_log_EventStream"),
        ("n_event_log_EventStream", "-->", "Open", "n_returns"),
    }


def test_the_context_shows_only_whom_the_templates_know() -> None:
    alone = service("returns", resource("Alarm", "AWS::CloudWatch::Alarm"))
    drawn = diagrams.context([alone])
    assert "Topic of alarms" in drawn
    assert "Customer" not in drawn
    with_users = service("returns", resource("Users", "AWS::ApiGateway::Authorizer"))
    assert "Customer" in diagrams.context([alone, with_users])
