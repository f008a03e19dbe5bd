"""Takes resources that the emulator does not know out of a template, and all mention of them."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tools.base.errors import ParityError

Template = dict[str, Any]

# ${Name} and ${Name.Attribute}, but not the literal ${!Name}
_SUBSTITUTION = re.compile(r"\$\{([A-Za-z0-9]+)(?:\.[^}]*)?\}")
STREAM_CONSUMER = "AWS::Kinesis::StreamConsumer"
# A route is nothing without the gateway that it leads to: the only kind that goes with another.
_FOLLOWERS = frozenset({"AWS::EC2::Route"})


@dataclass(frozen=True, slots=True)
class Removed:
    """One thing that is in the template but not in the offline copy."""

    stack: str
    logical_id: str
    kind: str
    """A resource's type, or words for what else was taken out."""


def take_out(
    template: Template, unknown: frozenset[str], *, stack: str
) -> tuple[Template, list[Removed]]:
    """A copy of `template` without the resources of the `unknown` types.

    With them go their places in `DependsOn`, the outputs that show them, the policy statements
    about them, the routes that lead to them, and what an update leaves to them: CloudFormation does
    it itself then. Nothing else does.

    Raises:
        ParityError: a resource that stays still refers to one that was taken out.
    """
    result = copy.deepcopy(template)
    resources: dict[str, Any] = result.get("Resources", {})
    gone = {id for id, it in resources.items() if it["Type"] in unknown}
    if not gone:
        return result, []
    gone |= {
        id for id, it in resources.items() if it["Type"] in _FOLLOWERS and _mentions(it) & gone
    }
    removed = [Removed(stack, id, resources.pop(id)["Type"]) for id in sorted(gone)]
    for resource in resources.values():
        _forget_dependencies(resource, gone)
        _forget_statements(resource.get("Properties", {}), gone)
        if _mentions(resource.get("UpdatePolicy", {})) & gone:
            del resource["UpdatePolicy"]
    result["Outputs"] = {
        name: output
        for name, output in result.get("Outputs", {}).items()
        if not _mentions(output) & gone
    }
    _assert_nothing_refers(resources, gone, template["Resources"], stack)
    return result, removed


def read_without_fan_out(template: Template, *, stack: str) -> tuple[Template, list[Removed]]:
    """A copy in which whoever reads a stream by a consumer of its own reads the stream itself."""
    result = copy.deepcopy(template)
    resources = result.get("Resources", {})
    consumers = {id: it for id, it in resources.items() if it["Type"] == STREAM_CONSUMER}
    for id, consumer in consumers.items():
        del resources[id]
        result = _put_in_place_of(id, consumer["Properties"]["StreamARN"], result)
        resources = result["Resources"]
        for resource in resources.values():
            _forget_dependencies(resource, {id})
    return result, [Removed(stack, id, STREAM_CONSUMER) for id in consumers]


def _put_in_place_of(id: str, replacement: Any, value: Any) -> Any:
    """The value, with another one in place of each reference to a resource."""
    match value:
        case {"Ref": name} if name == id:
            return replacement
        case {"Fn::GetAtt": [name, *_]} if name == id:
            return replacement
        case dict():
            return {key: _put_in_place_of(id, replacement, it) for key, it in value.items()}
        case list():
            return [_put_in_place_of(id, replacement, it) for it in value]
    return value


def take_out_secure_transport(template: Template, *, stack: str) -> tuple[Template, list[Removed]]:
    """A copy without the statements that deny plain HTTP: the emulator speaks nothing else."""
    result = copy.deepcopy(template)
    removed = []
    for id, resource in result.get("Resources", {}).items():
        for document in _policy_documents(resource.get("Properties", {})):
            kept = [it for it in document["Statement"] if not _denies_plain_http(it)]
            if len(kept) < len(document["Statement"]):
                removed.append(Removed(stack, id, f"enforce_ssl of {resource['Type']}"))
            document["Statement"] = kept
    return result, removed


def take_out_metric_math(template: Template, *, stack: str) -> tuple[Template, list[Removed]]:
    """A copy without alarms on an expression of several metrics, which the emulator refuses."""
    result = copy.deepcopy(template)
    resources = result.get("Resources", {})
    gone = [
        id
        for id, it in resources.items()
        if it["Type"] == "AWS::CloudWatch::Alarm" and "Metrics" in it.get("Properties", {})
    ]
    for id in gone:
        del resources[id]
    return result, [Removed(stack, id, "alarm on an expression") for id in gone]


_RESOURCE_UNKNOWN = {
    "states:SendTask": "state machine of a task's answer",
    "ssm:GetParameters": "names of parameters that are read together",
    "cloudwatch:DescribeAlarms": "list of all alarms",
    "logs:FilterLogEvents": "streams of a log group",
}
"""Beginnings of actions of which the emulator does not know what they are done to."""


def widen_unknown_resources(template: Template, *, stack: str) -> tuple[Template, list[Removed]]:
    """A copy in which whoever may answer one state machine's tasks may answer all, and so on.

    The emulator does not know which machine a task's token belongs to, does not look at the path of
    parameters or at several names, and has no name for all alarms: it compares the resource that a
    statement names with a star. A log group whose lines are read it names without the streams, by
    which CloudWatch knows it.
    """

    def widen(statement: dict[str, Any]) -> Iterator[str]:
        for beginning, what in _RESOURCE_UNKNOWN.items():
            if all(str(action).startswith(beginning) for action in _actions(statement)):
                statement["Resource"] = "*"
                yield what

    return _with_statements(template, stack, widen)


_BATCHED = ("sqs:SendMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility")
"""Actions of SQS that allow their batches too, which have no action of their own."""


def name_batches(template: Template, *, stack: str) -> tuple[Template, list[Removed]]:
    """A copy in which whoever may do something with a message may do it with a batch of them.

    The emulator takes a batch for an action of its own, which no policy names.
    """

    def name(statement: dict[str, Any]) -> Iterator[str]:
        actions = _actions(statement)
        if batches := [f"{it}Batch" for it in actions if it in _BATCHED]:
            statement["Action"] = [*actions, *batches]
            yield "batches in actions of SQS"

    return _with_statements(template, stack, name)


def take_out_event_sources(template: Template, *, stack: str) -> tuple[Template, list[Removed]]:
    """A copy in which whoever may put events may do so with any source.

    The emulator does not tell a policy the source of the events that are put, and so refuses them
    all where a statement asks for one.
    """

    def forget(statement: dict[str, Any]) -> Iterator[str]:
        if _forget_condition(statement, "events:source"):
            yield "source of the events that are put"

    return _with_statements(template, stack, forget)


def _with_statements(
    template: Template, stack: str, change: Callable[[dict[str, Any]], Iterator[str]]
) -> tuple[Template, list[Removed]]:
    """A copy in which each statement of a policy is changed in place, by what says so with a kind
    for each change.
    """
    result = copy.deepcopy(template)
    changed = [
        Removed(stack, id, kind)
        for id, resource in result.get("Resources", {}).items()
        for document in _policy_documents(resource.get("Properties", {}))
        for statement in document["Statement"]
        for kind in change(statement)
    ]
    return result, changed


def _actions(statement: Mapping[str, Any]) -> list[Any]:
    actions = statement.get("Action")
    return actions if isinstance(actions, list) else [actions]


def _forget_condition(statement: dict[str, Any], key: str) -> bool:
    """Whether a statement had a condition on that key, which it now has no more."""
    conditions: dict[str, Any] = statement.get("Condition", {})
    asked = [operator for operator, keys in conditions.items() if key in keys]
    for operator in asked:
        del conditions[operator][key]
        if not conditions[operator]:
            del conditions[operator]
    if asked and not conditions:
        del statement["Condition"]
    return bool(asked)


def _denies_plain_http(statement: dict[str, Any]) -> bool:
    condition = statement.get("Condition", {}).get("Bool", {})
    return statement.get("Effect") == "Deny" and condition.get("aws:SecureTransport") == "false"


def _mentions(value: Any) -> set[str]:
    """Logical ids that a part of a template refers to, by whatever function."""
    return set(_references(value))


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from _references(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            match key, item:
                case "Ref", str():
                    yield item
                case "Fn::GetAtt", str():
                    yield item.split(".")[0]
                case "Fn::GetAtt", [str() as id, *_]:
                    yield id
                case "Fn::Sub", str():
                    yield from _SUBSTITUTION.findall(item)
                case "Fn::Sub", [str() as text, variables]:
                    yield from set(_SUBSTITUTION.findall(text)) - set(variables)
                    yield from _references(variables)
                case _:
                    yield from _references(item)


def _forget_dependencies(resource: dict[str, Any], gone: set[str]) -> None:
    if "DependsOn" in resource:
        named = resource["DependsOn"]
        kept = [id for id in ([named] if isinstance(named, str) else named) if id not in gone]
        resource["DependsOn"] = kept
        if not kept:
            del resource["DependsOn"]


def _forget_statements(properties: Any, gone: set[str]) -> None:
    """Drop what policies say about the resources; a list of several keeps its other entries."""
    for document in _policy_documents(properties):
        document["Statement"] = [
            statement
            for statement in document["Statement"]
            if not _mentions(_without_entries(statement, gone)) & gone
        ]


def _without_entries(statement: dict[str, Any], gone: set[str]) -> dict[str, Any]:
    for key in ("Resource", "NotResource"):
        if isinstance(statement.get(key), list):
            kept = [entry for entry in statement[key] if not _mentions(entry) & gone]
            if kept:
                statement[key] = kept
    return statement


def _policy_documents(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, list):
        for item in value:
            yield from _policy_documents(item)
    elif isinstance(value, dict):
        if isinstance(value.get("Statement"), list):
            yield value
        else:
            for item in value.values():
                yield from _policy_documents(item)


def _assert_nothing_refers(
    resources: dict[str, Any], gone: set[str], originals: dict[str, Any], stack: str
) -> None:
    for id, resource in resources.items():
        if left := sorted(_mentions(resource) & gone):
            raise ParityError(
                f"{stack}: {id} ({resource['Type']}) refers to {left[0]} "
                f"({originals[left[0]]['Type']}), which the emulator does not know; "
                "offline, one cannot be made without the other"
            )
