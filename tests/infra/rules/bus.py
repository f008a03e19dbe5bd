"""Whoever may put events can try any source: each service speaks, and is heard, as itself alone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

from contracts.product import PRODUCT
from contracts.schemas import CURRENT, schemas_in
from tests.infra.rules import Rule
from tests.infra.rules.permissions import REDRIVES
from tests.infra.system import Resource, System, functions_of, role_statements

RULE = "AWS::Events::Rule"
EVERYTHING = {"source": [{"prefix": f"{PRODUCT}."}]}
KEEPING = {
    "dynamodb:BatchGetItem",
    "dynamodb:GetItem",
    "dynamodb:PutItem",
    "dynamodb:Query",
    "kms:Decrypt",
    "kms:Encrypt",
    "kms:GenerateDataKey*",
    "kms:ReEncrypt*",
    "logs:CreateLogStream",
    "logs:PutLogEvents",
    "sqs:ChangeMessageVisibility",
    "sqs:DeleteMessage",
    "sqs:GetQueueAttributes",
    "sqs:GetQueueUrl",
    "sqs:ReceiveMessage",
    "sqs:SendMessage",
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
}
"""What it takes to work through a queue of one's own, and to write a table of one's own."""
WHOLE_EVENT = ("Input", "InputPath", "InputTransformer")
"""Any of these gives a target less than the event that it hears."""


def services_speak_in_their_own_name(system: System) -> Iterator[str]:
    """A grant of PutEvents asks for the service's own source."""
    for statement in role_statements(system):
        if statement.allows("events:PutEvents"):
            own = f"{PRODUCT}.{statement.role.template.service}"
            if statement.conditions.get("StringEquals", {}).get("events:source") != own:
                yield f"{statement.role} may put events with any source, not with {own} alone"


def rules_hear_a_message_from_its_owner_alone(system: System) -> Iterator[str]:
    """A rule on the bus names types, and the sources that say them by their schemas.

    One that hears everything is another matter: nothing may follow from it.
    """
    for rule in _rules_on_the_bus(system):
        pattern = rule.properties["EventPattern"]
        if pattern == EVERYTHING:
            continue
        types = pattern.get("detail-type", [])
        if not types or not all(isinstance(it, str) for it in types):
            yield f"{rule} does not name the types that it hears"
            continue
        for type in types:
            if set(map(str, pattern.get("source", []))) != _owners().get(type):
                yield f"{rule} hears {type} from others than {_owners().get(type)}"


def consumers_of_the_bus_look_at_the_source_again(system: System) -> Iterator[str]:
    """They get the whole event, and know from whom each type of their rules counts."""
    for rule in _rules_on_the_bus(system):
        for target in rule.properties["Targets"]:
            if any(name in target for name in WHOLE_EVENT) and not _tells_its_source(target):
                yield f"{rule} delivers events without their source"
            for worker in _workers_of(system, rule.text(target["Arn"])):
                known = _sources_known_to(worker)
                for type in rule.properties["EventPattern"].get("detail-type", []):
                    if set(known.get(str(type), ())) != _owners().get(str(type)):
                        yield f"{worker} does not know from whom {type} counts"


def _tells_its_source(target: dict[str, Any]) -> bool:
    """AppSync takes no whole event; its resolver looks at the source that it is told."""
    told = target.get("InputTransformer", {}).get("InputPathsMap", {})
    return "AppSyncParameters" in target and "$.source" in told.values()


def who_hears_everything_only_keeps_it(system: System) -> Iterator[str]:
    """Nobody asks there whether a message is its sender's to say, so nothing may follow from it."""
    for rule in _rules_on_the_bus(system):
        if rule.properties["EventPattern"] != EVERYTHING:
            continue
        for target in rule.properties["Targets"]:
            for worker in _workers_of(system, rule.text(target["Arn"])):
                for statement in role_statements(system):
                    if worker not in functions_of(statement.role):
                        continue
                    for action in sorted(set(statement.actions) - KEEPING):
                        yield f"{worker} hears everything, and may {action}"
                    for resource in statement.resources:
                        if resource != "*" and f"{{{worker.template.service}:" not in resource:
                            yield f"{worker} hears everything, and may use {resource}"


def rules_alone_fill_the_queues_that_hear_the_bus(system: System) -> Iterator[str]:
    """Who could send there could write any source into an event: its worker alone sends again, and
    its owner's function that redrives dead letters.
    """
    statements = [it for it in role_statements(system) if it.allows("sqs:SendMessage")]
    for rule in _rules_on_the_bus(system):
        for target in rule.properties["Targets"]:
            queue = rule.text(target["Arn"])
            workers = {worker.id for worker in _workers_of(system, queue)}
            for statement in statements:
                if queue not in statement.resources:
                    continue
                owners = {
                    it.id
                    for it in functions_of(statement.role)
                    if f"{{{it.template.service}:" in queue
                    and REDRIVES.search(str(it.properties["Handler"]))
                }
                if not {it.id for it in functions_of(statement.role)} <= workers | owners:
                    yield f"{statement.role} may send to {queue}, where rules alone deliver"


@cache
def _owners() -> dict[str, set[str]]:
    """By type, the sources that may say it: as the schemas have it, and nothing else."""
    schemas = [it for it in schemas_in(CURRENT).values() if "x-kind" in it]
    takers = {it["x-owner"] for it in schemas if it["x-kind"] == "command"}
    return {
        it["title"]: {
            f"{PRODUCT}.{owner}"
            for owner in (takers if it["x-kind"] == "reply" else {it["x-owner"]})
        }
        for it in schemas
        if it["x-kind"] in ("event", "fact", "reply")
    }


def _rules_on_the_bus(system: System) -> Iterator[Resource]:
    """AWS's own services speak on the default bus, where nobody else may use their sources."""
    for rule in system.resources(RULE):
        if "EventBusName" in rule.properties and "EventPattern" in rule.properties:
            yield rule


def _workers_of(system: System, queue: str) -> Iterator[Resource]:
    for mapping in system.resources("AWS::Lambda::EventSourceMapping"):
        if mapping.text(mapping.properties["EventSourceArn"]) == queue:
            name = mapping.text(mapping.properties["FunctionName"])
            worker = system.find(name, "AWS::Lambda::Function")
            assert worker, f"{mapping} calls a function that is in no template"
            yield worker


def _sources_known_to(worker: Resource) -> dict[str, list[str]]:
    variables: dict[str, Any] = worker.properties.get("Environment", {}).get("Variables", {})
    known: dict[str, list[str]] = json.loads(variables.get("MESSAGE_SOURCES", "{}"))
    return known


RULES: tuple[Rule, ...] = (
    services_speak_in_their_own_name,
    rules_hear_a_message_from_its_owner_alone,
    consumers_of_the_bus_look_at_the_source_again,
    who_hears_everything_only_keeps_it,
    rules_alone_fill_the_queues_that_hear_the_bus,
)
