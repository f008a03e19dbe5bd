"""Calls as CloudTrail reports them on an account's bus."""

from __future__ import annotations

import json
from typing import Any

ACCOUNT = "123456789012"
TRAIL = f"arn:aws:cloudtrail:eu-west-1:{ACCOUNT}:trail/it"
KEY = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/5f9b1a3e-0000-4000-8000-000000000001"
MALLORY = f"arn:aws:sts::{ACCOUNT}:assumed-role/Administrator/mallory"
SERVICES = {
    "StopLogging": "cloudtrail",
    "DeleteTrail": "cloudtrail",
    "PutEventSelectors": "cloudtrail",
    "UpdateTrail": "cloudtrail",
    "GetTrailStatus": "cloudtrail",
    "PutBucketPolicy": "s3",
    "DeleteBucketPolicy": "s3",
    "GetBucketPolicy": "s3",
    "ScheduleKeyDeletion": "kms",
    "DisableKey": "kms",
    "DescribeKey": "kms",
}
"""The service of each call; any other one is DynamoDB's."""


def report(
    call: str,
    *,
    resources: list[str] | None = None,
    who: str | None = MALLORY,
    role: str | None = f"arn:aws:iam::{ACCOUNT}:role/Administrator",
    address: str = "203.0.113.7",
    read_only: bool = False,
    error: str | None = None,
    agent: str = "aws-cli/2.31",
    **parameters: Any,
) -> str:
    """The event as JSON. Who calls without a ``role`` has no session, such as an IAM user."""
    service = SERVICES.get(call, "dynamodb")
    identity: dict[str, Any] = {"type": "AssumedRole", "accountId": ACCOUNT}
    if who is not None:
        identity["arn"] = who
    if role is None:
        identity["type"] = "IAMUser"
    else:
        identity["sessionContext"] = {"sessionIssuer": {"type": "Role", "arn": role}}
    detail: dict[str, Any] = {
        "eventVersion": "1.11",
        "userIdentity": identity,
        "eventTime": "2026-11-26T12:00:00Z",
        "eventSource": f"{service}.amazonaws.com",
        "eventName": call,
        "awsRegion": "eu-west-1",
        "sourceIPAddress": address,
        "userAgent": agent,
        "requestParameters": parameters or None,
        "responseElements": None,
        "eventID": "6f2bd3a0-0000-4000-8000-000000000002",
        "readOnly": read_only,
        "recipientAccountId": ACCOUNT,
    }
    if resources is not None:
        detail["resources"] = [{"accountId": ACCOUNT, "ARN": it} for it in resources]
    if error is not None:
        detail["errorCode"] = error
    return json.dumps(
        {
            "version": "0",
            "id": "8a2f5c1e-0000-4000-8000-000000000003",
            "detail-type": "AWS API Call via CloudTrail",
            "source": f"aws.{service}",
            "account": ACCOUNT,
            "time": "2026-11-26T12:00:00Z",
            "region": "eu-west-1",
            "resources": [],
            "detail": detail,
        }
    )
