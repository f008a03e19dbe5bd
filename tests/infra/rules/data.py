"""What is kept is encrypted, can be restored, and stays as long as it has to."""

from collections.abc import Iterator
from typing import Any

from stacks.partitions import others_of
from tests.infra.rules import Rule
from tests.infra.rules.permissions import TABLES
from tests.infra.system import Resource, System

BLOCKED = (
    "BlockPublicAcls",
    "BlockPublicPolicy",
    "IgnorePublicAcls",
    "RestrictPublicBuckets",
)
STAYS_IN_PRODUCTION = (
    *TABLES,
    "AWS::Kinesis::Stream",
    "AWS::S3::Bucket",
    "AWS::KMS::Key",
    "AWS::Cognito::UserPool",
)
BUCKET = "AWS::S3::Bucket"
ALIAS = "AWS::KMS::Alias"
LOG_RETENTION_HOURS = {"dev": 24 * 7, "staging": 24 * 30, "prod": 24 * 365}
NEEDED_TO_ARCHIVE = ("kms:Decrypt", "kms:GenerateDataKey", "kms:ReEncrypt*")
TLS_POLICIES = {
    "AWS::S3::Bucket": ("AWS::S3::BucketPolicy", "Bucket"),
    "AWS::SQS::Queue": ("AWS::SQS::QueuePolicy", "Queues"),
    "AWS::SNS::Topic": ("AWS::SNS::TopicPolicy", "Topics"),
}


def tables_are_encrypted_and_can_be_restored(system: System) -> Iterator[str]:
    """Under a key of ours, to any second of the last 35 days."""
    for table in system.resources(*TABLES):
        replicas = table.properties.get("Replicas", [table.properties])
        if table.properties.get("SSESpecification", {}).get("SSEType") != "KMS":
            yield f"{table} is not under a customer's key"
        for replica in replicas:
            recovery = replica.get("PointInTimeRecoverySpecification", {})
            if recovery.get("PointInTimeRecoveryEnabled") is not True:
                yield f"{table} cannot be restored to a point in time"
            if replica.get("DeletionProtectionEnabled", False) != (system.environment == "prod"):
                yield f"{table}: deletion protection does not fit {system.environment}"


def the_log_is_kept_and_encrypted(system: System) -> Iterator[str]:
    """Kinesis keeps a year at most, and production asks for all of it."""
    for stream in system.resources("AWS::Kinesis::Stream"):
        if stream.properties.get("RetentionPeriodHours") != LOG_RETENTION_HOURS[system.environment]:
            yield f"{stream} keeps {stream.properties.get('RetentionPeriodHours')} hours"
        if stream.properties.get("StreamEncryption", {}).get("EncryptionType") != "KMS":
            yield f"{stream} is not encrypted"


def the_archive_cannot_be_changed(system: System) -> Iterator[str]:
    """Firehose delivers into a bucket without a lock, and what it delivered is locked in a copy.

    The copy is elsewhere in production, and each version stays there as long as promised.
    """
    days = {"dev": None, "staging": 1, "prod": 365}[system.environment]
    for stream in system.resources("AWS::KinesisFirehose::DeliveryStream"):
        target = stream.properties["ExtendedS3DestinationConfiguration"]
        if "KinesisStreamSourceConfiguration" not in stream.properties:
            continue
        archive = system.find(stream.text(target["BucketARN"]), BUCKET)
        assert archive, f"{stream} delivers to a bucket that is in no template"
        if "ObjectLockConfiguration" in archive.properties:
            yield f"{archive} is locked, and nobody knows whether Firehose may deliver into it"
        if archive.properties.get("VersioningConfiguration", {}).get("Status") != "Enabled":
            yield f"{archive} keeps no versions"
        if days:
            yield from _wrong_copy(archive, days)


def _wrong_copy(archive: Resource, days: int) -> Iterator[str]:
    system = archive.template.system
    rules = archive.properties.get("ReplicationConfiguration", {}).get("Rules", [])
    if len(rules) != 1 or rules[0]["Status"] != "Enabled" or rules[0]["Filter"] != {"Prefix": ""}:
        yield f"{archive} is not copied, or not all of it"
        return
    (rule,) = rules
    destination = rule["Destination"]
    arn = archive.text(destination["Bucket"])
    copy = next((it for it in system.resources(BUCKET) if arn.endswith(f":::{_name_of(it)}")), None)
    if copy is None:
        yield f"{archive} is copied into {arn}, which is in no template"
        return
    lock = copy.properties.get("ObjectLockConfiguration", {}).get("Rule", {})
    if lock.get("DefaultRetention", {}).get("Days") != days:
        yield f"{copy} is locked for {lock or 'no'} days, not {days}"
    if copy.properties.get("VersioningConfiguration", {}).get("Status") != "Enabled":
        yield f"{copy} keeps no versions"
    alone = others_of(system.region, system.partition) == ()
    if system.environment == "prod" and copy.template.region == system.region and not alone:
        yield f"{copy} is lost together with {archive}"
    if rule["DeleteMarkerReplication"]["Status"] != "Disabled":
        yield f"{archive} passes on what is deleted"
    if "SourceSelectionCriteria" not in rule:
        yield f"{archive} does not copy what is encrypted"
    key = archive.text(destination.get("EncryptionConfiguration", {}).get("ReplicaKmsKeyID", ""))
    aliases = [it.text(it.properties["AliasName"]) for it in copy.template.resources(ALIAS)]
    if f":kms:{copy.template.region}:" not in key or not any(map(key.endswith, aliases)):
        yield f"{copy} is written under {key}, which is no key of its stack"
    if destination.get("Metrics", {}).get("Status") != "Enabled":
        yield f"nobody measures how late {copy} is"
    for name in ("OperationsFailedReplication", "ReplicationLatency"):
        if not any(
            alarm.properties.get("MetricName") == name
            and any(archive.is_in(alarm.text(it["Value"])) for it in alarm.properties["Dimensions"])
            for alarm in system.resources("AWS::CloudWatch::Alarm")
        ):
            yield f"nobody is told of {name} of {copy}"


def _name_of(bucket: Resource) -> str:
    return bucket.text(bucket.properties.get("BucketName", "made up"))


def the_bus_remembers_what_it_carried(system: System) -> Iterator[str]:
    """For as many days as the log, under a key of ours that lets EventBridge archive."""
    days = LOG_RETENTION_HOURS[system.environment] // 24
    archives = list(system.resources("AWS::Events::Archive"))
    for bus in system.resources("AWS::Events::EventBus"):
        name = f":event-bus/{bus.text(bus.properties['Name'])}"
        its = [it for it in archives if it.text(it.properties["SourceArn"]).endswith(name)]
        if not its:
            yield f"{bus} has no archive"
        for archive in its:
            if archive.properties.get("RetentionDays") != days:
                yield f"{archive} keeps {archive.properties.get('RetentionDays')} days"
            key = system.find(
                archive.text(archive.properties.get("KmsKeyIdentifier", "")), "AWS::KMS::Key"
            )
            if key is None:
                yield f"{archive} is not under a customer's key"
            elif not any(_lets_archive(key, it, name) for it in _statements(key)):
                yield f"{key} does not let EventBridge archive, so {archive} stays empty"


def buckets_are_private_and_encrypted(system: System) -> Iterator[str]:
    """No object can be made public, whatever a later policy says."""
    for bucket in system.resources("AWS::S3::Bucket"):
        blocked = bucket.properties.get("PublicAccessBlockConfiguration", {})
        if not all(blocked.get(kind) is True for kind in BLOCKED):
            yield f"{bucket} can be made public"
        if not bucket.properties.get("BucketEncryption"):
            yield f"{bucket} is not encrypted"


def queues_and_topics_are_encrypted(system: System) -> Iterator[str]:
    """At rest."""
    for queue in system.resources("AWS::SQS::Queue", "AWS::SNS::Topic"):
        if not (
            queue.properties.get("KmsMasterKeyId") or queue.properties.get("SqsManagedSseEnabled")
        ):
            yield f"{queue} is not encrypted"


def nothing_travels_in_the_clear(system: System) -> Iterator[str]:
    """Buckets, queues and topics refuse plain HTTP."""
    for resource in system.resources(*TLS_POLICIES):
        type, listed = TLS_POLICIES[resource.type]
        if not any(
            _is_about(policy, listed, resource) and _denies_plain_http(policy)
            for policy in resource.template.resources(type)
        ):
            yield f"{resource} accepts plain HTTP"


def keys_rotate(system: System) -> Iterator[str]:
    """Once a year, by themselves."""
    for key in system.resources("AWS::KMS::Key"):
        if key.properties.get("EnableKeyRotation") is not True:
            yield f"{key} does not rotate"


def logs_end_some_day(system: System) -> Iterator[str]:
    """Every log group says when, and every function logs into one of them."""
    for group in system.resources("AWS::Logs::LogGroup"):
        if not group.properties.get("RetentionInDays"):
            yield f"{group} is kept for ever"
    for function in system.resources("AWS::Lambda::Function"):
        name = function.text(function.properties.get("LoggingConfig", {}).get("LogGroup", ""))
        if not system.find(name, "AWS::Logs::LogGroup"):
            yield f"{function} logs into a group that Lambda makes, without retention"


def what_api_gateway_logs_ends_some_day(system: System) -> Iterator[str]:
    """Its group of executions is made before the first line, or it would be kept for ever."""
    for stage in system.resources("AWS::ApiGateway::Stage"):
        if not any("LoggingLevel" in it for it in stage.properties.get("MethodSettings", [])):
            continue
        api = stage.text(stage.properties["RestApiId"])
        name = f"API-Gateway-Execution-Logs_{api}/{stage.properties['StageName']}"
        groups = [
            it
            for it in stage.template.resources("AWS::Logs::LogGroup")
            if it.text(it.properties.get("LogGroupName", "")) == name
        ]
        if not any(it.id in stage.body.get("DependsOn", []) for it in groups):
            yield f"{stage} logs into {name}, which no template makes before"


def the_bus_keeps_what_its_key_refuses(system: System) -> Iterator[str]:
    """In a queue under another key, with an alarm; or such events are dropped without a word."""
    for bus in system.resources("AWS::Events::EventBus"):
        if "KmsKeyIdentifier" not in bus.properties:
            continue
        kept = bus.properties.get("DeadLetterConfig", {}).get("Arn", "")
        queue = system.find(bus.text(kept), "AWS::SQS::Queue")
        if queue is None:
            yield f"{bus} drops what its key refuses"
            continue
        if "KmsMasterKeyId" in queue.properties:
            yield f"{queue} is under a key itself"
        if not any(
            queue.is_in(alarm.text(it["Value"]))
            for alarm in system.resources("AWS::CloudWatch::Alarm")
            for it in alarm.properties.get("Dimensions", [])
        ):
            yield f"nobody is told what is in {queue}"


def data_outlives_its_stack_in_production(system: System) -> Iterator[str]:
    """And nowhere else, so that a developer's environment leaves nothing behind.

    A bucket whose objects all expire within a month is scratch space, not data.
    """
    policy = "Retain" if system.environment == "prod" else "Delete"
    for resource in system.resources(*STAYS_IN_PRODUCTION):
        found = resource.body.get("DeletionPolicy", "Delete")
        if _is_scratch(resource) and found == "Delete":
            continue
        if found not in (policy, "RetainExceptOnCreate" if policy == "Retain" else policy):
            yield f"{resource} has the deletion policy {found}"


def _is_scratch(resource: Resource) -> bool:
    return any(
        rule.get("ExpirationInDays", 366) <= 31 and "Prefix" not in rule
        for rule in resource.properties.get("LifecycleConfiguration", {}).get("Rules", [])
    )


def _statements(key: Resource) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = key.properties["KeyPolicy"]["Statement"]
    return found


def _lets_archive(key: Resource, statement: dict[str, Any], bus: str) -> bool:
    context = statement.get("Condition", {}).get("StringEquals", {})
    of_bus = context.get("kms:EncryptionContext:aws:events:event-bus:arn")
    return (
        statement["Effect"] == "Allow"
        and statement["Principal"] == {"Service": "events.amazonaws.com"}
        and set(NEEDED_TO_ARCHIVE) <= set(statement["Action"])
        and of_bus is not None
        and key.text(of_bus).endswith(bus)
    )


def _is_about(policy: Resource, listed: str, resource: Resource) -> bool:
    return any(map(resource.is_in, policy.template.texts(policy.properties[listed])))


def _denies_plain_http(policy: Resource) -> bool:
    return any(
        statement["Effect"] == "Deny"
        and statement.get("Condition", {}).get("Bool", {}).get("aws:SecureTransport") == "false"
        for statement in policy.properties["PolicyDocument"]["Statement"]
    )


RULES: tuple[Rule, ...] = (
    tables_are_encrypted_and_can_be_restored,
    the_log_is_kept_and_encrypted,
    the_archive_cannot_be_changed,
    the_bus_remembers_what_it_carried,
    buckets_are_private_and_encrypted,
    queues_and_topics_are_encrypted,
    nothing_travels_in_the_clear,
    keys_rotate,
    logs_end_some_day,
    what_api_gateway_logs_ends_some_day,
    the_bus_keeps_what_its_key_refuses,
    data_outlives_its_stack_in_production,
)
