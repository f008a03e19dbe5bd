"""The same templates fit every partition and region, and two deployments in one account."""

import re
from collections.abc import Iterator
from typing import Any

from tests.infra.rules import Rule
from tests.infra.system import System, Template

ARN = re.compile(r"\barn:([a-z][a-z0-9-]*):")
ADDRESS = re.compile(r"[\w.-]*\.(?:amazonaws\.(?:com(?:\.cn)?|eu)|api\.aws|aws\.dev)\b")
PRINCIPAL = re.compile(r"(?:(?:logging|ecs|pods|capabilities)\.)?[a-z0-9-]+\.amazonaws\.com")
BY_THE_CDK = re.compile(r"secretsmanager\.[a-z0-9-]+\.amazonaws\.com")
"""What its secrets add to their key's policy. It allows nothing that the account may not anyway."""
REGION = re.compile(r"\b(?:[a-z]{2}|us-gov|us-iso[a-z]*|eusc-[a-z]{2})-[a-z]+-\d\b")
ACCOUNT = "${AWS::AccountId}"
OF_THE_ACCOUNT = {
    "AWS::IAM::Role": "RoleName",
    "AWS::IAM::User": "UserName",
    "AWS::IAM::Group": "GroupName",
    "AWS::IAM::ManagedPolicy": "ManagedPolicyName",
    "AWS::IAM::InstanceProfile": "InstanceProfileName",
}
"""Types whose names every region of an account shares."""
OF_EVERYBODY = {"AWS::S3::Bucket": "BucketName"}
"""Types whose names all accounts share."""
API_ACCOUNT = "AWS::ApiGateway::Account"


def nothing_names_another_place(system: System) -> Iterator[str]:
    """No ARN of another partition, no address of AWS, no region but those that were asked for."""
    for template in system.templates.values():
        for text in _strings(template.body):
            for partition in ARN.findall(text):
                if partition != system.partition:
                    yield f"{_named(template)} names the partition {partition}: {text[:80]}"
            if "${Partition}" in text:
                yield f"{_named(template)} leaves the partition open: {text[:80]}"
            for address in ADDRESS.findall(text):
                if not (PRINCIPAL.fullmatch(address) or BY_THE_CDK.fullmatch(address)):
                    yield f"{_named(template)} names the address {address}"
            for region in REGION.findall(text):
                if region not in system.regions:
                    yield f"{_named(template)} names the region {region}: {text[:80]}"


def names_that_an_account_shares_have_the_region(system: System) -> Iterator[str]:
    """Or the same environment could not be deployed to a second one."""
    for resource in system.resources(*OF_THE_ACCOUNT, *OF_EVERYBODY):
        property = {**OF_THE_ACCOUNT, **OF_EVERYBODY}[resource.type]
        if property not in resource.properties:
            continue  # CloudFormation makes one up
        name = resource.text(resource.properties[property])
        if not any(region in name for region in system.regions):
            yield f"{resource} is called {name} in every region"
        if resource.type in OF_EVERYBODY and ACCOUNT not in name:
            yield f"{resource} is called {name} in every account"


def apis_log_with_a_role_that_no_environment_takes_away(system: System) -> Iterator[str]:
    """An account has one such resource for all APIs: it comes first, stays, and is nobody's."""
    accounts = list(system.resources(API_ACCOUNT))
    if len(accounts) != 1:
        yield f"{system.environment} sets the role of the account's APIs {len(accounts)} times"
        return
    (account,) = accounts
    owner = account.template
    if not owner.is_of_every_environment:
        yield f"{account} goes with {owner.service}, and the logs of other environments with it"
    role = system.find(account.text(account.properties["CloudWatchRoleArn"]), "AWS::IAM::Role")
    for kept in (account, role):
        if kept is None or kept.body.get("DeletionPolicy") != "Retain":
            yield f"{kept or account} goes with its stack, and the logs of other APIs with it"
    needs = account.body.get("DependsOn", [])
    if not any(it.startswith("AWS::ApiGateway::") for it in _types(owner, needs)):
        yield f"{account} is refused in an account that never had an API"
    for stage in system.resources("AWS::ApiGateway::Stage"):
        if owner.service not in _all_before(system, stage.template.service):
            yield f"{stage} logs before the account has a role for it"


def _types(template: Template, ids: str | list[str]) -> list[str]:
    names = [ids] if isinstance(ids, str) else ids
    return [it.type for it in template.resources() if it.id in names]


def _all_before(system: System, service: str) -> set[str]:
    before: set[str] = set()
    waiting = [service]
    while waiting:
        new = system.templates[waiting.pop()].depends_on - before
        before |= new
        waiting += new
    return before


def _named(template: Template) -> str:
    return f"{template.environment} {template.service}"


def _strings(value: Any) -> Iterator[str]:
    """Every string of a template, keys included; what is joined of literals is one."""
    match value:
        case str():
            yield value
        case {"Fn::Join": [str() as separator, list() as parts]}:
            yield separator.join(it if isinstance(it, str) else "${...}" for it in parts)
            yield from _strings([it for it in parts if not isinstance(it, str)])
        case dict():
            for key, item in value.items():
                yield key
                yield from _strings(item)
        case list():
            for item in value:
                yield from _strings(item)


RULES: tuple[Rule, ...] = (
    nothing_names_another_place,
    names_that_an_account_shares_have_the_region,
    apis_log_with_a_role_that_no_environment_takes_away,
)
