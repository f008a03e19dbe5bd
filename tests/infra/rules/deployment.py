"""Services deploy alone, in an order that exists, and find each other by parameters."""

import json
import re
from collections.abc import Iterator
from typing import Any

from contracts.product import PRODUCT
from tests.infra.rules import Rule
from tests.infra.rules.cost import tags_of
from tests.infra.rules.secrets import replaces_a_secret
from tests.infra.system import PARAMETER, System, card_of, functions_of, role_statements

SOURCES_OF_MESSAGES = ("AWS::SQS::Queue", "AWS::Kinesis::Stream")
ASKED_ONLY = {"pricing", "releases"}
"""Who is asked, by gRPC or by a deployment, and keeps nothing that a message could tell of."""
MESSAGES = ("events:PutEvents", "sns:Publish", "kinesis:PutRecords", "kinesis:GetRecords")
CROSS_STACK = ("Fn::ImportValue", "Fn::GetStackOutput")


def stacks_do_not_wait_for_each_other(system: System) -> Iterator[str]:
    """Neither by declared dependencies nor by the parameters that they read."""
    needs = {
        service: set(template.depends_on)
        | {_writer(it) for it in template.parameters_read.values()}
        for service, template in system.templates.items()
    }
    for service in needs:
        needs[service] &= needs.keys() - {service}
    while ready := [service for service, others in needs.items() if not others & needs.keys()]:
        for service in ready:
            del needs[service]
    if needs:
        yield f"{system.environment}: these stacks wait for each other: {', '.join(sorted(needs))}"


def no_resource_waits_for_itself(system: System) -> Iterator[str]:
    """CloudFormation refuses a template in which references go round in a circle."""
    for template in system.templates.values():
        needs = {
            resource.id: set(_named_in(resource.body)) - {resource.id}
            for resource in template.resources()
        }
        for id in needs:
            needs[id] &= needs.keys()
        while ready := [id for id, others in needs.items() if not others & needs.keys()]:
            for id in ready:
                del needs[id]
        if needs:
            yield f"{system.environment} {template.service}: a circle: {', '.join(sorted(needs))}"


def every_parameter_is_written_before_it_is_read(system: System) -> Iterator[str]:
    """By a stack that the reader declares to depend on, directly or not."""
    written = {
        resource.properties["Name"]: resource.template.service
        for resource in system.resources(PARAMETER)
    }
    for template in system.templates.values():
        before = _all_before(system, template.service)
        for name in sorted(template.parameters_read.values()):
            if name not in written:
                yield f"{system.environment} {template.service} reads {name}: nobody writes it"
            elif written[name] not in before:
                yield (
                    f"{system.environment} {template.service} reads {name} "
                    f"and does not depend on {written[name]}"
                )


def nothing_is_exported(system: System) -> Iterator[str]:
    """An export cannot change while someone imports it: then services deploy together."""
    for template in system.templates.values():
        text = json.dumps(template.body)
        for function in CROSS_STACK:
            if function in text:
                yield f"{system.environment} {template.service} uses {function}"
        for name, output in template.body.get("Outputs", {}).items():
            if "Export" in output:
                yield f"{system.environment} {template.service} exports {name}"


def parameters_are_named_by_their_owner(system: System) -> Iterator[str]:
    """``/{product}/{environment}/{service}/{resource}``; the ending says what it is.

    A service's card is the one that stands with those of the others, under its name.
    """
    for parameter in system.resources(PARAMETER):
        name = parameter.properties["Name"]
        if name == card_of(parameter):
            continue
        owner = f"/{PRODUCT}/{system.environment}/{parameter.template.service}/"
        resource = name.removeprefix(owner)
        if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*-(arn|name|url|id)", resource):
            yield f"{parameter} is named {name}"


def every_service_has_one_owner(system: System) -> Iterator[str]:
    """All that is in a stack is one team's."""
    for template in system.templates.values():
        owners = {
            tags.get("owner", "nobody")
            for resource in template.resources()
            for tags in tags_of(resource)
        }
        if len(owners) != 1:
            yield f"{system.environment} {template.service} is owned by {', '.join(sorted(owners))}"


def every_service_sends_or_receives_messages(system: System) -> Iterator[str]:
    """A queue's, a topic's, the bus's or the log's.

    Shared ground has none: it runs no code but what replaces its secrets. Nor has a service that is
    only asked.
    """
    senders_and_readers = {
        statement.role.template.service
        for statement in role_statements(system)
        if any(map(statement.allows, MESSAGES)) and functions_of(statement.role)
    }
    for template in system.templates.values():
        receives = any(
            system.find(mapping.text(mapping.properties["EventSourceArn"]), *SOURCES_OF_MESSAGES)
            for mapping in template.resources("AWS::Lambda::EventSourceMapping")
        )
        runs_code = any(
            not replaces_a_secret(function)
            for function in template.resources("AWS::Lambda::Function")
        )
        if template.service in ASKED_ONLY:
            continue
        if runs_code and not receives and template.service not in senders_and_readers:
            yield f"{system.environment} {template.service} neither sends nor receives messages"


def production_cannot_be_deleted_by_mistake(system: System) -> Iterator[str]:
    """Termination protection has to be lifted by hand, and so for what all environments share."""
    for template in system.templates.values():
        protected = bool(template.properties.get("terminationProtection"))
        wanted = system.environment == "prod" or template.is_of_every_environment
        if protected != wanted:
            yield f"{system.environment} {template.service}: termination protection is {protected}"


def _named_in(value: Any) -> Iterator[str]:
    """Every logical id that a part of a template refers to."""
    match value:
        case {"Ref": str() as id}:
            yield id
        case {"Fn::GetAtt": [str() as id, _]}:
            yield id
        case {"Fn::Sub": pattern}:
            text = pattern if isinstance(pattern, str) else pattern[0]
            yield from re.findall(r"\$\{(\w+)", text)
        case dict():
            depends_on = value.get("DependsOn", [])
            names = [depends_on] if isinstance(depends_on, str) else depends_on
            yield from (it for it in names if isinstance(it, str))  # else: containers of a task
            for part in value.values():
                yield from _named_in(part)
        case list():
            for part in value:
                yield from _named_in(part)


def _writer(parameter: str) -> str:
    return parameter.split("/")[3]


def _all_before(system: System, service: str) -> set[str]:
    before: set[str] = set()
    waiting = [service]
    while waiting:
        for other in system.templates[waiting.pop()].depends_on - before:
            before.add(other)
            waiting.append(other)
    return before


RULES: tuple[Rule, ...] = (
    stacks_do_not_wait_for_each_other,
    no_resource_waits_for_itself,
    every_parameter_is_written_before_it_is_read,
    nothing_is_exported,
    parameters_are_named_by_their_owner,
    every_service_has_one_owner,
    every_service_sends_or_receives_messages,
    production_cannot_be_deleted_by_mistake,
)
