"""What holds for the service network: whom it joins, whom it admits, and how it is spoken to.

The services that pods make are in manifests: `test_kubernetes_names.py` holds them to the same.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

from tests.infra.rules import Rule
from tests.infra.rules.containers import LATTICE, NETWORK, POLICY, RULE, SERVICE, TARGETS
from tests.infra.system import Resource, System, role_statements

ROLE = "AWS::IAM::Role"
LISTENER = "AWS::VpcLattice::Listener"
JOINED = "AWS::VpcLattice::ServiceNetworkServiceAssociation"
FUNCTION = "AWS::Lambda::Function"
PERMISSION = "AWS::Lambda::Permission"
INVOKE = "vpc-lattice-svcs:Invoke"
IN_TEMPLATES = {"IP", "LAMBDA"}
"""Kinds of targets: tasks and functions. Pods register themselves, by manifests."""


def one_network_joins_tasks_and_functions(system: System) -> Iterator[str]:
    """Every service is in the same network, and each kind of target is among them."""
    networks = list(system.resources(NETWORK))
    if not networks and not list(system.resources(LATTICE)):
        return  # nothing is in containers
    if len(networks) != 1:
        yield f"there are {len(networks)} service networks"
        return
    for service in system.resources(LATTICE):
        joins = [it for it in service.template.resources(JOINED) if _is_of(it, service)]
        places = [it.text(it.properties["ServiceNetworkIdentifier"]) for it in joins]
        if len(places) != 1 or not networks[0].is_in(places[0]):
            yield f"{service} is not in the one network"
    kinds = {it.properties["Type"] for it in system.resources(TARGETS)}
    if kinds != IN_TEMPLATES:
        yield f"targets are of the kinds {sorted(kinds)}"
    for group in system.resources(TARGETS):
        if not any(group.is_in(it) for it in _forwarded(system)):
            yield f"{group} gets no calls"
        if group.properties["Type"] == "LAMBDA":
            yield from _not_a_function(group)
        elif not any(group.is_in(json.dumps(_references(it))) for it in system.resources(SERVICE)):
            yield f"{group} has no tasks"


def _not_a_function(group: Resource) -> Iterator[str]:
    """A function gets events that say who calls, and lets this target group invoke it."""
    config = group.properties.get("Config", {})
    if config.get("LambdaEventStructureVersion") != "V2":
        yield f"{group} does not say who calls"
    system = group.template.system
    for target in group.properties.get("Targets", [None]):
        function = system.find(group.text(target["Id"]), FUNCTION) if target else None
        if function is None:
            yield f"{group} has no function"
            continue
        admitted = [
            it
            for it in group.template.resources(PERMISSION)
            if it.properties["Principal"] == "vpc-lattice.amazonaws.com"
            and function.is_in(it.text(it.properties["FunctionName"]))
            and group.is_in(it.text(it.properties.get("SourceArn", "")))
            and "SourceAccount" in it.properties
        ]
        if not admitted:
            yield f"{function} cannot be invoked by {group}, or by others, too"


def the_mesh_denies_what_no_policy_names(system: System) -> Iterator[str]:
    """IAM is asked by the network and by each service; nobody is let in who is not named."""
    for owner in system.resources(NETWORK, LATTICE):
        policies = [
            it
            for it in owner.template.resources(POLICY)
            if owner.is_in(it.text(it.properties["ResourceIdentifier"]))
        ]
        if owner.properties.get("AuthType") != "AWS_IAM" or len(policies) != 1:
            yield f"{owner} does not ask who calls"
        for policy in policies:
            for statement in policy.properties["Policy"]["Statement"]:
                if statement["Effect"] == "Allow":
                    yield from _admits_anybody(policy, statement)


def _admits_anybody(policy: Resource, statement: dict[str, Any]) -> Iterator[str]:
    principal = statement.get("Principal", "*")
    if "*" in policy.text(principal) and not _named(policy, statement):
        yield f"{policy} admits everybody"
    if statement.get("Action") != INVOKE:
        yield f"{policy} allows {statement.get('Action')}"


def the_mesh_is_spoken_to_by_tls(system: System) -> Iterator[str]:
    """Each service listens, by HTTPS alone, and forwards nothing that no rule names."""
    listeners = list(system.resources(LISTENER))
    for service in system.resources(LATTICE):
        if not any(_is_of(it, service) for it in listeners):
            yield f"{service} does not listen"
    for it in listeners:
        if it.properties["Protocol"] != "HTTPS" or it.properties.get("Port") != 443:
            yield f"{it} speaks {it.properties['Protocol']}"
        answer = it.properties["DefaultAction"].get("FixedResponse", {})
        if answer.get("StatusCode") != 404:
            yield f"{it} forwards what no rule names"


def callers_of_the_mesh_are_roles_that_may_call(system: System) -> Iterator[str]:
    """Both halves: a policy names a role that a template makes, whose own policy names a path that
    the service forwards."""
    roles = {str(it.properties.get("RoleName")): it for it in system.resources(ROLE)}
    calls = [it for it in role_statements(system) if it.allows(INVOKE)]
    for service in system.resources(LATTICE):
        named = [
            pattern.rpartition(":role/")[2]
            for policy in service.template.resources(POLICY)
            if service.is_in(policy.text(policy.properties["ResourceIdentifier"]))
            for statement in policy.properties["Policy"]["Statement"]
            for pattern in _named(policy, statement)
        ]
        for pattern in named:
            if not any(fnmatchcase(it, pattern) for it in roles):
                yield f"{service} admits {pattern}, which no template makes"
        callers = 0
        for statement in calls:
            own = [it for it in statement.resources if service.is_in(it)]
            name = str(statement.role.properties.get("RoleName"))
            if own and not any(fnmatchcase(name, it) for it in named):
                yield f"{statement.role} calls {service}, which does not admit it"
            for resource in own:
                path = resource.partition("}")[2]
                if not any(_takes(it, path) for it in _rules_of(service)):
                    yield f"{statement.role} may call {path}, which {service} forwards nowhere"
            callers += len(own)
        if not callers:
            yield f"{service} is called by nobody"
    for statement in calls:
        for resource in statement.resources:
            if system.find(resource, LATTICE) is None:
                yield f"{statement.role} may call {resource}, which is no service of the network"


def _named(policy: Resource, statement: dict[str, Any]) -> list[str]:
    """The ARNs of roles, or their patterns, that a statement admits."""
    return [
        text
        for operator, keys in statement.get("Condition", {}).items()
        if operator in ("ArnLike", "ArnEquals")
        for text in policy.template.texts(keys.get("aws:PrincipalArn", []))
    ]


def _is_of(it: Resource, service: Resource) -> bool:
    return service.is_in(it.text(it.properties["ServiceIdentifier"]))


def _rules_of(service: Resource) -> Iterator[Resource]:
    return (it for it in service.template.resources(RULE) if _is_of(it, service))


def _takes(rule: Resource, path: str) -> bool:
    match = rule.properties["Match"]["HttpMatch"]["PathMatch"]["Match"]
    return path == match["Exact"] if "Exact" in match else path.startswith(match["Prefix"])


def _forwarded(system: System) -> Iterator[str]:
    for rule in system.resources(RULE):
        for it in rule.properties["Action"].get("Forward", {}).get("TargetGroups", []):
            yield rule.text(it["TargetGroupIdentifier"])


def _references(service: Resource) -> list[str]:
    """The target groups of a service's tasks."""
    return [
        service.text(value)
        for it in service.properties.get("VpcLatticeConfigurations", [])
        for value in (
            it["TargetGroupArn"],
            it.get("AdvancedConfiguration", {}).get("AlternateTargetGroupArn", ""),
        )
    ]


RULES: tuple[Rule, ...] = (
    one_network_joins_tasks_and_functions,
    the_mesh_denies_what_no_policy_names,
    the_mesh_is_spoken_to_by_tls,
    callers_of_the_mesh_are_roles_that_may_call,
)
