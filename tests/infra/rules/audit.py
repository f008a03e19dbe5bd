"""What is written is recorded where nobody can change it, and forbidden changes are reported."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from tests.infra.rules import Rule
from tests.infra.system import Resource, System, functions_of, role_statements

TRAIL = "AWS::CloudTrail::Trail"
BUCKET = "AWS::S3::Bucket"
RULE = "AWS::Events::Rule"
APPENDS = ("dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem")
NOT_IN = "anything-but"
CLOUDFORMATION = "cloudformation.amazonaws.com"
REPORTED = {
    "StopLogging",
    "DeleteTrail",
    "PutBucketPolicy",
    "DeleteBucketPolicy",
    "ScheduleKeyDeletion",
    "PutItem",
    "UpdateItem",
    "DeleteItem",
    "BatchWriteItem",
    "TransactWriteItems",
}
"""Calls that the requirements name."""


def writes_are_recorded_in_a_locked_bucket(system: System) -> Iterator[str]:
    """Those on the archive and the event store among them; not those on the records themselves."""
    trails = list(system.resources(TRAIL))
    if len(trails) != 1:
        yield f"{system.environment} has {len(trails)} trails"
        return
    (trail,) = trails
    records = system.find(trail.text(trail.properties["S3BucketName"]), BUCKET)
    assert records, f"{trail} writes to a bucket that is in no template"
    for name in ("EnableLogFileValidation", "IsLogging", "KMSKeyId", "IsMultiRegionTrail"):
        if not trail.properties.get(name):
            yield f"{trail} has no {name}"
    selected = [
        {
            it["Field"]: trail.template.texts([*it.get("Equals", []), *it.get("StartsWith", [])])
            for it in selector["FieldSelectors"]
        }
        for selector in trail.properties.get("AdvancedEventSelectors", [])
    ]
    for each in selected:
        if each.get("readOnly") != ["false"]:
            yield f"{trail} records reads: {each}"
        if any(records.is_in(it) for it in each.get("resources.ARN", [])):
            yield f"{trail} records what it writes, and that again"
    for data in (_archive(system), _event_store(system)):
        if not any(data.is_in(it) for each in selected for it in each.get("resources.ARN", [])):
            yield f"{trail} does not record what is written to {data}"
    yield from _unlocked(records)


def _unlocked(records: Resource) -> Iterator[str]:
    if not records.properties.get("ObjectLockEnabled"):
        yield f"{records} cannot lock what it holds"
    if records.template.environment == "prod":
        lock = records.properties.get("ObjectLockConfiguration", {}).get("Rule", {})
        if lock.get("DefaultRetention", {}).get("Days", 0) < 365:
            yield f"{records} is locked for {lock or 'no'} days"


def forbidden_changes_are_reported(system: System) -> Iterator[str]:
    """But for those of a deployment, and of the function that undoes them."""
    reported: set[str] = set()
    for rule in _rules(system):
        detail = rule.properties["EventPattern"]["detail"]
        reported |= set(detail["eventName"])
        if detail.get("sourceIPAddress") != [{NOT_IN: [CLOUDFORMATION]}]:
            yield f"{rule} undoes deployments"
        if "userAgent" in json.dumps(detail):
            yield f"{rule} believes what a caller says of itself"
        (target,) = rule.properties["Targets"]
        workers = [
            system.find(it.text(it.properties["FunctionName"]), "AWS::Lambda::Function")
            for it in rule.template.resources("AWS::Lambda::EventSourceMapping")
            if it.text(it.properties["EventSourceArn"]) == rule.text(target["Arn"])
        ]
        for worker in workers:
            assert worker
            if _role_name(worker) not in _excepted(rule):
                yield f"{rule} reports what {worker} does because of it"
        if not workers:
            yield f"nothing follows from {rule}"
    for missing in sorted(REPORTED - reported):
        yield f"nobody hears of {missing}"


def the_event_store_is_written_by_its_functions_alone(system: System) -> Iterator[str]:
    """Those who may append are excepted from the reports, and nobody else is."""
    store = _event_store(system)
    writers = {
        _role_name(function)
        for statement in role_statements(system)
        if any(map(store.is_in, statement.resources)) and any(map(statement.allows, APPENDS))
        for function in functions_of(statement.role)
    }
    for rule in _rules(system):
        detail = rule.properties["EventPattern"]["detail"]
        if "PutItem" not in detail["eventName"]:
            continue
        excepted = {it for it in _excepted(rule) if "-audit-" not in it}
        if excepted != writers:
            yield f"{rule} excepts {sorted(excepted)}, and {sorted(writers)} append"


def policies_are_put_back_as_they_are_deployed(system: System) -> Iterator[str]:
    """What the reaction keeps of a bucket's policy is what the bucket's template has."""
    for function in system.resources("AWS::Lambda::Function"):
        variables = function.properties.get("Environment", {}).get("Variables", {})
        if "BUCKET_POLICIES" not in variables:
            continue
        kept = json.loads(function.text(variables["BUCKET_POLICIES"]))
        for name, policy in kept.items():
            bucket = system.find(name, BUCKET)
            assert bucket, f"{function} keeps a policy of {name}, which is in no template"
            deployed = _policy_of(bucket)
            if _texts(function, policy) != deployed:
                yield f"{function} would give {bucket} another policy than it was deployed with"


def what_is_guarded_is_deleted_later(system: System) -> Iterator[str]:
    """A teardown deletes readers first: so what reacts is gone before what it guards."""
    (trail,) = system.resources(TRAIL)
    for data in (_archive(system), _event_store(system)):
        if data.template.service not in trail.template.depends_on:
            yield f"{trail.template.service} does not wait for {data.template.service}"


def _rules(system: System) -> Iterator[Resource]:
    (trail,) = system.resources(TRAIL)
    yield from trail.template.resources(RULE)


def _excepted(rule: Resource) -> set[str]:
    """Names of the roles whose calls a rule does not report."""
    detail = rule.properties["EventPattern"]["detail"]
    found: set[str] = set()
    for way in detail.get("$or", []):
        issuer = way["userIdentity"]["sessionContext"]["sessionIssuer"]["arn"][0]
        found |= {it.rpartition("/")[2] for it in rule.template.texts(issuer.get(NOT_IN, []))}
    return found


def _role_name(function: Resource) -> str:
    role = function.template.system.find(function.text(function.properties["Role"]))
    assert role
    return role.text(role.properties["RoleName"])


def _archive(system: System) -> Resource:
    (found,) = (
        it
        for it in system.templates["event-log"].resources(BUCKET)
        if it.id.startswith("ArchiveDA")
    )
    return found


def _event_store(system: System) -> Resource:
    (found,) = (
        it
        for it in system.templates["orders"].resources("AWS::DynamoDB::GlobalTable")
        if it.id.startswith("EventStore")
    )
    return found


def _policy_of(bucket: Resource) -> Any:
    (policy,) = (
        it
        for it in bucket.template.resources("AWS::S3::BucketPolicy")
        if bucket.is_in(it.text(it.properties["Bucket"]))
    )
    return _texts(policy, policy.properties["PolicyDocument"])


def _texts(resource: Resource, value: Any) -> Any:
    """A document with its references as texts."""
    match value:
        case Mapping() if value.keys() & {"Ref", "Fn::GetAtt", "Fn::Join"}:
            return resource.text(value)
        case Mapping():
            return {name: _texts(resource, it) for name, it in value.items()}
        case list():
            return [_texts(resource, it) for it in value]
    return value


RULES: tuple[Rule, ...] = (
    writes_are_recorded_in_a_locked_bucket,
    forbidden_changes_are_reported,
    the_event_store_is_written_by_its_functions_alone,
    policies_are_put_back_as_they_are_deployed,
    what_is_guarded_is_deleted_later,
)
