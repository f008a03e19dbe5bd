"""Services deploy alone, in an order that exists, and find each other by parameters."""

import json
import re
from collections.abc import Iterator

from tests.infra.rules import Rule
from tests.infra.system import PARAMETER, System

# Shared ground has no customer of its own; pricing and partners are reached by the mesh.
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
    """``/parcelworks/{environment}/{service}/{resource}``, and the ending says what it is."""
    for parameter in system.resources(PARAMETER):
        name = parameter.properties["Name"]
        owner = f"/parcelworks/{system.environment}/{parameter.template.service}/"
        resource = name.removeprefix(owner)
        if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*-(arn|name|url)", resource):
            yield f"{parameter} is named {name}"


def production_cannot_be_deleted_by_mistake(system: System) -> Iterator[str]:
    """Termination protection has to be lifted by hand."""
    for template in system.templates.values():
        protected = bool(template.properties.get("terminationProtection"))
        if protected != (system.environment == "prod"):
            yield f"{system.environment} {template.service}: termination protection is {protected}"


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
    every_parameter_is_written_before_it_is_read,
    nothing_is_exported,
    parameters_are_named_by_their_owner,
    production_cannot_be_deleted_by_mistake,
)
