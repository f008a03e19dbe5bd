"""The page of the permissions says of each resource all who may do something to it."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.product import PRODUCT
from tools.docgen.permissions_page import Exercised, Policies, page
from tools.docgen.services import Service

ARN = {"Fn::GetAtt": ["Basket0123ABCD", "Arn"]}
TABLE = {"Type": "AWS::DynamoDB::GlobalTable", "Properties": {}}
FILL = {"Type": "AWS::IAM::Role", "Properties": {}}


def policy(role: str, actions: Any, on: Any, **more: Any) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Action": actions, "Resource": on, **more}
    properties = {"Roles": [{"Ref": role}], "PolicyDocument": {"Statement": [statement]}}
    return {"Type": "AWS::IAM::Policy", "Properties": properties}


def published(name: str, value: Any) -> dict[str, Any]:
    properties = {"Name": f"/{PRODUCT}/dev/{name}", "Value": value}
    return {"Type": "AWS::SSM::Parameter", "Properties": properties}


def of(resources: dict[str, Any], parameters: dict[str, Any] | None = None) -> list[Service]:
    baskets = {"Basket0123ABCD": TABLE, "FillRole0123ABCD": FILL, **resources}
    labels = {
        "PrintRole0123ABCD": FILL,
        "Print": policy("PrintRole0123ABCD", "a:Get", {"Ref": "Found"}),
    }
    found = {"Found": {"Default": f"/{PRODUCT}/dev/baskets/table-arn"}}
    return [
        Service("baskets", {"Resources": baskets}),
        Service("labels", {"Resources": labels, "Parameters": parameters or found}),
    ]


def lines(services: list[Service], *used: tuple[str, str, str]) -> list[str]:
    text = page(services, Exercised("2026-11-27", used))
    return [it for it in text.splitlines() if it.startswith("| ")]


def test_a_role_is_named_with_what_it_may_and_on_which_part() -> None:
    index = {"Fn::Join": ["", [ARN, "/index/by-day"]]}
    found = lines(of({"P": policy("FillRole0123ABCD", ["a:Put", "a:Get"], [ARN, index])}))
    assert "| `baskets: Basket` | baskets `Fill` | `a:Get`, `a:Put` | none |" in found
    assert "|  | baskets `Fill` | `a:Get`, `a:Put` on `/index/by-day` | none |" in found


def test_a_resource_that_is_found_by_its_parameter_is_followed_to_its_owner() -> None:
    services = of({"Parameter": published("baskets/table-arn", ARN)})
    assert "| `baskets: Basket` | labels `Print` | `a:Get` | none |" in lines(services)


def test_nobody_may_what_no_policy_allows() -> None:
    assert "| `baskets: Basket` | nobody |  |  |" in lines(of({}))


def test_a_pattern_and_a_star_are_shown_by_themselves() -> None:
    pattern = {
        "Fn::Join": ["", ["arn:aws:lambda:eu-west-1:", {"Ref": "AWS::AccountId"}, ":function:x-*"]]
    }
    found = lines(
        of(
            {
                "P": policy("FillRole0123ABCD", "lambda:Invoke", pattern),
                "Q": policy("FillRole0123ABCD", ["ec2:Describe", "xray:Put"], "*"),
            }
        )
    )
    assert "| `lambda function:x-*` | baskets `Fill` | `lambda:Invoke` | none |" in found
    assert "| `*` | baskets `Fill` | `ec2:Describe` | none |" in found


@pytest.mark.parametrize(
    ("on", "resource", "what"),
    [
        (ARN, f"arn:aws:dynamodb:table/{PRODUCT}-dev-baskets-basket", "`baskets: Basket`"),
        (
            {"Fn::Join": ["", [ARN, "/index/by-day"]]},
            f"arn:aws:dynamodb:table/{PRODUCT}-dev-baskets-Basket/index/by-day",
            "`baskets: Basket`",
        ),
        (
            {"Fn::Join": ["", ["arn:aws:x:eu-west-1:", {"Ref": "AWS::AccountId"}, ":y/z-*"]]},
            "arn:aws:x:y/z-*",
            "`x y/z-*`",
        ),
        (ARN, "*", "`baskets: Basket`"),
    ],
)
def test_what_was_used_is_said_of_the_role_that_used_it(on: Any, resource: str, what: str) -> None:
    named = {"Type": "AWS::IAM::Role", "Properties": {"RoleName": f"{PRODUCT}-fill"}}
    services = of(
        {
            "FillRole0123ABCD": named,
            "Q": policy("FillRole0123ABCD", ["a:Get", "a:Put"], on),
            "EatRole0123ABCD": FILL,
            "R": policy("EatRole0123ABCD", ["a:Get", "a:Put"], on),
        }
    )

    def said(*actions: str) -> list[tuple[str, str]]:
        found = lines(services, *((f"{PRODUCT}-fill", it, resource) for it in actions))
        rows = [[cell.strip() for cell in it.split("|")] for it in found if "a:Put" in it]
        assert rows[0][1] == what
        return sorted((row[2], row[4]) for row in rows)

    fill, eat = "baskets `Fill`", "baskets `Eat`"
    assert said("a:Get", "a:Put") == [(eat, "none"), (fill, "all")]
    assert said("a:Get") == [(eat, "none"), (fill, "`a:Get`")]
    assert said() == [(f"{eat}, {fill}", "none")]


def test_a_resource_with_a_name_of_its_own_is_known_by_it() -> None:
    bus = {"Type": "AWS::Events::EventBus", "Properties": {"Name": "messages"}}
    role = {"Type": "AWS::IAM::Role", "Properties": {"RoleName": "fill"}}
    put = policy("FillRole0123ABCD", "events:PutEvents", {"Fn::GetAtt": ["Bus0123ABCD", "Arn"]})
    services = of({"Bus0123ABCD": bus, "FillRole0123ABCD": role, "P": put})
    used = ("fill", "events:PutEvents", "arn:aws:events:event-bus/messages")
    assert "| `baskets: Bus` | baskets `Fill` | `events:PutEvents` | all |" in lines(services, used)


def test_a_resources_own_policy_says_whom_it_lets_and_whom_it_denies() -> None:
    queue = {"Type": "AWS::SQS::Queue", "Properties": {}}
    roles = {"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::1:role/shop-dev-fill"}}
    statements = [
        {"Effect": "Allow", "Action": "sqs:Send", "Principal": {"Service": "sns.amazonaws.com"}},
        {"Effect": "Deny", "Action": "sqs:*", "Principal": {"AWS": "*"}, "Condition": roles},
        {
            "Effect": "Deny",
            "Action": "sqs:Get",
            "Principal": "*",
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        },
    ]
    own = {
        "Type": "AWS::SQS::QueuePolicy",
        "Properties": {
            "Queues": [{"Ref": "Work0123ABCD"}],
            "PolicyDocument": {"Statement": statements},
        },
    }
    found = lines(of({"Work0123ABCD": queue, "Policy": own}))
    assert "| `baskets: Work` | AWS's sns | `sqs:Send` |  |" in found
    assert "|  | everybody but the roles `shop-dev-fill` | **denied** `sqs:*` |  |" in found
    assert not any("sqs:Get" in it for it in found)


def test_a_condition_is_told() -> None:
    services = of({"P": policy("FillRole0123ABCD", "a:Put", ARN, Condition={"X": {"y": "z"}})})
    policies = Policies(services, Exercised("2026-11-27", ()))
    (allowed,) = policies.by_resource()["Tables"]["baskets: Basket"]
    assert allowed.may == "`a:Put`, if conditions hold"
