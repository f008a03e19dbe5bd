"""Secrets: under a key, for named readers, replaced in time; plain settings: by path."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from fnmatch import fnmatchcase

from contracts.product import PRODUCT
from tests.infra.rules import Rule
from tests.infra.system import PARAMETER, Resource, System, card_of, functions_of, role_statements

SECRET = "AWS::SecretsManager::Secret"
SCHEDULE = "AWS::SecretsManager::RotationSchedule"
POLICY = "AWS::SecretsManager::ResourcePolicy"
KEY = "AWS::KMS::Key"
READ = "secretsmanager:GetSecretValue"
MOST_DAYS = 31


def every_secret_is_replaced_every_month(system: System) -> Iterator[str]:
    """By a function of its own service, and somebody is told when that fails.

    Not what somebody outside has the other half of, which its tag says: only the cluster has such.
    """
    for secret in system.resources(SECRET):
        if is_replaced_by_hand(secret):
            if secret.template.service != "cluster":
                yield f"{secret} says that it is replaced by hand"
            continue
        schedules = [it for it in _about(secret, SCHEDULE) if _replacing(it) is not None]
        if not schedules:
            yield f"{secret} is never replaced"
        for schedule in schedules:
            function = _replacing(schedule)
            assert function is not None
            days = schedule.properties.get("RotationRules", {}).get("AutomaticallyAfterDays")
            if not isinstance(days, int) or days > MOST_DAYS:
                yield f"{secret} is replaced every {days} days"
            if schedule.properties.get("RotateImmediatelyOnUpdate") is not False:
                yield f"{secret} is replaced whenever it is deployed"
            if not _is_called_by_secrets_manager(function):
                yield f"{function} does not admit Secrets Manager"
            if not _tells_of_errors(function):
                yield f"nobody is told when {function} fails"


def every_secret_is_under_its_services_key(system: System) -> Iterator[str]:
    """The account's own key would let everybody in who may read secrets."""
    for secret in system.resources(SECRET):
        key = system.find(secret.text(secret.properties.get("KmsKeyId", "")), KEY)
        if key is None or key.template is not secret.template:
            yield f"{secret} is not under a key of {secret.template.service}"


def a_secret_refuses_everybody_but_its_readers(system: System) -> Iterator[str]:
    """Its policy names whoever may read it, and whoever may is named."""
    for secret in system.resources(SECRET):
        admitted = _admitted(secret)
        if not admitted:
            yield f"{secret} refuses nobody"
        readers = {
            statement.role.text(statement.role.properties["RoleName"])
            for statement in role_statements(system)
            if statement.allows(READ) and any(map(secret.is_in, statement.resources))
        }
        for reader in sorted(readers):
            if not any(fnmatchcase(reader, pattern) for pattern in admitted):
                yield f"{secret} refuses {reader}, which is meant to read it"
        for pattern in sorted(admitted - readers):
            if not pattern.endswith("-*"):
                yield f"{secret} admits {pattern}, which has no business with it"


def whoever_reads_a_secret_may_use_its_key_and_reads_no_other(system: System) -> Iterator[str]:
    """Without the key the call fails on AWS, and offline nobody notices."""
    secrets = list(system.resources(SECRET))
    for statement in role_statements(system):
        if not statement.allows(READ):
            continue
        for resource in statement.resources:
            secret = next((it for it in secrets if it.is_in(resource)), None)
            if secret is None or "*" in resource:
                yield f"{statement.role} may read {resource}"
            elif not _may_decrypt(system, statement.role, secret):
                yield f"{statement.role} may not use the key of {secret}"


def plain_settings_are_parameters_of_one_service_and_environment(system: System) -> Iterator[str]:
    """By path, `/{product}/{environment}/{service}/{name}`, and never what is a secret."""
    for parameter in system.resources(PARAMETER):
        name = parameter.properties["Name"]
        owner = f"{system.environment}/{parameter.template.service}"
        path = re.escape(f"/{PRODUCT}/{owner}/")
        if not re.fullmatch(path + "[a-z0-9-]+", name) and name != card_of(parameter):
            yield f"{parameter} is found under {name}"
        if parameter.properties["Type"] != "String":
            yield f"{parameter} is a {parameter.properties['Type']}"
    for template in system.templates.values():
        for name in template.parameters_read.values():
            if not name.startswith(f"/{PRODUCT}/{system.environment}/"):
                yield f"{system.environment} {template.service} reads {name}"


def is_replaced_by_hand(secret: Resource) -> bool:
    """Whether its tag says so."""
    tags = secret.properties.get("Tags", [])
    return {"Key": "replaced", "Value": "by-hand"} in tags


def replaces_a_secret(function: Resource) -> bool:
    """Whether it is there for Secrets Manager alone."""
    return any(
        function.is_in(schedule.text(schedule.properties["RotationLambdaARN"]))
        for schedule in function.template.resources(SCHEDULE)
    )


def _about(secret: Resource, type: str) -> Iterator[Resource]:
    for resource in secret.template.resources(type):
        if resource.text(resource.properties["SecretId"]) == f"{secret.place}}}":
            yield resource


def _replacing(schedule: Resource) -> Resource | None:
    system = schedule.template.system
    named = schedule.text(schedule.properties.get("RotationLambdaARN", ""))
    return system.find(named, "AWS::Lambda::Function")


def _is_called_by_secrets_manager(function: Resource) -> bool:
    return any(
        function.is_in(permission.text(permission.properties["FunctionName"]))
        and permission.properties["Principal"] == "secretsmanager.amazonaws.com"
        and "SourceAccount" in permission.properties
        for permission in function.template.resources("AWS::Lambda::Permission")
    )


def _tells_of_errors(function: Resource) -> bool:
    return any(
        alarm.properties.get("MetricName") == "Errors"
        and function.is_in(alarm.text(alarm.properties["Dimensions"][0]["Value"]))
        and alarm.properties.get("AlarmActions")
        for alarm in function.template.resources("AWS::CloudWatch::Alarm")
    )


def _admitted(secret: Resource) -> set[str]:
    """The names of roles that a secret's policy does not refuse."""
    names = set()
    for policy in _about(secret, POLICY):
        for statement in policy.properties["ResourcePolicy"]["Statement"]:
            condition = statement.get("Condition", {}).get("ArnNotLike", {})
            arns = policy.template.texts(condition.get("aws:PrincipalArn", []))
            if (statement["Effect"], statement["Principal"]) == (
                "Deny",
                "*",
            ) and READ in json.dumps(statement["Action"]):
                names |= {arn.partition(":role/")[2] for arn in arns}
    return names


def _may_decrypt(system: System, role: Resource, secret: Resource) -> bool:
    key = system.find(secret.text(secret.properties["KmsKeyId"]), KEY)
    assert key is not None
    return (bool(functions_of(role)) or _is_a_tasks(role) or _is_a_pods(role)) and any(
        statement.allows("kms:Decrypt") and any(map(key.is_in, statement.resources))
        for statement in role_statements(system)
        if statement.role.place == role.place
    )


def _is_a_pods(role: Resource) -> bool:
    return any(
        role.is_in(identity.text(identity.properties["RoleArn"]))
        for identity in role.template.resources("AWS::EKS::PodIdentityAssociation")
    )


def _is_a_tasks(role: Resource) -> bool:
    return any(
        role.is_in(task.text(task.properties[kind]))
        for task in role.template.resources("AWS::ECS::TaskDefinition")
        for kind in ("TaskRoleArn", "ExecutionRoleArn")
    )


RULES: tuple[Rule, ...] = (
    every_secret_is_replaced_every_month,
    every_secret_is_under_its_services_key,
    a_secret_refuses_everybody_but_its_readers,
    whoever_reads_a_secret_may_use_its_key_and_reads_no_other,
    plain_settings_are_parameters_of_one_service_and_environment,
)
