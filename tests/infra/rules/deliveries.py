"""A delivery that AWS makes by itself into an encrypted target fails silently if it may not.

Whoever delivers must be admitted by the target's own policy and by the policy of its key.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from tests.infra.rules import Rule
from tests.infra.system import Resource, System, role_statements

QUEUE = "AWS::SQS::Queue"
TOPIC = "AWS::SNS::Topic"
BUS = "AWS::Events::EventBus"
BUCKET = "AWS::S3::Bucket"
NEEDED_OF_A_KEY = ("kms:Decrypt", "kms:GenerateDataKey")
POLICIES = {
    QUEUE: ("AWS::SQS::QueuePolicy", "Queues", "sqs:SendMessage"),
    TOPIC: ("AWS::SNS::TopicPolicy", "Topics", "sns:Publish"),
}


@dataclass(frozen=True)
class Delivery:
    """``source`` has ``service``, a principal such as ``sns.amazonaws.com``, deliver there."""

    source: Resource
    service: str
    target: Resource


def deliveries(system: System) -> Iterator[Delivery]:
    """Every delivery into a queue, a topic or a bus that no role stands behind."""
    for source, service, address in _addresses(system):
        target = system.find(source.text(address), QUEUE, TOPIC)
        if target:
            yield Delivery(source, service, target)
    for bus in system.resources(BUS):
        yield Delivery(bus, "events.amazonaws.com", bus)


def _addresses(system: System) -> Iterator[tuple[Resource, str, Any]]:
    for rule in system.resources("AWS::Events::Rule"):
        for target in rule.properties.get("Targets", []):
            yield rule, "events.amazonaws.com", target["Arn"]
            yield rule, "events.amazonaws.com", target.get("DeadLetterConfig", {}).get("Arn", "")
    for bus in system.resources(BUS):
        kept = bus.properties.get("DeadLetterConfig", {}).get("Arn", "")
        yield bus, "events.amazonaws.com", kept
    for subscription in system.resources("AWS::SNS::Subscription"):
        redrive = subscription.properties.get("RedrivePolicy", {})
        yield subscription, "sns.amazonaws.com", subscription.properties.get("Endpoint", "")
        yield subscription, "sns.amazonaws.com", redrive.get("deadLetterTargetArn", "")
    for alarm in system.resources("AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm"):
        for kind in ("AlarmActions", "OKActions", "InsufficientDataActions"):
            for action in alarm.properties.get(kind, []):
                yield alarm, "cloudwatch.amazonaws.com", action
    for budget in system.resources("AWS::Budgets::Budget"):
        for notification in budget.properties.get("NotificationsWithSubscribers", []):
            for subscriber in notification["Subscribers"]:
                yield budget, "budgets.amazonaws.com", subscriber["Address"]
    for bucket in system.resources(BUCKET, "Custom::S3BucketNotifications"):
        notifications = bucket.properties.get("NotificationConfiguration", {})
        for configuration in notifications.get("QueueConfigurations", []):
            yield bucket, "s3.amazonaws.com", configuration.get("QueueArn", configuration["Queue"])
        for configuration in notifications.get("TopicConfigurations", []):
            yield bucket, "s3.amazonaws.com", configuration.get("TopicArn", configuration["Topic"])


def keys_admit_what_delivers(system: System) -> Iterator[str]:
    """The key of an encrypted target lets the delivering service use it."""
    for delivery in deliveries(system):
        name = delivery.target.properties.get(
            "KmsKeyIdentifier" if delivery.target.type == BUS else "KmsMasterKeyId"
        )
        if name is None:
            continue
        key = system.find(delivery.target.text(name), "AWS::KMS::Key")
        if key is None:
            yield f"{delivery.target} is under a key whose policy is not ours to write"
        elif not all(_admits(key, "KeyPolicy", delivery, action) for action in NEEDED_OF_A_KEY):
            yield f"{key} does not admit {delivery.service}, so {delivery.source} is not delivered"


def targets_admit_what_delivers(system: System) -> Iterator[str]:
    """A queue admits nobody by itself; a topic does until it has a policy of its own."""
    for delivery in deliveries(system):
        if delivery.target.type not in POLICIES:
            continue
        type, listed, action = POLICIES[delivery.target.type]
        policies = [
            policy
            for policy in delivery.target.template.resources(type)
            if any(map(delivery.target.is_in, policy.template.texts(policy.properties[listed])))
        ]
        if not policies and delivery.target.type == TOPIC:
            continue
        if not any(_admits(policy, "PolicyDocument", delivery, action) for policy in policies):
            yield (
                f"{delivery.target} does not admit {delivery.service}, "
                f"so {delivery.source} is not delivered"
            )


def firehose_may_use_the_keys_on_its_way(system: System) -> Iterator[str]:
    """It decrypts the stream that it reads and encrypts the objects that it puts."""
    for stream in system.resources("AWS::KinesisFirehose::DeliveryStream"):
        source = stream.properties.get("KinesisStreamSourceConfiguration")
        if source is None:
            continue
        target = stream.properties["ExtendedS3DestinationConfiguration"]
        read = system.find(stream.text(source["KinesisStreamARN"]), "AWS::Kinesis::Stream")
        bucket = system.find(stream.text(target["BucketARN"]), BUCKET)
        assert read, f"{stream} reads a stream that is in no template"
        assert bucket, f"{stream} writes to a bucket that is in no template"
        encryption = bucket.properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        bucket_key = encryption[0]["ServerSideEncryptionByDefault"]["KMSMasterKeyID"]
        for role, of, key, action in (
            (source, read, read.properties["StreamEncryption"]["KeyId"], "kms:Decrypt"),
            (target, bucket, bucket_key, "kms:GenerateDataKey"),
        ):
            if not _role_may(system, stream.text(role["RoleARN"]), action, of.text(key)):
                yield f"{stream} may not {action} with the key of {of}"


def lambda_may_keep_what_failed(system: System) -> Iterator[str]:
    """It sends an asynchronous run that failed in the function's name, under the queue's key."""
    for config in system.resources("AWS::Lambda::EventInvokeConfig"):
        address = config.text(config.properties["DestinationConfig"]["OnFailure"]["Destination"])
        name = config.text(config.properties["FunctionName"])
        function = system.find(name, "AWS::Lambda::Function")
        queue = system.find(address, QUEUE)
        assert function, f"{config} is for a function that is in no template"
        assert queue, f"{config} sends to a queue that is in no template"
        role = function.text(function.properties["Role"])
        key = queue.text(queue.properties["KmsMasterKeyId"])
        needed = [("sqs:SendMessage", address), *((action, key) for action in NEEDED_OF_A_KEY)]
        for action, on in needed:
            if not _role_may(system, role, action, on):
                yield f"{function} may not {action}, so a run that failed is lost"


def _role_may(system: System, role: str, action: str, resource: str) -> bool:
    return any(
        statement.role.is_in(role) and statement.allows(action) and resource in statement.resources
        for statement in role_statements(system)
    )


def _admits(policy: Resource, document: str, delivery: Delivery, action: str) -> bool:
    return any(
        statement["Effect"] == "Allow"
        and delivery.service in _services(statement)
        and (delivery.target.type == BUS or "kms:EncryptionContext" not in str(statement))
        and any(fnmatchcase(action, it) for it in policy.template.texts(statement["Action"]))
        for statement in policy.properties[document]["Statement"]
    )


def _services(statement: dict[str, Any]) -> list[str]:
    principal = statement.get("Principal", {})
    services = principal.get("Service", []) if isinstance(principal, dict) else []
    return services if isinstance(services, list) else [services]


def mail_comes_from_a_domain_of_the_environment(system: System) -> Iterator[str]:
    """Which the owner of its DNS can verify, and somebody is told when SES refuses mail."""
    for identity in system.resources("AWS::SES::EmailIdentity"):
        domain = identity.text(identity.properties["EmailIdentity"])
        if not domain.startswith(f"{system.environment}."):
            yield f"{identity} is {domain}, which another environment may have too"
        outputs = identity.template.body.get("Outputs", {}).values()
        records = [
            it
            for it in map(identity.text, (it["Value"] for it in outputs))
            if identity.is_in(it) and "DkimDNSTokenName" in it and "DkimDNSTokenValue" in it
        ]
        if len(records) != 3:
            yield f"{identity} does not say which records of its DNS verify it"
        for function in identity.template.resources("AWS::Lambda::Function"):
            sender = function.properties["Environment"]["Variables"].get("MAIL_FROM", "")
            if sender and not sender.endswith(f"@{domain}"):
                yield f"{function} sends as {sender}, which {identity} does not verify"
        alarms = [it.properties for it in identity.template.resources("AWS::CloudWatch::Alarm")]
        if not any(it.get("MetricName") == "MailRefused" for it in alarms):
            yield f"{identity} can be refused without an alarm"
        if not any({"Name": "how", "Value": "undeliverable"} in it["Dimensions"] for it in alarms):
            yield f"{identity} can be unable to deliver without an alarm"


RULES: tuple[Rule, ...] = (
    keys_admit_what_delivers,
    targets_admit_what_delivers,
    firehose_may_use_the_keys_on_its_way,
    lambda_may_keep_what_failed,
    mail_comes_from_a_domain_of_the_environment,
)
