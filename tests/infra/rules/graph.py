"""A GraphQL API lets one request ask for much: what it may, and whom each field answers."""

import re
from collections.abc import Iterator

from tests.infra.rules import Rule
from tests.infra.system import Resource, System

API, RESOLVER, SOURCE = (f"AWS::AppSync::{it}" for it in ("GraphQLApi", "Resolver", "DataSource"))
ALARM = "AWS::CloudWatch::Alarm"
ASKS = re.compile(
    r"^export function (request|response)\(ctx\) \{(.*?)^\}", re.MULTILINE | re.DOTALL
)
CALLER = re.compile(r"\s*(const caller = |return )?(callerOf|ownerOf|publisherOf|answered)\(ctx\);")
"""What a half of a resolver begins with, before it looks at anything else."""
MOST_LEVELS, MOST_RESOLVERS = 5, 50


def a_request_has_an_end(system: System) -> Iterator[str]:
    """However deep it nests and however many names it gives to one field."""
    for api in system.resources(API):
        depth = api.properties.get("QueryDepthLimit", 0)
        count = api.properties.get("ResolverCountLimit", 0)
        if not 0 < depth <= MOST_LEVELS:
            yield f"{api} takes queries of any depth"
        if not 0 < count <= MOST_RESOLVERS:
            yield f"{api} runs any number of resolvers for a request"


def a_schema_is_told_to_nobody_in_production(system: System) -> Iterator[str]:
    """It is published with the contracts; who has to ask for it is looking for a way in."""
    for api in system.resources(API):
        asked = api.properties.get("IntrospectionConfig", "ENABLED")
        if (asked == "DISABLED") != (system.environment == "prod"):
            yield f"{api} has introspection {asked}"


def graphql_asks_for_a_token_of_the_pool(system: System) -> Iterator[str]:
    """No keys, which belong to nobody; roles of ours may come besides, where a field says so."""
    for api in system.resources(API):
        others = {
            it["AuthenticationType"]
            for it in api.properties.get("AdditionalAuthenticationProviders", [])
        }
        if api.properties["AuthenticationType"] != "AMAZON_COGNITO_USER_POOLS":
            yield f"{api} asks for no token of the user pool"
        if others - {"AWS_IAM"}:
            yield f"{api} lets in by {', '.join(sorted(others))}"


def each_half_of_a_resolver_asks_who_calls(system: System) -> Iterator[str]:
    """Before anything else: tests evaluate that whoever may not read gets nothing by it."""
    for resolver in system.resources(RESOLVER):
        halves = dict(ASKS.findall(str(resolver.properties.get("Code", ""))))
        for half in ("request", "response"):
            if not CALLER.match(halves.get(half, "")):
                yield f"{resolver}: {half} does not ask who calls"


def graphql_logs_errors_without_what_was_sent(system: System) -> Iterator[str]:
    """Headers hold tokens, and arguments say what somebody wanted."""
    for api in system.resources(API):
        log = api.properties.get("LogConfig", {})
        if log.get("FieldLogLevel") != "ERROR" or log.get("ExcludeVerboseContent") is not True:
            yield f"{api} logs nothing, or too much"
        if api.properties.get("XrayEnabled") is not True:
            yield f"{api} is not traced"
        if not any(_watches(alarm, api) for alarm in system.resources(ALARM)):
            yield f"{api} fails without an alarm"


def _watches(alarm: Resource, api: Resource) -> bool:
    return alarm.properties.get("Namespace") == "AWS/AppSync" and any(
        api.is_in(alarm.text(it["Value"])) for it in alarm.properties.get("Dimensions", [])
    )


RULES: tuple[Rule, ...] = (
    a_request_has_an_end,
    a_schema_is_told_to_nobody_in_production,
    graphql_asks_for_a_token_of_the_pool,
    each_half_of_a_resolver_asks_who_calls,
    graphql_logs_errors_without_what_was_sent,
)
