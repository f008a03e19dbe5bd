"""The console's way in as the template has it: what only AWS decides is asserted here."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.product import PRODUCT
from tests.infra.places import CONTEXTS
from tests.infra.rules import bus
from tests.infra.system import Resource, System, role_statements, synthesized
from tests.support.drivers.routes import is_answered_by_the_gateway

METHOD = "AWS::ApiGateway::Method"
FUNCTION = "AWS::Lambda::Function"
FILES = {"", "{file}"}


def the(system: System, type: str) -> Resource:
    [found] = system.templates["console"].resources(type)
    return found


def paths(system: System) -> dict[str, str]:
    """The last part of each path of the API, by the logical id of its resource."""
    resources = system.templates["console"].resources("AWS::ApiGateway::Resource")
    return {it.id: it.properties["PathPart"] for it in resources}


def test_everything_but_the_files_asks_for_an_operators_token_with_a_scope(system: System) -> None:
    scopes = {f"console/{it['ScopeName']}" for it in scopes_of(system)}
    server = f"{the(system, 'AWS::Cognito::UserPoolResourceServer').place}}}"
    for method in system.templates["console"].resources(METHOD):
        if is_answered_by_the_gateway(method.body):
            continue
        part = paths(system).get(str(method.properties["ResourceId"].get("Ref")), "")
        if part in FILES:
            assert method.properties["AuthorizationType"] == "NONE"
            assert method.properties["HttpMethod"] in ("GET", "HEAD")
        else:
            assert method.properties["AuthorizationType"] == "COGNITO_USER_POOLS", method
            assert {method.text(it) for it in method.properties["AuthorizationScopes"]} <= {
                *(f"{server}/{name}" for name in ("read", "operate")),
                *scopes,
            }
            assert method.properties["AuthorizationScopes"]


def test_who_only_may_look_is_let_to_nothing_that_changes_something(system: System) -> None:
    """And what changes something is sent to the one function that asks for group and plan."""
    console = system.templates["console"]
    methods = [  # the others are answered by the gateway itself
        it for it in console.resources(METHOD) if it.properties["Integration"]["Type"] != "MOCK"
    ]
    posts = [it for it in methods if it.properties["HttpMethod"] not in ("GET", "HEAD")]
    assert posts
    for method in methods:
        scopes = {it.rpartition("/")[2] for it in _scopes(method)}
        to = system.find(method.text(method.properties["Integration"]["Uri"]), FUNCTION)
        assert to is not None
        operates = to.properties["Handler"] == "console.handlers.operate.handler"
        assert operates == (method in posts) == (scopes == {"operate"}), method
        if operates:
            assert method.properties["HttpMethod"] == "POST"


def _scopes(method: Resource) -> list[str]:
    return [method.text(it) for it in method.properties.get("AuthorizationScopes", [])]


def scopes_of(system: System) -> list[dict[str, Any]]:
    server = the(system, "AWS::Cognito::UserPoolResourceServer").properties
    assert server["Identifier"] == "console"
    found: list[dict[str, Any]] = server["Scopes"]
    return found


def test_the_app_logs_in_by_code_at_its_own_address_and_in_no_other_way(system: System) -> None:
    client = the(system, "AWS::Cognito::UserPoolClient")
    api = the(system, "AWS::ApiGateway::RestApi")
    own = [
        {
            "Fn::Join": [
                "",
                [
                    "https://",
                    {"Ref": api.id},
                    f".execute-api.{system.region}.",
                    {"Ref": "AWS::URLSuffix"},
                    "/live/",
                ],
            ]
        }
    ]
    assert client.properties["CallbackURLs"] == own
    assert client.properties["LogoutURLs"] == own
    assert client.properties["AllowedOAuthFlows"] == ["code"]
    assert client.properties["ExplicitAuthFlows"] == ["ALLOW_REFRESH_TOKEN_AUTH"]
    assert client.properties["GenerateSecret"] is False
    assert {client.text(it) for it in client.properties["AllowedOAuthScopes"]} == {
        f"{{console:{the(system, 'AWS::Cognito::UserPoolResourceServer').id}}}/{name}"
        for name in ("read", "operate")
    }


@pytest.mark.parametrize(
    ("environment", "asked"), [("dev", "OPTIONAL"), ("staging", "ON"), ("prod", "ON")]
)
def test_operators_bring_a_second_factor_where_it_counts(environment: str, asked: str) -> None:
    pool = the(synthesized(environment), "AWS::Cognito::UserPool").properties
    assert pool["MfaConfiguration"] == asked
    assert pool["EnabledMfas"] == ["SOFTWARE_TOKEN_MFA"]
    assert pool["AdminCreateUserConfig"]["AllowAdminCreateUserOnly"] is True


def test_the_logins_address_is_this_accounts_and_this_environments(system: System) -> None:
    domain = the(system, "AWS::Cognito::UserPoolDomain")
    assert domain.properties["Domain"] == {
        "Fn::Join": ["", [f"{PRODUCT}-{system.environment}-", {"Ref": "AWS::AccountId"}]]
    }


@pytest.mark.parametrize(
    ("partition", "host"),
    [("aws", ".auth.eu-west-1"), ("aws-us-gov", ".auth-fips.us-gov-west-1")],
)
def test_the_app_is_told_the_logins_address_of_its_partition(partition: str, host: str) -> None:
    template = synthesized("prod", *CONTEXTS[partition]).templates["console"]
    [domain] = template.resources("AWS::Cognito::UserPoolDomain")
    [assets] = [
        it for it in template.resources("AWS::Lambda::Function") if it.id.startswith("Assets")
    ]
    assert assets.properties["Environment"]["Variables"]["LOGIN_URL"] == {
        "Fn::Join": ["", ["https://", {"Ref": domain.id}, f"{host}.amazoncognito.com"]]
    }


def test_operators_are_a_pool_of_their_own(system: System) -> None:
    pool = the(system, "AWS::Cognito::UserPool")
    authorizer = the(system, "AWS::ApiGateway::Authorizer")
    assert [authorizer.text(it) for it in authorizer.properties["ProviderARNs"]] == [
        f"{pool.place}.Arn}}"
    ]
    for other in system.resources("AWS::ApiGateway::Authorizer"):
        if other.template.service != "console":
            assert not any(
                pool.is_in(other.text(it)) for it in other.properties.get("ProviderARNs", [])
            )


def test_a_message_or_a_service_that_is_new_changes_nothing_of_the_console(
    system: System,
) -> None:
    """No type and no service is named in what it hears."""
    assert the(system, "AWS::Events::Rule").properties["EventPattern"] == bus.EVERYTHING
    recorder = next(
        it
        for it in system.templates["console"].resources("AWS::Lambda::Function")
        if it.id.startswith("RecordActivity")
    )
    assert "MESSAGE_SOURCES" not in recorder.properties["Environment"]["Variables"]


def test_what_the_gateway_answers_itself_is_protected(system: System) -> None:
    for answer in system.templates["console"].resources("AWS::ApiGateway::GatewayResponse"):
        headers = answer.properties["ResponseParameters"]
        assert headers["gatewayresponse.header.X-Content-Type-Options"] == "'nosniff'"
        assert "max-age" in headers["gatewayresponse.header.Strict-Transport-Security"]
        assert "default-src 'none'" in headers["gatewayresponse.header.Content-Security-Policy"]


def test_the_console_may_use_nothing_of_others_but_functions(system: System) -> None:
    for statement in role_statements(system):
        if statement.role.template.service != "console" or statement.effect != "Allow":
            continue
        for resource in statement.resources:
            own = resource == "*" or "{console:" in resource
            calls = set(statement.actions) <= {"lambda:InvokeFunction"}
            cards = "/cards" in resource and statement.actions == ("ssm:GetParametersByPath",)
            alarms = set(statement.actions) <= {"cloudwatch:DescribeAlarms"}  # who shifts calls
            assert own or calls or cards or alarms, (
                f"{statement.role} may {statement.actions} on {resource}"
            )


def test_who_reads_activity_may_write_nothing_of_it(system: System) -> None:
    table = the(system, "AWS::DynamoDB::GlobalTable")
    allowed = {"Pulse": {"dynamodb:Query"}, "Orders": {"dynamodb:Query", "dynamodb:BatchGetItem"}}
    found: dict[str, set[str]] = {it: set() for it in allowed}
    for statement in role_statements(system):
        reader = next((it for it in allowed if statement.role.id.startswith(it)), None)
        of_the_table = any(table.is_in(it) for it in statement.resources)
        if statement.role.template.service == "console" and reader and of_the_table:
            found[reader] |= set(statement.actions)
    assert found == allowed


def test_activity_goes_after_a_day_by_its_items_own_time(system: System) -> None:
    table = the(system, "AWS::DynamoDB::GlobalTable").properties
    assert table["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}


def test_where_there_are_no_user_pools_there_is_no_console() -> None:
    assert "console" not in synthesized("prod", *CONTEXTS["aws-cn"]).templates
