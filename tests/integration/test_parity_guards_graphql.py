"""What the emulator's AppSync does otherwise than AWS's.

When one fails after an upgrade of the emulator, its message says what can become simpler, and
`docs/parity.toml` is to be changed.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests.support.drivers.offline import Deployment, call
from tests.support.drivers.small_resources import SmallResources, still

SCHEMA = """
type Query { who: Thing others: Things piped: String }
type Things { items: [Thing!] }
type Thing { id: ID owner: String inner: Thing }
"""
RUNTIME = {"Name": "APPSYNC_JS", "RuntimeVersion": "1.0.0"}
ANSWER = "export function response(ctx) { return ctx.result; }"
WHO = f"""
export function request(ctx) {{ return {{ payload: {{ id: 'anybody' }} }}; }}
{ANSWER}
"""
OTHERS = f"""
export function request(ctx) {{
  return {{
    operation: 'Query',
    query: {{
      expression: 'id = :id',
      expressionValues: {{ ':id': {{ S: 'mine' }} }},
    }},
  }};
}}
{ANSWER}
"""
PIPED = """
export function request(ctx) { return {}; }
export function response(ctx) { return ctx.prev.result; }
"""
HELLO = """
export function request(ctx) { return { payload: 'hello' }; }
export function response(ctx) { return ctx.result; }
"""


class Api:
    """A GraphQL API whose pool is nobody's; the engine's own check of tokens is for our pools."""

    def __init__(self, deployment: Deployment, id: str) -> None:
        self._url = f"{deployment.cloud.endpoint}/v1/apis/{id}/graphql"

    def ask(self, query: str) -> Any:
        claims = base64.urlsafe_b64encode(json.dumps({"sub": "forged"}).encode()).decode()
        token = f"e30.{claims.rstrip('=')}.forged"
        return call("POST", self._url, token=token, body={"query": query}).json


@pytest.fixture(scope="module")
def api(deployment: Deployment) -> Iterator[Api]:
    resources = SmallResources(deployment.cloud)
    table = {"AttributeName": "id", "KeyType": "HASH"}
    of = {"ApiId": {"Fn::GetAtt": ["Api", "ApiId"]}}
    role = {"ServiceRoleArn": "arn:aws:iam::123456789012:role/nobody"}
    made = resources.stack(
        {
            "Table": {
                "Type": "AWS::DynamoDB::Table",
                "Properties": {
                    "TableName": "guard-graphql",
                    "BillingMode": "PAY_PER_REQUEST",
                    "KeySchema": [table],
                    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
                },
            },
            "Api": {
                "Type": "AWS::AppSync::GraphQLApi",
                "Properties": {
                    "Name": "guard",
                    "AuthenticationType": "OPENID_CONNECT",
                    "OpenIDConnectConfig": {"Issuer": "https://nobody.example"},
                    "QueryDepthLimit": 1,
                    "ResolverCountLimit": 1,
                    "IntrospectionConfig": "DISABLED",
                },
            },
            "Schema": {
                "Type": "AWS::AppSync::GraphQLSchema",
                "Properties": {**of, "Definition": SCHEMA},
            },
            "Nothing": {
                "Type": "AWS::AppSync::DataSource",
                "Properties": {**of, "Name": "Nothing", "Type": "NONE"},
            },
            "Things": {
                "Type": "AWS::AppSync::DataSource",
                "Properties": {
                    **of,
                    **role,
                    "Name": "Things",
                    "Type": "AMAZON_DYNAMODB",
                    "DynamoDBConfig": {
                        "TableName": {"Ref": "Table"},
                        "AwsRegion": {"Ref": "AWS::Region"},
                    },
                },
            },
            "Function": {
                "Type": "AWS::AppSync::FunctionConfiguration",
                "Properties": {
                    **of,
                    "Name": "hello",
                    "DataSourceName": "Nothing",
                    "Runtime": RUNTIME,
                    "Code": HELLO,
                },
                "DependsOn": ["Nothing"],
            },
            "Who": _resolver(of, "who", WHO, DataSourceName="Nothing"),
            "Others": _resolver(of, "others", OTHERS, DataSourceName="Things"),
            "Piped": _resolver(
                of,
                "piped",
                PIPED,
                Kind="PIPELINE",
                PipelineConfig={"Functions": [{"Fn::GetAtt": ["Function", "FunctionId"]}]},
            ),
        },
        id={"Fn::GetAtt": ["Api", "ApiId"]},
    )
    for id in ("mine", "theirs"):
        deployment.cloud.client("dynamodb").put_item(
            TableName="guard-graphql", Item={"id": {"S": id}, "owner": {"S": id}}
        )
    yield Api(deployment, made["id"])
    resources.remove()


def _resolver(of: Mapping[str, Any], field: str, code: str, **more: Any) -> dict[str, Any]:
    return {
        "Type": "AWS::AppSync::Resolver",
        "Properties": {
            **of,
            "TypeName": "Query",
            "FieldName": field,
            "Runtime": RUNTIME,
            "Code": code,
            **more,
        },
        "DependsOn": ["Schema", "Nothing", "Things"],
    }


def test_appsync_checks_no_token(api: Api) -> None:
    answer = api.ask("{ who { id } }")
    still(
        "errors" not in answer,
        "tokens are checked: tools/emulator/engine_tokens.py can go",
    )


def test_appsync_has_no_limits(api: Api) -> None:
    deep = api.ask("{ who { inner { inner { id } } } }")
    many = api.ask("{ a: who { id } b: who { id } c: who { id } }")
    told = api.ask("{ __schema { queryType { name } } }")
    still(
        not any("errors" in it for it in (deep, many, told)),
        "limits hold: test_order_graph can show that sixty names are refused",
    )


def test_appsync_scans_where_it_is_to_query(api: Api) -> None:
    found = api.ask("{ others { items { id } } }")["data"]["others"]["items"]
    still(
        {it["id"] for it in found} == {"mine", "theirs"},
        "a query is one: lists can be read straight from the view's index",
    )


def test_appsync_runs_no_pipeline_of_a_template(api: Api) -> None:
    still(
        api.ask("{ piped }")["data"]["piped"] != "hello",
        "pipelines run: an order can be a field of its own, with the pointer as its first step",
    )
