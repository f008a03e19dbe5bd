"""Deploys an assembly's stacks to the emulator, each as soon as those before it are there."""

from __future__ import annotations

import time
from collections.abc import Collection
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, Literal

from botocore.exceptions import ClientError

from tools.base.assembly import Assembly, Stack
from tools.base.endpoint import Cloud
from tools.base.errors import DeploymentError
from tools.emulator import assets, function_logs

if TYPE_CHECKING:
    from mypy_boto3_cloudformation.type_defs import StackEventTypeDef, TagTypeDef

Change = Literal["created", "updated", "unchanged"]

_AT_ONCE = 4
_STACK_SECONDS = 120.0
_LOG_LINES = 25
_CAPABILITIES: list[Literal["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]] = [
    "CAPABILITY_IAM",
    "CAPABILITY_NAMED_IAM",
    "CAPABILITY_AUTO_EXPAND",
]
# A stack whose first creation failed can only be deleted and made again.
_NEVER_CREATED = {"ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED"}


def deploy(
    assembly: Assembly, cloud: Cloud, *, only: Collection[str] | None = None
) -> dict[str, Change]:
    """Bring every stack to the assembly's state; return what happened to each, by its name.

    Args:
        only: artifacts of stacks; the others are as the assembly has them already.

    Raises:
        DeploymentError: with the failed events of the stack and the logs of its functions.
    """
    assets.bootstrap(cloud)
    assets.upload(assembly, cloud)
    waiting = {it.artifact: it for it in assembly.stacks if only is None or it.artifact in only}
    running: dict[Future[Change], Stack] = {}
    changes: dict[str, Change] = {}
    done = {it.artifact for it in assembly.stacks} - waiting.keys()
    pool = ThreadPoolExecutor(_AT_ONCE)
    try:
        while waiting or running:
            for stack in [it for it in waiting.values() if it.depends_on <= done]:
                running[pool.submit(_deploy_stack, assembly, stack, cloud)] = stack
                del waiting[stack.artifact]
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                stack = running.pop(future)
                changes[stack.name] = future.result()
                done.add(stack.artifact)
    finally:  # an interrupted or failed deployment does not wait for the other stacks
        pool.shutdown(wait=False, cancel_futures=True)
    return changes


def delete(name: str, cloud: Cloud) -> None:
    """Delete a stack and wait until it is gone; without one there is nothing to do.

    Raises:
        DeploymentError: with the failed events of the stack.
    """
    cloud.client("cloudformation").delete_stack(StackName=name)
    if (status := _settled(name, cloud)) not in (None, "DELETE_COMPLETE"):
        raise DeploymentError(f"{name} could not be deleted ({status})", _what_failed(name, cloud))


def _deploy_stack(assembly: Assembly, stack: Stack, cloud: Cloud) -> Change:
    cloudformation = cloud.client("cloudformation")
    url = assets.template_url(assembly, stack.artifact, cloud)
    tags: list[TagTypeDef] = [{"Key": key, "Value": value} for key, value in stack.tags.items()]
    try:
        if _status(stack.name, cloud) in _NEVER_CREATED:
            cloudformation.delete_stack(StackName=stack.name)
            _settled(stack.name, cloud)
        if _status(stack.name, cloud) in (None, "DELETE_COMPLETE"):
            cloudformation.create_stack(
                StackName=stack.name,
                TemplateURL=url,
                Capabilities=_CAPABILITIES,
                Tags=tags,
                OnFailure="DO_NOTHING",  # what was made stays to be looked at
            )
            change: Change = "created"
        else:
            cloudformation.update_stack(
                StackName=stack.name, TemplateURL=url, Capabilities=_CAPABILITIES, Tags=tags
            )
            change = "updated"
    except ClientError as error:
        message = error.response["Error"]["Message"]
        if "No updates are to be performed" in message:
            return "unchanged"
        raise DeploymentError(f"{stack.name} was refused: {message}") from error
    status = _settled(stack.name, cloud)
    if status not in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
        raise DeploymentError(
            f"{stack.name} could not be deployed ({status})", _what_failed(stack.name, cloud)
        )
    return change


def _status(name: str, cloud: Cloud) -> str | None:
    try:
        described = cloud.client("cloudformation").describe_stacks(StackName=name)
    except ClientError as error:
        if "does not exist" in error.response["Error"]["Message"]:
            return None
        raise
    return described["Stacks"][0]["StackStatus"]


def _settled(name: str, cloud: Cloud) -> str | None:
    deadline = time.monotonic() + _STACK_SECONDS
    pause = 0.02
    while (status := _status(name, cloud)) is not None and status.endswith("IN_PROGRESS"):
        if time.monotonic() > deadline:
            raise DeploymentError(
                f"{name} is still {status} after {_STACK_SECONDS:.0f} s",
                _what_failed(name, cloud),
            )
        time.sleep(pause)
        pause = min(pause * 1.5, 0.5)
    return status


def _what_failed(name: str, cloud: Cloud) -> tuple[str, ...]:
    """The stack's failed events, oldest first, then the ends of its functions' logs."""
    cloudformation = cloud.client("cloudformation")
    pages = cloudformation.get_paginator("describe_stack_events").paginate(StackName=name)
    events = [event for page in pages for event in page["StackEvents"]]
    failed = [it for it in reversed(events) if it["ResourceStatus"].endswith("_FAILED")]
    resources = cloudformation.describe_stack_resources(StackName=name)["StackResources"]
    functions = {
        it["LogicalResourceId"]: it["PhysicalResourceId"]
        for it in resources
        if it["ResourceType"] == "AWS::Lambda::Function" and it.get("PhysicalResourceId")
    }
    logged = [str(line) for line in function_logs.lines(cloud, functions)]
    return (*map(_line, failed), *logged[-_LOG_LINES:])


def _line(event: StackEventTypeDef) -> str:
    return (
        f"{event.get('LogicalResourceId')} ({event.get('ResourceType')}) "
        f"{event['ResourceStatus']}: {event.get('ResourceStatusReason', '')}"
    )
