"""AWS services as they may use what is ours: for this account's resources only."""

from collections.abc import Mapping
from typing import Any

from aws_cdk import Stack
from aws_cdk import aws_iam as iam

OF_THIS_ACCOUNT = "aws:SourceAccount"


def service_of_this_account(stack: Stack, service: str) -> iam.ServicePrincipal:
    """A service, such as ``states.amazonaws.com``, while it works for this account.

    Without the condition somebody else could have the service use a role or a key of ours.
    """
    return iam.ServicePrincipal(service, conditions=for_this_account(stack))


def for_this_account(stack: Stack) -> Mapping[str, Any]:
    """The condition by itself, for statements of a policy."""
    return {"StringEquals": {OF_THIS_ACCOUNT: stack.account}}
