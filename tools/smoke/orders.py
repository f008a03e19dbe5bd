"""Checks along the path of one order, from a customer's token to the archive's replica."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from shared.read_models.archive import salvaged
from tools.operations.reconcile import Scope, through_machine
from tools.smoke.check import Check, Failed, NotAsked, eventually
from tools.smoke.system import ORDER, System

VIEW_SECONDS, ARCHIVE_SECONDS, REPLICA_SECONDS = 30, 300, 900
SETTLE_SECONDS = 900
PROBLEM = "application/problem+json"


def strangers_are_refused(system: System) -> str:
    """A request without a token, and one with a made-up token."""
    for token in ("", "made.up.token"):
        answer = system.call("GET", "order-views", "/v1/orders", token=token)
        if answer.status != 401 or answer.type != PROBLEM:
            raise Failed(
                f"GET /v1/orders {'with a made-up token' if token else 'without a token'} is "
                f"answered with {answer.status} {answer.type}, not with 401 {PROBLEM}"
            )
    return "401, as a problem document"


def a_customer_is_let_in(system: System) -> str:
    """A customer who was made for this test signs in and reads the orders: there are none."""
    answer = system.call("GET", "order-views", "/v1/orders", token=system.token())
    if answer.status != 200:
        raise Failed(f"GET /v1/orders is answered with {answer.status}: {answer.body}")
    return "200"


def an_order_is_accepted_once(system: System) -> str:
    """The same request with the same key is the same order."""
    order_id = system.order()
    again = system.call(
        "POST", "orders", "/v1/orders", token=system.token(), body=ORDER, key=system.name
    )
    if (again.status, again.body.get("order_id")) != (202, order_id):
        raise Failed(f"a repetition is answered with {again.status}: {again.body}")
    return f"202 twice, {order_id}"


def its_view_is_there(system: System) -> str:
    """Stream, relay, log and projector: the view has the cancellation."""
    path = f"/v1/orders/{system.order()}?min_version=2"

    def look() -> Any:
        answer = system.call("GET", "order-views", path, token=system.token())
        return answer.body if answer.status == 200 else None

    view = eventually(look, "the order's second event is in no view", seconds=VIEW_SECONDS)
    if view["status"] != "cancelled":
        raise Failed(f"the order was cancelled at once, and its view says {view['status']}")
    return f"version {view['version']}, {view['status']}"


def its_saga_has_begun(system: System) -> str:
    """Publisher, bus, rule, encrypted queue and starter: an execution has the order's name."""
    states = system.client("stepfunctions")
    machine = system.target.find("fulfilment", "state-machine-arn")
    execution = f"{machine.replace(':stateMachine:', ':execution:')}:{system.order()}"

    def look() -> Any:
        try:
            return states.describe_execution(executionArn=execution)["status"]
        except ClientError as error:
            if error.response["Error"]["Code"] != "ExecutionDoesNotExist":
                raise
            return None

    status = eventually(look, "no saga was begun for the order", seconds=VIEW_SECONDS)
    return f"the execution is {status}"


def its_events_are_archived(system: System) -> str:
    """Firehose's delivery, its prefix and its compression."""
    return f"in {_archived(system)}"


def the_archive_is_replicated(system: System) -> str:
    """S3 says of the order's object that its copy is there."""
    archive, _ = _replica(system)
    key = _archived(system)
    s3 = system.client("s3")

    def look() -> Any:
        status = s3.head_object(Bucket=archive, Key=key).get("ReplicationStatus", "none")
        if status in ("FAILED", "none"):
            raise Failed(f"the replication of {key} is {status}: see the replication role's policy")
        return status if status in ("COMPLETED", "REPLICA") else None

    return str(eventually(look, f"{key} is not replicated", seconds=REPLICA_SECONDS))


def the_replica_is_locked(system: System) -> str:
    """Nobody can delete the copy, which is the only one that survives a region."""
    _, replica = _replica(system)
    s3 = system.client("s3")
    try:
        lock = s3.get_object_lock_configuration(Bucket=replica)["ObjectLockConfiguration"]
    except ClientError as error:
        if error.response["Error"]["Code"] != "ObjectLockConfigurationNotFoundError":
            raise
        raise NotAsked(f"{replica} has no lock in this environment") from error
    copy = s3.head_object(Bucket=replica, Key=_archived(system))
    if "ObjectLockRetainUntilDate" not in copy:
        raise Failed(f"{replica} has a lock, and the copy of {_archived(system)} has none")
    retention = lock["Rule"]["DefaultRetention"]
    return f"{retention['Mode'].lower()}, {retention.get('Days') or retention.get('Years')} days"


def nothing_waits_among_dead_letters(system: System) -> str:
    """A delivery that a key's or a queue's policy refuses ends there."""
    sqs = system.client("sqs")
    queues = [it for it in system.everywhere("AWS::SQS::Queue") if "DeadLetters" in it.logical_id]
    waiting = []
    for queue in queues:
        attributes = sqs.get_queue_attributes(
            QueueUrl=queue.id, AttributeNames=["ApproximateNumberOfMessages"]
        )["Attributes"]
        if count := int(attributes["ApproximateNumberOfMessages"]):
            waiting.append(f"{count} in {queue.id.rpartition('/')[2]}")
    if waiting:
        raise Failed(f"{', '.join(waiting)}: see docs/operations.md, messages wait in ...")
    return f"{len(queues)} queues are empty"


def the_comparison_runs(system: System) -> str:
    """The roles of the state machine and of its distributed maps."""
    offline = system.target.is_offline
    scope = Scope(hours=1, settle_seconds=5 if offline else SETTLE_SECONDS)
    answer = through_machine(system.target, repair=False, scope=scope)
    missing = sum(it["count"] for it in answer["missing"].values())
    return f"{answer['hours']} hours compared, {missing} events missing"


def _archived(system: System) -> str:
    """The name of the archive's object that holds the order."""
    if "archived" not in system.memory:
        order_id, bucket = system.order(), system.target.find("event-log", "archive-bucket-name")
        looked_at: set[str] = set()
        system.memory["archived"] = eventually(
            lambda: _look_for(system, bucket, order_id, looked_at),
            f"the archive has no object with the order {order_id}: see Firehose's DeliveryLog",
            seconds=VIEW_SECONDS if system.target.is_offline else ARCHIVE_SECONDS,
        )
    return system.memory["archived"]


def _look_for(system: System, bucket: str, order_id: str, looked_at: set[str]) -> str | None:
    s3, now = system.client("s3"), datetime.now(UTC)
    for moment in {f"{now:%Y-%m-%d}", f"{now - timedelta(minutes=10):%Y-%m-%d}"}:
        pages = s3.get_paginator("list_objects_v2").paginate(
            Bucket=bucket, Prefix=f"events/day={moment}/"
        )
        for page in pages:
            for found in page.get("Contents", []):
                key: str = found["Key"]
                if key in looked_at or found["LastModified"] < system.began:
                    continue
                looked_at.add(key)
                body = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
                if any(order_id.encode() in line for line in salvaged(body)[0]):
                    return key
    return None


def _replica(system: System) -> tuple[str, str]:
    """The archive, and the bucket to which it is replicated."""
    archive = system.target.find("event-log", "archive-bucket-name")
    try:
        rules = system.client("s3").get_bucket_replication(Bucket=archive)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ReplicationConfigurationNotFoundError":
            raise
        raise NotAsked("this environment's archive has no replica") from error
    destination: str = rules["ReplicationConfiguration"]["Rules"][0]["Destination"]["Bucket"]
    return archive, destination.rpartition(":")[2]


CHECKS = (
    Check(
        "strangers are refused",
        "the gateway's authorizer, and that its refusals are problem documents",
        strangers_are_refused,
    ),
    Check(
        "a customer is let in",
        "the gateway accepts the user pool's tokens, and may call the function",
        a_customer_is_let_in,
    ),
    Check(
        "an order is accepted once",
        "functions start with all their layers; the table's key lets them write",
        an_order_is_accepted_once,
    ),
    Check(
        "its view is there",
        "table's stream, relay, log and projector pass events on, each under its key",
        its_view_is_there,
    ),
    Check(
        "its saga has begun",
        "EventBridge delivers into an encrypted queue, under a key's policy that names the account",
        its_saga_has_begun,
    ),
    Check(
        "its events are archived",
        "Firehose may read the log and write to the archive",
        its_events_are_archived,
    ),
    Check(
        "the archive is replicated",
        "the replication's role may read, decrypt and write",
        the_archive_is_replicated,
        offline="the emulator keeps replication rules and copies nothing",
    ),
    Check(
        "the replica is locked",
        "nobody can delete the copy that survives a region",
        the_replica_is_locked,
        offline="the emulator drops object locks",
    ),
    Check(
        "the comparison runs",
        "the roles of reconciliation's state machine and its distributed maps",
        the_comparison_runs,
    ),
    Check(
        "nothing waits among dead letters",
        "no delivery was refused so far: not to an encrypted queue, not from the bus",
        nothing_waits_among_dead_letters,
    ),
)
