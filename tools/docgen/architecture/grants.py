"""Reads from a service's template who may call, read and write what: the arrows of the diagrams."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tools.docgen.services import PARAMETER, Service, plain

_WRITES = re.compile(
    r"dynamodb:(Put|Update|Delete|BatchWrite|Transact)|kinesis:Put|events:Put|sqs:SendMessage$"
    r"|sns:Publish|s3:Put|states:Start|lambda:Invoke|ses:Send"
)
_READS = re.compile(
    r"dynamodb:(Get|Query|Scan|BatchGet)(?!Records|ShardIterator)|s3:GetObject|kinesis:GetRecords"
)


@dataclass(frozen=True, order=True)
class Thing:
    """A resource by its service and name; another service's by the parameter it is found by."""

    service: str
    name: str


@dataclass(frozen=True, order=True)
class Access:
    """What a function or a state machine may do with a thing."""

    actor: str
    thing: Thing
    action: str
    writes: bool


def accesses(service: Service) -> Iterator[Access]:
    """What the roles of a service's functions and state machines allow.

    What only lets AWS deliver from a queue or a stream is left out: the event source says it.
    """
    actors = _actors(service)
    for policy in _resources(service, "AWS::IAM::Policy").values():
        roles = [str(it.get("Ref")) for it in policy["Roles"]]
        for statement in policy["PolicyDocument"]["Statement"]:
            for action in _listed(statement["Action"]):
                writes = bool(_WRITES.match(action))
                if writes or _READS.match(action):
                    for thing in things_in(service, statement["Resource"]):
                        for role in roles:
                            if role in actors:
                                yield Access(actors[role], thing, action, writes)


def things_in(service: Service, value: Any) -> Iterator[Thing]:
    """The resources that an expression of the template refers to."""
    match value:
        case {"Ref": str(id)}:
            yield from _thing(service, id)
        case {"Fn::GetAtt": [str(id), *_]}:
            yield from _thing(service, id)
        case Mapping():
            for part in value.values():
                yield from things_in(service, part)
        case list():
            for part in value:
                yield from things_in(service, part)


def _thing(service: Service, id: str) -> Iterator[Thing]:
    if id in service.template["Resources"]:
        yield Thing(service.name, plain(id))
    else:
        default = service.template.get("Parameters", {}).get(id, {}).get("Default", "")
        if match := PARAMETER.fullmatch(str(default)):
            yield Thing(match[1], match[2])


def _actors(service: Service) -> dict[str, str]:
    """Functions and state machines by the logical id of their role."""
    found = {}
    for type, key in (
        ("AWS::Lambda::Function", "Role"),
        ("AWS::StepFunctions::StateMachine", "RoleArn"),
    ):
        for id, properties in _resources(service, type).items():
            found[str(properties[key]["Fn::GetAtt"][0])] = plain(id)
    return found


def _resources(service: Service, type: str) -> dict[str, Mapping[str, Any]]:
    return {
        id: it["Properties"]
        for id, it in service.template["Resources"].items()
        if it["Type"] == type
    }


def _listed(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)
