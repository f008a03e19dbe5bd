"""A request as VPC Lattice gives it to a function (event version 2.0)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

ROLE = "arn:aws:iam::123456789012:role/partners-pod"
PRINCIPAL = "arn:aws:sts::123456789012:assumed-role/partners-pod/eks-session"
_ARN = "arn:aws:vpc-lattice:eu-west-1:123456789012"


def event(
    path: str,
    query: Mapping[str, str] | None = None,
    *,
    principal: str | None = PRINCIPAL,
    type: str = "AWS_IAM",
    **other: Any,
) -> dict[str, Any]:
    """Signed by ``principal``; by nobody, as where there is no policy, if that is None."""
    identity = {"sourceVpcArn": "arn:aws:ec2:eu-west-1:123456789012:vpc/vpc-1"}
    if principal is not None:
        identity |= {"type": type, "principal": principal, "sessionName": "eks-session"}
    return {
        "version": "2.0",
        "path": path,
        "method": "GET",
        "headers": {"accept": ["*/*"], "X-Forwarded-For": ["10.64.1.2"]},
        "queryStringParameters": {name: [value] for name, value in (query or {}).items()},
        "isBase64Encoded": False,
        "requestContext": {
            "serviceNetworkArn": f"{_ARN}:servicenetwork/sn-1",
            "serviceArn": f"{_ARN}:service/svc-1",
            "targetGroupArn": f"{_ARN}:targetgroup/tg-1",
            "identity": identity,
            "region": "eu-west-1",
            "timeEpoch": "1690497599177430",
        },
        **other,
    }
