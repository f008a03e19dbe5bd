"""Writes down what was deployed: every name and address that a client needs, by service."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema

from tools.base.assembly import Assembly, Stack, service_of
from tools.base.endpoint import ACCOUNT, Cloud
from tools.base.errors import DeploymentError
from tools.base.workspace import CHECKOUT

SCHEMA = CHECKOUT / "contracts" / "outputs.schema.json"

# Which resources are shown, and under which heading. The value is the physical id: a name, an
# address of a queue, an ARN of a topic or a state machine.
HEADINGS = {
    "AWS::DynamoDB::Table": "tables",
    "AWS::DynamoDB::GlobalTable": "tables",
    "AWS::Kinesis::Stream": "streams",
    "AWS::KinesisFirehose::DeliveryStream": "delivery_streams",
    "AWS::S3::Bucket": "buckets",
    "AWS::SQS::Queue": "queues",
    "AWS::SNS::Topic": "topics",
    "AWS::Events::EventBus": "buses",
    "AWS::StepFunctions::StateMachine": "state_machines",
    "AWS::Cognito::UserPool": "user_pools",
    "AWS::Cognito::UserPoolClient": "user_pool_clients",
    "AWS::Lambda::Function": "functions",
    "AWS::SecretsManager::Secret": "secrets",
}
# Ends of construct paths that repeat what the heading says.
_SAID_BY_HEADING = {
    "Resource",
    "Default",
    "Function",
    "Table",
    "Bucket",
    "Queue",
    "Topic",
    "Secret",
}

Outputs = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Deployed:
    """One deployed resource."""

    logical_id: str
    type: str
    path: str
    """Its construct's path below the stack, such as `EventStore/Resource`."""
    physical_id: str
    properties: Mapping[str, Any]
    """As the template has them: references are not resolved."""


def collect(assembly: Assembly, cloud: Cloud, *, environment: str) -> Outputs:
    """What `.local/outputs.json` holds, read from the deployed stacks."""
    services = {}
    for stack in assembly.stacks:
        service = service_of(stack.name, environment)
        services[service] = by_heading(_deployed(stack, cloud), cloud.endpoint)
    return {
        "endpoint": cloud.endpoint,
        "account": ACCOUNT,
        "region": cloud.region,
        "services": services,
    }


def by_heading(resources: Iterable[Deployed], endpoint: str) -> dict[str, dict[str, str]]:
    """One service's resources: `{heading: {logical name: value}}`; APIs as addresses that work.

    Raises:
        DeploymentError: two resources of one kind have the same logical name.
    """
    resources = list(resources)
    found: dict[str, dict[str, str]] = {"urls": _api_urls(resources, endpoint)}
    for resource in resources:
        if heading := HEADINGS.get(resource.type):
            name = logical_name(resource.path)
            if name in found.setdefault(heading, {}):
                raise DeploymentError(f"two of the {heading} are called {name}")
            found[heading][name] = resource.physical_id
    return {heading: dict(sorted(values.items())) for heading, values in sorted(found.items())}


def logical_name(path: str) -> str:
    """The construct's name, without ids that only say again what kind it is.

    `EventStore/Resource` is `EventStore`; `PlaceOrder/Function/Resource` is `PlaceOrder`.
    """
    parts = path.split("/")
    while len(parts) > 1 and parts[-1] in _SAID_BY_HEADING:
        parts.pop()
    return "/".join(parts)


def write(outputs: Outputs, file: Path) -> None:
    """Check against the schema, then replace the file in one step: no reader sees half of it.

    Raises:
        jsonschema.ValidationError: the outputs are not what the contract says.
    """
    jsonschema.validate(outputs, json.loads(SCHEMA.read_text()))
    with tempfile.NamedTemporaryFile(
        "w", dir=file.parent, prefix=f"{file.name}.", delete=False
    ) as draft:
        draft.write(json.dumps(outputs, indent=2) + "\n")
    Path(draft.name).replace(file)


def read(file: Path) -> Outputs:
    """What was written last.

    Raises:
        DeploymentError: nothing was deployed from here, or what was written is damaged.
    """
    try:
        outputs: Outputs = json.loads(file.read_text())
        if not isinstance(outputs["endpoint"], str):
            raise ValueError("the endpoint is no text")
    except FileNotFoundError as error:
        raise DeploymentError("nothing is deployed here yet: run `make up` first") from error
    except (ValueError, TypeError, KeyError) as error:
        raise DeploymentError(f"{file} is damaged: `make up` writes it again") from error
    return outputs


def _api_urls(resources: list[Deployed], endpoint: str) -> dict[str, str]:
    """Each API's address; of a REST API with several stages, each under its own and the stage's."""
    apis = {it.logical_id: it for it in resources if it.type == "AWS::ApiGateway::RestApi"}
    stages = [it for it in resources if it.type == "AWS::ApiGateway::Stage"]
    owners = [it.properties["RestApiId"]["Ref"] for it in stages]
    urls = {}
    for stage, owner in zip(stages, owners, strict=True):
        stage_name = stage.properties["StageName"]
        name = logical_name(apis[owner].path)
        if owners.count(owner) > 1:
            name = f"{name}/{stage_name}"
        urls[name] = f"{endpoint}/_aws/execute-api/{apis[owner].physical_id}/{stage_name}"
    for it in resources:
        if it.type == "AWS::AppSync::GraphQLApi":
            urls[logical_name(it.path)] = f"{endpoint}/v1/apis/{it.physical_id}/graphql"
    return urls


def _deployed(stack: Stack, cloud: Cloud) -> Iterator[Deployed]:
    physical_ids = {
        entry["LogicalResourceId"]: entry.get("PhysicalResourceId", "")
        for page in cloud.client("cloudformation")
        .get_paginator("list_stack_resources")
        .paginate(StackName=stack.name)
        for entry in page["StackResourceSummaries"]
    }
    for logical_id, resource in stack.template["Resources"].items():
        if logical_id in physical_ids:  # not if its condition is false
            path = resource.get("Metadata", {}).get("aws:cdk:path", f"{stack.name}/{logical_id}")
            yield Deployed(
                logical_id,
                resource["Type"],
                path.split("/", 1)[1],
                physical_ids[logical_id],
                resource.get("Properties", {}),
            )
