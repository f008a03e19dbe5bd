"""Which calls are forbidden, as rules on the account's own bus, where CloudTrail reports them.

A deployment's calls are not: CloudFormation makes them, which CloudTrail says in the place of the
caller's address. That cannot be forged, as a user agent can. Nor are the reaction's own calls.
"""

from collections.abc import Sequence
from typing import Any

from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets

from stacks.constructs.service_queue import ServiceQueue, let_service_use

REPORTED = "AWS API Call via CloudTrail"
CLOUDFORMATION = "cloudformation.amazonaws.com"
WRITES_OF_ITEMS = (
    "BatchExecuteStatement",
    "BatchWriteItem",
    "DeleteItem",
    "ExecuteStatement",
    "ExecuteTransaction",
    "PutItem",
    "TransactWriteItems",
    "UpdateItem",
)
CHANGES_OF_THE_TRAIL = ("DeleteTrail", "PutEventSelectors", "StopLogging", "UpdateTrail")


def forbid_changes(
    scope: Any,
    reports: ServiceQueue,
    *,
    trail: Sequence[str],
    buckets: Sequence[str],
    keys: Sequence[str],
    table_arn: str,
    own_role: str,
    appenders: Sequence[str],
) -> None:
    """Have these calls reported in the queue, whoever makes them but for the roles named.

    Args:
        trail: the trail's name and its ARN; a call may have either.
        buckets: names of buckets whose policy nobody may change.
        keys: ARNs of keys that nobody may disable or have deleted.
        table_arn: the table whose items only the ``appenders`` write.
        own_role: the ARN of the role that undoes changes.
        appenders: ARNs of roles.
    """
    own = [own_role]
    let_service_use(reports.key, "events.amazonaws.com", reports.stack.account)
    for id, what, service, names, about, excepted in (
        (
            "TrailChanged",
            "the trail is stopped or changed",
            "cloudtrail.amazonaws.com",
            CHANGES_OF_THE_TRAIL,
            # PutEventSelectors has another name for the same.
            {
                "$or": [
                    {"requestParameters": {"name": list(trail)}},
                    {"requestParameters": {"trailName": list(trail)}},
                ]
            },
            own,
        ),
        (
            "PolicyChanged",
            "a bucket's policy is changed",
            "s3.amazonaws.com",
            ("DeleteBucketPolicy", "PutBucketPolicy"),
            {"requestParameters": {"bucketName": list(buckets)}},
            own,
        ),
        (
            "KeyEnds",
            "a key is disabled or is to be deleted",
            "kms.amazonaws.com",
            ("DisableKey", "ScheduleKeyDeletion"),
            {"resources": {"ARN": list(keys)}},
            own,
        ),
        (
            "EventStoreChanged",
            "an event store's item is written by none of its functions",
            "dynamodb.amazonaws.com",
            WRITES_OF_ITEMS,
            {"resources": {"ARN": [table_arn]}, "readOnly": [False]},
            [*own, *appenders],
        ),
    ):
        events.Rule(
            scope,
            id,
            description=f"audit: {what}",
            event_pattern=events.EventPattern(
                source=[f"aws.{service.partition('.')[0]}"],
                detail_type=[REPORTED],
                detail=_pattern(service, names, about, excepted),
            ),
            targets=[targets.SqsQueue(reports.queue, dead_letter_queue=reports.dead_letters)],
        )


def only_over_tls(bucket_arn: str) -> dict[str, Any]:
    """The policy of a bucket that is made with ``enforce_ssl`` and has no other statement."""
    return {
        "Statement": [
            {
                "Action": "s3:*",
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                "Effect": "Deny",
                "Principal": {"AWS": "*"},
                "Resource": [bucket_arn, f"{bucket_arn}/*"],
            }
        ],
        "Version": "2012-10-17",
    }


def _pattern(
    service: str, names: Sequence[str], about: dict[str, Any], excepted: Sequence[str]
) -> dict[str, Any]:
    """A call that was refused has changed nothing, and is not reported.

    Who calls with no role's session has no ``sessionIssuer``: what is not there would match
    nothing that it is to differ from.
    """
    issuer = ("userIdentity", "sessionContext", "sessionIssuer", "arn")
    others = [
        _nested(issuer, [{"anything-but": list(excepted)}]),
        _nested(issuer, [{"exists": False}]),
    ]
    detail: dict[str, Any] = {
        "eventSource": [service],
        "eventName": list(names),
        "errorCode": [{"exists": False}],
        "sourceIPAddress": [{"anything-but": [CLOUDFORMATION]}],
    }
    if "$or" in about:
        detail["$or"] = [{**one, **other} for one in about["$or"] for other in others]
        return detail
    return {**detail, **about, "$or": others}


def _nested(path: Sequence[str], value: Any) -> dict[str, Any]:
    for name in reversed(path):
        value = {name: value}
    found: dict[str, Any] = value
    return found
