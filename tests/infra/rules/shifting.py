"""A new version of a function behind an API has few calls first, and none if an alarm rings."""

import json
from collections.abc import Iterator

from tests.infra.rules import Rule
from tests.infra.system import ALIAS, Resource, System, role_statements

METHOD = "AWS::ApiGateway::Method"
ALARM = "AWS::CloudWatch::Alarm"
GROUP = "AWS::CodeDeploy::DeploymentGroup"
FUNCTION = "AWS::Lambda::Function"
TAKES_BACK = {"DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM", "DEPLOYMENT_STOP_ON_REQUEST"}
MAY = {"cloudwatch:DescribeAlarms", "lambda:GetAlias", "lambda:UpdateAlias"}
MOST_ALARMS = 10
"""That CodeDeploy takes for one group."""


def apis_call_aliases_where_calls_are_shifted(system: System) -> Iterator[str]:
    """In dev none: a save replaces the code that the API calls."""
    for method in system.resources(METHOD):
        uri = method.text(method.properties.get("Integration", {}).get("Uri", ""))
        function = system.find(uri, FUNCTION)
        if function is None:
            continue
        by_alias = f"{function.place}}}:live/invocations" in uri
        if by_alias != (system.environment != "dev"):
            yield f"{method} calls {'an alias' if by_alias else 'the function itself'}"
    for alias in system.resources(ALIAS) if system.environment == "dev" else ():
        yield f"{alias} would have to be shifted after each save"


def an_alias_is_shifted_while_alarms_are_quiet(system: System) -> Iterator[str]:
    """By CodeDeploy alone, a tenth first; the API's alarm and the new version's take it back."""
    for alias in system.resources(ALIAS):
        update = alias.body.get("UpdatePolicy", {}).get("CodeDeployLambdaAliasUpdate", {})
        group = system.find(alias.text(update.get("DeploymentGroupName", "")), GROUP)
        if group is None:
            yield f"{alias} is moved at once"
            continue
        told = group.properties
        back = told.get("AutoRollbackConfiguration", {})
        if not back.get("Enabled") or set(back.get("Events", ())) != TAKES_BACK:
            yield f"{group} does not go back by itself"
        if not str(told.get("DeploymentConfigName", "")).startswith(
            "CodeDeployDefault.LambdaCanary10Percent"
        ):
            yield f"{group} does not begin with a tenth: {told.get('DeploymentConfigName')}"
        yield from _unwatched(system, alias, group)


def _unwatched(system: System, alias: Resource, group: Resource) -> Iterator[str]:
    told = group.properties.get("AlarmConfiguration", {})
    names = [group.text(it["Name"]) for it in told.get("Alarms", ())]
    if not told.get("Enabled") or told.get("IgnorePollAlarmFailure") or len(names) > MOST_ALARMS:
        yield f"{group} goes on without its alarms"
    alarms = [it for it in (system.find(name, ALARM) for name in names) if it]
    if not any(it.properties.get("MetricName") == "5XXError" for it in alarms):
        yield f"{group} does not watch the API"
    version = alias.text(alias.properties["FunctionVersion"])
    if not any(_versions(it) == {version} for it in alarms):
        yield f"{group} does not watch the version that is new"


def _versions(alarm: Resource) -> set[str]:
    """The versions of which an alarm's metrics tell, by either name of the dimension."""
    return {
        alarm.text(dimension["Value"])
        for it in alarm.properties.get("Metrics", ())
        for dimension in it.get("MetricStat", {}).get("Metric", {}).get("Dimensions", ())
        if dimension["Name"] in ("ExecutedVersion", "version")
    }


def codedeploy_may_shift_and_nothing_else(system: System) -> Iterator[str]:
    """AWS offers a policy that lets it change every alias and read buckets."""
    for role in system.resources("AWS::IAM::Role"):
        if "codedeploy." not in json.dumps(role.properties["AssumeRolePolicyDocument"]):
            continue
        if "ManagedPolicyArns" in role.properties:
            yield f"{role} has a policy of AWS"
        for statement in role_statements(system):
            if statement.role.place == role.place:
                if more := set(statement.actions) - MAY:
                    yield f"{role} may {', '.join(sorted(more))}"
                if "lambda:UpdateAlias" in statement.actions and any(
                    system.find(it, FUNCTION) is None for it in statement.resources
                ):
                    yield f"{role} may move aliases of more than its functions"


RULES: tuple[Rule, ...] = (
    apis_call_aliases_where_calls_are_shifted,
    an_alias_is_shifted_while_alarms_are_quiet,
    codedeploy_may_shift_and_nothing_else,
)
