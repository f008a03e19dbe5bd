"""Finds an environment's stacks, and the order in which they can go."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from botocore.exceptions import ClientError

from contracts.product import PRODUCT
from tools.base.target import Target

ARCHIVE_COPY = "archive-replica"


@dataclass(frozen=True)
class Resource:
    """One resource of a deployed stack."""

    logical_id: str
    type: str
    physical_id: str
    deletion_policy: str


@dataclass(frozen=True)
class DeployedStack:
    """One stack as it is deployed now."""

    name: str
    service: str
    status: str
    protected: bool
    created: datetime
    template: Mapping[str, Any]
    resources: tuple[Resource, ...]

    @cached_property
    def reads_from(self) -> frozenset[str]:
        """Services whose SSM parameters this stack was deployed with."""
        parameters = self.template.get("Parameters", {}).values()
        return frozenset(
            parameter["Default"].split("/")[3]
            for parameter in parameters
            if str(parameter.get("Default", "")).startswith(f"/{PRODUCT}/")
        ) - {self.service}

    def of_type(self, *types: str) -> Iterator[Resource]:
        """Its resources of these types."""
        return (resource for resource in self.resources if resource.type in types)


def deployed(target: Target, environment: str) -> list[DeployedStack]:
    """The environment's stacks, in the order in which they are to be deleted.

    A stack goes before those that it reads from; among equals, what was made last goes first.
    """
    prefix = f"{PRODUCT}-{environment}-"
    pages = target.client("cloudformation").get_paginator("describe_stacks").paginate()
    described = [
        it
        for page in pages
        for it in page["Stacks"]
        if it["StackName"].startswith(prefix) and it["StackStatus"] != "DELETE_COMPLETE"
    ]
    found = [stack for it in described if (stack := _read(target, it, prefix)) is not None]
    return list(_readers_first(sorted(found, key=lambda it: it.created, reverse=True)))


def copies(target: Target, environment: str) -> list[DeployedStack]:
    """The stack that keeps the archive's copy; all else in that region is another deployment's."""
    return [it for it in deployed(target, environment) if it.service == ARCHIVE_COPY]


def _readers_first(stacks: list[DeployedStack]) -> Iterator[DeployedStack]:
    waiting = list(stacks)
    while waiting:
        free = [
            stack
            for stack in waiting
            if not any(stack.service in it.reads_from for it in waiting if it is not stack)
        ]
        # Stacks that read from each other cannot come from this repository; any order will do.
        for stack in free or waiting[:1]:
            waiting.remove(stack)
            yield stack


def _read(target: Target, described: Mapping[str, Any], prefix: str) -> DeployedStack | None:
    """None if somebody else has deleted it since it was described."""
    name = described["StackName"]
    cloudformation = target.client("cloudformation")
    try:
        template = _template(cloudformation, described)
        pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=name)
        listed = [it for page in pages for it in page["StackResourceSummaries"]]
    except ClientError as error:
        if "does not exist" in error.response["Error"]["Message"]:
            return None
        raise
    return DeployedStack(
        name=name,
        service=name.removeprefix(prefix),
        status=described["StackStatus"],
        protected=bool(described.get("EnableTerminationProtection")),
        created=described["CreationTime"],
        template=template,
        resources=tuple(
            Resource(
                it["LogicalResourceId"],
                it["ResourceType"],
                it.get("PhysicalResourceId", ""),
                template.get("Resources", {})
                .get(it["LogicalResourceId"], {})
                .get("DeletionPolicy", "Delete"),
            )
            for it in listed
            if it["ResourceStatus"] != "DELETE_COMPLETE"
        ),
    )


def _template(cloudformation: Any, described: Mapping[str, Any]) -> Mapping[str, Any]:
    """A stack whose first change set was never carried out has no template, and no resources."""
    if described["StackStatus"] == "REVIEW_IN_PROGRESS":
        return {}
    body = cloudformation.get_template(StackName=described["StackName"])["TemplateBody"]
    template: Mapping[str, Any] = json.loads(body) if isinstance(body, str) else body
    return template
