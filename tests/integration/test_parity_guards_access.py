"""What the emulator's gateway does otherwise than AWS's with tokens, and with answers of its own.

When one fails after an upgrade of the emulator, its message says what can become simpler, and
`docs/parity.toml` is to be changed.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.drivers.offline import Deployment, call
from tests.support.drivers.small_resources import SmallResources, still
from tools.base.endpoint import ACCOUNT, REGION

TEMPLATE = '{"it": "$context.requestId"}'


@pytest.fixture(scope="module")
def api(deployment: Deployment) -> Iterator[str]:
    """The address of an API that asks for any token of customers' pool on GET, and none on POST."""
    [pool] = deployment.outputs["services"]["identity"]["user_pools"].values()
    resources = SmallResources(deployment.cloud)
    rest_api = {"RestApiId": {"Ref": "Api"}}
    method = {
        **rest_api,
        "ResourceId": {"Fn::GetAtt": ["Api", "RootResourceId"]},
        "Integration": {
            "Type": "MOCK",
            "RequestTemplates": {"application/json": '{"statusCode": 200}'},
            "IntegrationResponses": [
                {"StatusCode": "200", "ResponseTemplates": {"application/json": TEMPLATE}}
            ],
        },
        "MethodResponses": [{"StatusCode": "200"}],
    }
    authorized = {"AuthorizationType": "COGNITO_USER_POOLS", "AuthorizerId": {"Ref": "Authorizer"}}
    arn = f"arn:aws:cognito-idp:{REGION}:{ACCOUNT}:userpool/{pool}"
    made = resources.stack(
        {
            "Api": {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Name": "guard-tokens"}},
            "Authorizer": {
                "Type": "AWS::ApiGateway::Authorizer",
                "Properties": {
                    **rest_api,
                    "Name": "guard",
                    "Type": "COGNITO_USER_POOLS",
                    "IdentitySource": "method.request.header.Authorization",
                    "ProviderARNs": [arn],
                },
            },
            "Get": {
                "Type": "AWS::ApiGateway::Method",
                "Properties": {**method, "HttpMethod": "GET", **authorized},
            },
            "Post": {
                "Type": "AWS::ApiGateway::Method",
                "Properties": {**method, "HttpMethod": "POST", "AuthorizationType": "NONE"},
            },
            "Deployment": {
                "Type": "AWS::ApiGateway::Deployment",
                "Properties": rest_api,
                "DependsOn": ["Get", "Post"],
            },
            "Stage": {
                "Type": "AWS::ApiGateway::Stage",
                "Properties": {
                    **rest_api,
                    "StageName": "v",
                    "DeploymentId": {"Ref": "Deployment"},
                },
            },
        },
        id={"Ref": "Api"},
    )
    yield f"{deployment.cloud.endpoint}/_aws/execute-api/{made['id']}/v"
    resources.remove()


def test_a_method_without_a_scope_takes_an_access_token(api: str, demo_token: str) -> None:
    assert call("GET", api).status == 401
    still(
        call("GET", api, token=demo_token).status == 200,
        "tokens are told apart as on AWS: the matrix can show what a forgotten scope would open",
    )


def test_what_a_gateway_answers_by_itself_is_not_filled_in(api: str) -> None:
    answer = call("POST", api)
    still(
        answer.body.decode() == TEMPLATE,
        "a problem that the gateway answers with has a correlation id: ask for it",
    )
