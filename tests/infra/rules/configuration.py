"""Configuration that changes at run time: who reads it, who judges it, who calls it back."""

import json
import re
from collections.abc import Iterator
from typing import Any

from jsonschema import Draft4Validator
from jsonschema.exceptions import SchemaError

from tests.infra.rules import Rule
from tests.infra.system import (
    CHECKOUT,
    Resource,
    Statement,
    System,
    functions_of,
    own_functions,
    role_statements,
)

APPLICATION = "AWS::AppConfig::Application"
ENVIRONMENT = "AWS::AppConfig::Environment"
PROFILE = "AWS::AppConfig::ConfigurationProfile"
DEPLOYED_APART = {"AWS::AppConfig::HostedConfigurationVersion", "AWS::AppConfig::Deployment"}
LOOKING = {
    "appconfig:ListDeployments",
    "appconfig:GetDeployment",
    "appconfig:ListHostedConfigurationVersions",
    "appconfig:GetHostedConfigurationVersion",
}
LOOKS = ".handlers.show_configuration.handler"
STOPPING = {"appconfig:GetDeployment", "appconfig:StopDeployment"}
STOPS = ".handlers.change_configuration.handler"
FOR_OPERATORS = {LOOKS: LOOKING, STOPS: STOPPING}
"""What operators' functions may do, by what their handlers end with."""
MOST_MONITORS = 5
FLAGS = "AWS.AppConfig.FeatureFlags"


def operators_look_at_one_service_with_each_function(system: System) -> Iterator[str]:
    """Where there is configuration, one function looks at it and one stops its rollouts: of its own
    application, and no more.
    """
    statements = list(appconfig_statements(system))
    for template in system.templates.values():
        applications = list(template.resources(APPLICATION))
        for ending, allowed in FOR_OPERATORS.items():
            functions = [it for it in own_functions(system) if it.template is template]
            serving = [it for it in functions if is_handled_by(it, ending)]
            if len(serving) != len(applications):
                yield f"{template.service} has {len(serving)} functions {ending}"
            for function, application in zip(serving, applications, strict=False):
                of = re.compile(rf":application/{re.escape(application.place)}\}}(/.*)?$")
                for statement in statements:
                    if function.place in who_runs_with(statement.role):
                        if more := set(statement.actions) - allowed:
                            yield f"{function} may {', '.join(sorted(more))}"
                        for resource in statement.resources:
                            if not of.search(resource):
                                yield f"{function} may use {resource}, which is not its service's"


def rollouts_are_watched(system: System) -> Iterator[str]:
    """By the service's own alarms, no more than AppConfig takes, with a role that only looks."""
    for environment in system.resources(ENVIRONMENT):
        monitors = environment.properties.get("Monitors", [])
        if not 1 <= len(monitors) <= MOST_MONITORS:
            yield f"{environment} has {len(monitors)} monitors"
        for monitor in monitors:
            alarm = system.find(environment.text(monitor["AlarmArn"]), "AWS::CloudWatch::Alarm")
            if alarm is None or alarm.template is not environment.template:
                yield f"{environment} is watched by an alarm that is not its service's"
            role = system.find(environment.text(monitor["AlarmRoleArn"]), "AWS::IAM::Role")
            actions = {
                action
                for statement in role_statements(system)
                if role and statement.role.place == role.place
                for action in statement.actions
            }
            if actions != {"cloudwatch:DescribeAlarms"}:
                yield f"{environment} looks at alarms with a role that may {actions}"


def documents_are_judged_before_they_are_deployed(system: System) -> Iterator[str]:
    """Settings by the published schema and by the service; flags, which take no schema, by it."""
    for profile in system.resources(PROFILE):
        validators = profile.properties.get("Validators", [])
        kinds = [it["Type"] for it in validators]
        wanted = ["LAMBDA"] if profile.properties["Type"] == FLAGS else ["JSON_SCHEMA", "LAMBDA"]
        if kinds != wanted:
            yield f"{profile} is judged by {kinds}"
        for validator in validators:
            if validator["Type"] == "LAMBDA":
                yield from _wrong_judge(system, profile, validator["Content"])
            else:
                yield from _wrong_schema(profile, validator["Content"])


def code_and_configuration_deploy_apart(system: System) -> Iterator[str]:
    """A stack makes no version and no deployment of a document."""
    for resource in system.resources(*DEPLOYED_APART):
        yield f"{resource} deploys a configuration"


def _wrong_judge(system: System, profile: Resource, content: Any) -> Iterator[str]:
    judge = system.find(profile.text(content), "AWS::Lambda::Function")
    if judge is None or judge.template is not profile.template:
        yield f"{profile} is judged by no function of its service"
        return
    admitted = {
        permission.properties["Principal"]
        for permission in profile.template.resources("AWS::Lambda::Permission")
        if judge.is_in(permission.text(permission.properties["FunctionName"]))
    }
    if admitted != {"appconfig.amazonaws.com"}:
        yield f"{judge} may be called by {sorted(admitted)}"


def _wrong_schema(profile: Resource, content: str) -> Iterator[str]:
    published = CHECKOUT / f"config/schemas/{profile.template.service}.settings.schema.json"
    if content != published.read_text():
        yield f"{profile} is not judged by {published.name}"
    if len(content) > 32_768:
        yield f"{profile} has a schema that is longer than AppConfig takes"
    try:
        Draft4Validator.check_schema(json.loads(content))
    except (ValueError, SchemaError) as error:
        yield f"{profile} is judged by no schema of draft 4: {error}"


def is_handled_by(function: Resource, ending: str) -> bool:
    """Whether a function's handler ends so."""
    return str(function.properties.get("Handler", "")).endswith(ending)


def configurations(template: Any) -> Iterator[str]:
    """What IAM calls the configurations of a template's application and environment."""
    for environment in template.resources(ENVIRONMENT):
        for profile in template.resources(PROFILE):
            application = environment.text(environment.properties["ApplicationId"])
            yield (
                f"arn:{template.system.partition}:appconfig:{template.system.region}:${{AWS::AccountId}}"
                f":application/{application}/environment/{environment.place}}}"
                f"/configuration/{profile.place}}}"
            )


def appconfig_statements(system: System) -> Iterator[Statement]:
    """The statements that allow something of AppConfig."""
    for statement in role_statements(system):
        if any(it.startswith(("appconfig:", "*")) for it in statement.actions):
            yield statement


def who_runs_with(role: Resource) -> set[str]:
    """The places of the functions that have a role."""
    return {it.place for it in functions_of(role)}


RULES: tuple[Rule, ...] = (
    operators_look_at_one_service_with_each_function,
    rollouts_are_watched,
    documents_are_judged_before_they_are_deployed,
    code_and_configuration_deploy_apart,
)
