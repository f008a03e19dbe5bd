"""A fenced region writes nothing: its tables refuse, and nobody works; another region goes on."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from contracts.product import PRODUCT
from tools.base.target import Target
from tools.recovery import fence, tables

OURS = f"arn:aws:lambda:eu-west-1:1:function:{PRODUCT}-prod-orders-Relay"
OTHERS = f"arn:aws:lambda:eu-west-1:1:function:{PRODUCT}-staging-orders-Relay"


class Tables:
    """Tables' policies."""

    def __init__(self) -> None:
        self.policies: dict[str, str] = {}

    def describe_table(self, *, TableName: str) -> dict[str, Any]:  # noqa: N803
        return {"Table": {"TableArn": f"arn:{TableName}"}}

    def put_resource_policy(self, *, ResourceArn: str, Policy: str) -> None:  # noqa: N803
        self.policies[ResourceArn] = Policy

    def get_resource_policy(self, *, ResourceArn: str) -> dict[str, Any]:  # noqa: N803
        if ResourceArn not in self.policies:
            error: Any = {"Error": {"Code": "PolicyNotFoundException", "Message": ""}}
            raise ClientError(error, "GetResourcePolicy")
        return {"Policy": self.policies[ResourceArn]}

    def delete_resource_policy(self, *, ResourceArn: str) -> None:  # noqa: N803
        del self.policies[ResourceArn]


class Mappings:
    """Event sources by id: whose function, and whether it is on."""

    def __init__(self) -> None:
        self.found = {"relay": (OURS, True), "of-staging": (OTHERS, True)}

    def get_paginator(self, _: str) -> Mappings:
        return self

    def paginate(self) -> list[dict[str, Any]]:
        listed = [
            {"UUID": id, "FunctionArn": arn, "State": "Enabled" if on else "Disabled"}
            for id, (arn, on) in self.found.items()
        ]
        return [{"EventSourceMappings": listed}]

    def update_event_source_mapping(self, *, UUID: str, Enabled: bool) -> None:  # noqa: N803
        self.found[UUID] = (self.found[UUID][0], Enabled)


@pytest.fixture
def region(monkeypatch: pytest.MonkeyPatch) -> tuple[Target, Tables, Mappings]:
    found, mappings = Tables(), Mappings()
    clients: dict[str, Any] = {"dynamodb": found, "lambda": mappings}
    monkeypatch.setattr(tables, "of", lambda _: {"orders-EventStore": "t-1", "customers-P": "t-2"})
    return Target("here", "prod", clients.__getitem__, is_offline=False), found, mappings


def test_a_look_changes_nothing(region: tuple[Target, Tables, Mappings]) -> None:
    target, found, mappings = region
    assert not fence.look(target).is_closed
    assert not found.policies
    assert mappings.found["relay"][1]


def test_every_table_refuses_writes_and_no_event_source_of_ours_is_on(
    region: tuple[Target, Tables, Mappings],
) -> None:
    target, found, mappings = region
    closed = fence.close(target)
    assert closed.is_closed
    assert closed.tables == ("customers-P", "orders-EventStore")
    assert not mappings.found["relay"][1]
    assert mappings.found["of-staging"][1], "another environment's"
    (statement,) = fence.policy("arn:t-1")["Statement"]
    assert (statement["Effect"], statement["Principal"]) == ("Deny", "*")
    assert {"dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:BatchWriteItem"} <= set(
        statement["Action"]
    )
    assert "dynamodb:GetItem" not in statement["Action"]
    assert all(statement["Sid"] in it for it in found.policies.values())


def test_what_was_closed_opens_again_and_a_foreign_policy_stays(
    region: tuple[Target, Tables, Mappings],
) -> None:
    target, found, mappings = region
    found.policies["arn:t-2"] = '{"Statement": [{"Sid": "TheirOwn"}]}'
    assert fence.look(target).tables == ()
    fence.open_again(target)
    assert found.policies.keys() == {"arn:t-2"}
    found.policies.clear()
    fence.close(target)
    opened = fence.open_again(target)
    assert not found.policies
    assert mappings.found["relay"][1]
    assert (opened.tables, opened.mappings) == ((), ())
