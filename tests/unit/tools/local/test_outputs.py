"""What is written down has the contract's shape, and names that survive a new deployment."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tools.base import outputs
from tools.base.errors import DeploymentError
from tools.base.outputs import Deployed, by_heading, logical_name

ENDPOINT = "http://127.0.0.1:4566"


def deployed(type: str, path: str, physical_id: str = "x", **properties: Any) -> Deployed:
    return Deployed(path.replace("/", ""), type, path, physical_id, properties)


def document(**services: Any) -> outputs.Outputs:
    return {
        "endpoint": ENDPOINT,
        "account": "123456789012",
        "region": "eu-west-1",
        "services": services,
    }


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("EventStore/Resource", "EventStore"),
        ("PlaceOrder/Function/Resource", "PlaceOrder"),
        ("PlaceOrder/DeadLetterQueue/Resource", "PlaceOrder/DeadLetterQueue"),
        ("Table", "Table"),
    ],
)
def test_a_resource_is_called_what_its_construct_is_called(path: str, name: str) -> None:
    assert logical_name(path) == name


def test_resources_are_listed_by_kind_and_others_are_not() -> None:
    found = by_heading(
        [
            deployed("AWS::DynamoDB::GlobalTable", "EventStore/Resource", "table-1"),
            deployed("AWS::SQS::Queue", "Commands/Resource", f"{ENDPOINT}/123456789012/commands"),
            deployed("AWS::IAM::Role", "Relay/Role/Resource", "role-1"),
        ],
        ENDPOINT,
    )
    assert found == {
        "queues": {"Commands": f"{ENDPOINT}/123456789012/commands"},
        "tables": {"EventStore": "table-1"},
        "urls": {},
    }


def test_two_resources_of_one_name_are_an_error_and_not_one_of_them() -> None:
    twice = [
        deployed("AWS::Lambda::Function", "Relay/Function/Resource", "a"),
        deployed("AWS::Lambda::Function", "Relay/Resource", "b"),
    ]
    with pytest.raises(DeploymentError, match=r"functions.*Relay"):
        by_heading(twice, ENDPOINT)


def _api(*stages: str) -> list[Deployed]:
    return [
        deployed("AWS::ApiGateway::RestApi", "Api/Resource", "abc123"),
        *(
            deployed(
                "AWS::ApiGateway::Stage",
                f"Api/Stage.{stage}/Resource",
                StageName=stage,
                RestApiId={"Ref": "ApiResource"},
            )
            for stage in stages
        ),
    ]


def test_an_api_is_shown_by_the_address_that_works_offline() -> None:
    urls = by_heading(_api("live"), ENDPOINT)["urls"]
    assert urls == {"Api": f"{ENDPOINT}/_aws/execute-api/abc123/live"}


def test_an_api_with_several_stages_is_shown_once_for_each() -> None:
    assert list(by_heading(_api("blue", "green"), ENDPOINT)["urls"]) == ["Api/blue", "Api/green"]


def test_what_is_written_can_be_read(tmp_path: Path) -> None:
    written = document(orders={"urls": {}, "tables": {"EventStore": "t"}})
    outputs.write(written, tmp_path / "outputs.json")
    assert outputs.read(tmp_path / "outputs.json") == written
    assert [it.name for it in tmp_path.iterdir()] == ["outputs.json"]


@pytest.mark.parametrize(
    "wrong",
    [
        document(),
        document(orders={}),
        document(orders={"urls": {}, "tables": {"EventStore": ""}}),
        document(orders={"urls": {}, "shelves": {}}),
        document(orders={"urls": {"Api": "https://abc.execute-api.eu-west-1.amazonaws.com/"}}),
        document(orders={"urls": {}}) | {"endpoint": "https://amazonaws.com"},
        document(orders={"urls": {}}) | {"account": "me"},
    ],
)
def test_what_breaks_the_contract_is_not_written(wrong: Any, tmp_path: Path) -> None:
    file = tmp_path / "outputs.json"
    file.write_text("as it was")
    with pytest.raises(jsonschema.ValidationError):
        outputs.write(wrong, file)
    assert file.read_text() == "as it was"


def test_every_heading_is_in_the_contract() -> None:
    schema = json.loads(outputs.SCHEMA.read_text())
    assert set(outputs.HEADINGS.values()) <= set(schema["$defs"]["service"]["properties"])


def test_without_a_deployment_the_answer_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(DeploymentError, match="make up"):
        outputs.read(tmp_path / "outputs.json")
