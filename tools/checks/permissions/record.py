"""What one deployment's roles may do and were seen doing, kept in a file for the comparison."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from contracts.product import PRODUCT
from tools.base.endpoint import Cloud
from tools.base.workspace import Workspace
from tools.checks.permissions.compare import Call, Grant, calls_in, grants_of


def keep(cloud: Cloud, workspace: Workspace, folder: Path) -> None:
    """Write a file of this deployment's grants and calls, while it is up."""
    grants = sorted(set(granted(cloud)))
    calls = sorted(set(called(workspace)))
    folder.mkdir(parents=True, exist_ok=True)
    kept = {
        "grants": [[it.role, it.action, it.resource] for it in grants],
        "calls": [[it.role, it.action, it.resource, it.allowed] for it in calls],
    }
    (folder / f"{uuid.uuid4()}.json").write_text(json.dumps(kept), "utf-8")


def read(file: Path) -> tuple[list[Grant], list[Call]]:
    """What a file holds."""
    kept = json.loads(file.read_text("utf-8"))
    return [Grant(*it) for it in kept["grants"]], [Call(*it) for it in kept["calls"]]


def called(workspace: Workspace) -> Iterator[Call]:
    """What IAM was asked so far."""
    if workspace.calls_record.exists():
        yield from calls_in(workspace.calls_record.read_text("utf-8").splitlines())


def granted(cloud: Cloud) -> Iterator[Grant]:
    """What the policies of the product's roles say, as they are deployed."""
    iam = cloud.client("iam")
    for page in iam.get_paginator("list_roles").paginate():
        for role in page["Roles"]:
            if role["RoleName"].startswith(f"{PRODUCT}-"):
                yield from _of_role(iam, role["RoleName"])


def _of_role(iam: Any, role: str) -> Iterator[Grant]:
    for page in iam.get_paginator("list_role_policies").paginate(RoleName=role):
        for name in page["PolicyNames"]:
            answer = iam.get_role_policy(RoleName=role, PolicyName=name)
            yield from grants_of(role, _document(answer["PolicyDocument"]))
    for page in iam.get_paginator("list_attached_role_policies").paginate(RoleName=role):
        for attached in page["AttachedPolicies"]:
            arn = attached["PolicyArn"]
            version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
            found = iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]
            yield from grants_of(role, _document(found["Document"]))


def _document(document: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(document) if isinstance(document, str) else document
    return found
