"""Audit as deployed: rules that know forbidden calls, and a function that undoes them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from contracts.product import PRODUCT
from tests.support.drivers.offline import Deployment, eventually
from tests.support.drivers.small_resources import SmallResources
from tests.support.examples.trail_reports import ACCOUNT, MALLORY, report
from tests.support.fakes.fake_queue import delivered

TRAIL = f"{PRODUCT}-dev"
TRAIL_ARN = f"arn:aws:cloudtrail:eu-west-1:{ACCOUNT}:trail/{TRAIL}"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/{PRODUCT}-dev-eu-west-1"


class Audited:
    """What is guarded, and whether a rule's pattern matches a report."""

    def __init__(self, deployment: Deployment) -> None:
        self.cloud = deployment.cloud
        self.function = deployment.named("audit", "functions", "React")
        self.queue = deployment.named("audit", "queues", "Reports")
        self.records = deployment.named("audit", "buckets", "Records")
        self.archive = deployment.named("event-log", "buckets", "Archive")
        table = deployment.named("orders", "tables", "EventStore")
        self.table = f"arn:aws:dynamodb:eu-west-1:{ACCOUNT}:table/{table}"
        self._rules = self.cloud.client("events").list_rules(NamePrefix=f"{PRODUCT}-dev-audit-")
        parameters = self.cloud.client("ssm")
        name = f"/{PRODUCT}/dev/event-log/key-arn"
        self.key: str = parameters.get_parameter(Name=name)["Parameter"]["Value"]

    def is_reported(self, body: str) -> bool:
        """By any of the rules that are deployed."""
        events = self.cloud.client("events")
        return any(
            events.test_event_pattern(EventPattern=rule["EventPattern"], Event=body)["Result"]
            for rule in self._rules["Rules"]
        )

    def react(self, *bodies: str) -> None:
        """Call the function as its queue would; it settles all of them."""
        records = [delivered(body, at=at) for at, body in enumerate(bodies)]
        answer = self.cloud.client("lambda").invoke(
            FunctionName=self.function, Payload=json.dumps({"Records": records}).encode()
        )
        assert json.loads(answer["Payload"].read()) == {"batchItemFailures": []}


@pytest.fixture(scope="module")
def audited(deployment: Deployment) -> Audited:
    return Audited(deployment)


@pytest.fixture
def trail(audited: Audited) -> Iterator[Any]:
    """The trail that the emulator leaves out of the stack."""
    trails = audited.cloud.client("cloudtrail")
    trails.create_trail(Name=TRAIL, S3BucketName=audited.records)
    trails.start_logging(Name=TRAIL)
    yield trails
    trails.delete_trail(Name=TRAIL)


@pytest.fixture
def operators(deployment: Deployment) -> Iterator[Any]:
    """What the topic of operations says while a test runs."""
    resources = SmallResources(deployment.cloud)
    url, arn = resources.queue()
    topic = deployment.named("event-log", "topics", "Operations")
    sns, sqs = deployment.cloud.client("sns"), deployment.cloud.client("sqs")
    subscribed = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)["SubscriptionArn"]

    def said() -> str:
        return "".join(it["Body"] for it in sqs.receive_message(QueueUrl=url).get("Messages", []))

    yield said
    sns.unsubscribe(SubscriptionArn=subscribed)
    resources.remove()


def forbidden(audited: Audited) -> dict[str, str]:
    return {
        "the trail is stopped": report("StopLogging", name=TRAIL),
        "the trail is stopped by its ARN": report("StopLogging", name=TRAIL_ARN),
        "the trail is deleted": report("DeleteTrail", name=TRAIL_ARN),
        "the trail records less": report("PutEventSelectors", trailName=TRAIL),
        "the archive's policy": report("PutBucketPolicy", bucketName=audited.archive),
        "the records' policy": report("DeleteBucketPolicy", bucketName=audited.records),
        "a key ends": report("ScheduleKeyDeletion", resources=[audited.key]),
        "a key is disabled": report("DisableKey", resources=[audited.key]),
        "an event is written": report("PutItem", resources=[audited.table]),
        "an event is deleted": report("BatchWriteItem", resources=["other", audited.table]),
        "by a user without a role": report("DeleteItem", resources=[audited.table], role=None),
        "by a reader": report(
            "PutItem", resources=[audited.table], role=f"{ROLE}-orders-OrderHistory"
        ),
        "by who calls itself CloudFormation": report(
            "StopLogging", name=TRAIL, agent="cloudformation.amazonaws.com"
        ),
        "an order's function stops the trail": report(
            "StopLogging", name=TRAIL, role=f"{ROLE}-orders-PlaceOrder"
        ),
    }


def harmless(audited: Audited) -> dict[str, str]:
    own = f"{ROLE}-audit-React"
    by = "cloudformation.amazonaws.com"
    return {
        "the trail is looked at": report("GetTrailStatus", name=TRAIL, read_only=True),
        "another trail is stopped": report("StopLogging", name=f"{TRAIL}-2"),
        "a policy is read": report("GetBucketPolicy", bucketName=audited.archive, read_only=True),
        "another bucket's policy": report("PutBucketPolicy", bucketName="another"),
        "a key is described": report("DescribeKey", resources=[audited.key], read_only=True),
        "another key ends": report("ScheduleKeyDeletion", resources=[f"{audited.key}0"]),
        "an item is read": report("GetItem", resources=[audited.table], read_only=True),
        "items are read by PartiQL": report(
            "ExecuteStatement", resources=[audited.table], read_only=True
        ),
        "another table": report("PutItem", resources=[f"{audited.table}-2"]),
        "an order is placed": report(
            "PutItem", resources=[audited.table], role=f"{ROLE}-orders-PlaceOrder"
        ),
        "an order is confirmed": report(
            "PutItem", resources=[audited.table], role=f"{ROLE}-orders-QueuedCommands"
        ),
        "it was refused": report("StopLogging", name=TRAIL, error="AccessDenied"),
        "the reaction itself": report("PutBucketPolicy", bucketName=audited.archive, role=own),
        "a deployment": report("PutBucketPolicy", bucketName=audited.archive, address=by),
        "a teardown": report("ScheduleKeyDeletion", resources=[audited.key], address=by),
        "a teardown of the trail": report("DeleteTrail", name=TRAIL, address=by),
    }


def test_rules_know_what_is_forbidden_and_what_only_looks_like_it(audited: Audited) -> None:
    missed = [it for it, body in forbidden(audited).items() if not audited.is_reported(body)]
    assert not missed
    false = [it for it, body in harmless(audited).items() if audited.is_reported(body)]
    assert not false


def test_a_report_in_the_queue_starts_the_trail_and_tells_operators(
    audited: Audited, trail: Any, operators: Any
) -> None:
    trail.stop_logging(Name=TRAIL)
    audited.cloud.client("sqs").send_message(
        QueueUrl=audited.queue, MessageBody=report("StopLogging", name=TRAIL)
    )
    eventually(lambda: trail.get_trail_status(Name=TRAIL)["IsLogging"])
    said = eventually(operators)
    assert MALLORY in said
    assert "It is undone." in said


def test_a_policy_and_a_key_are_put_back_however_often_it_is_reported(audited: Audited) -> None:
    s3, kms = audited.cloud.client("s3"), audited.cloud.client("kms")
    s3.delete_bucket_policy(Bucket=audited.records)
    kms.schedule_key_deletion(KeyId=audited.key, PendingWindowInDays=7)
    policy = report("DeleteBucketPolicy", bucketName=audited.records)
    key = report("ScheduleKeyDeletion", resources=[audited.key])
    audited.react(policy, key, policy, key)
    restored = json.loads(s3.get_bucket_policy(Bucket=audited.records)["Policy"])
    principals = [it["Principal"] for it in restored["Statement"]]
    assert {"Service": "cloudtrail.amazonaws.com"} in principals
    assert kms.describe_key(KeyId=audited.key)["KeyMetadata"]["KeyState"] == "Enabled"


def test_what_nothing_can_undo_is_only_told(audited: Audited, operators: Any) -> None:
    audited.react(report("DeleteItem", resources=[audited.table]))
    assert "STANDS" in eventually(operators)
