"""A fault for each rule about the service network, planted into a copy of the templates."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.infra.planted_faults import Body, Plant, allow, body, remove, set_property
from tests.infra.rules import Rule, mesh
from tests.infra.rules.containers import LATTICE, NETWORK, POLICY, RULE, SERVICE, TARGETS
from tests.infra.rules.mesh import JOINED, LISTENER, PERMISSION
from tests.infra.system import System

HOME, MESH = "inventory", "network"


def in_policy(service: str, change: Callable[[Body], object]) -> Plant:
    """Change the first statement of who may call a service, or enter the network."""

    def plant(system: System) -> None:
        change(body(system, service, POLICY)["Properties"]["Policy"]["Statement"][0])

    return plant


def admit(*roles: str) -> Plant:
    """Have inventory name others."""
    named = {"ArnLike": {"aws:PrincipalArn": [f"arn:aws:iam::1:role/{it}" for it in roles]}}
    return in_policy(HOME, lambda it: it.update(Condition=named))


def in_rule(change: Callable[[Any], object]) -> Plant:
    """Change what inventory forwards, and where to."""

    def plant(system: System) -> None:
        change(body(system, HOME, RULE)["Properties"])

    return plant


def a_second_network(system: System) -> None:
    """Another one beside it."""
    resources = system.templates[MESH].body["Resources"]
    resources["Another"] = body(system, MESH, NETWORK)


def let_others_invoke(system: System) -> None:
    """Any target group may invoke the function."""
    for it in system.templates[HOME].body["Resources"].values():
        if it["Type"] == PERMISSION and "lattice" in str(it["Properties"]["Principal"]):
            del it["Properties"]["SourceArn"]


def forward_elsewhere(of: Any) -> None:
    """The function's target group gets nothing."""
    of["Action"]["Forward"]["TargetGroups"] = []


PLANTED: tuple[tuple[Rule, str, Plant], ...] = (
    (mesh.one_network_joins_tasks_and_functions, "a second network", a_second_network),
    (
        mesh.one_network_joins_tasks_and_functions,
        "a service outside",
        set_property(HOME, JOINED, "ServiceNetworkIdentifier", "sn-elsewhere"),
    ),
    (mesh.one_network_joins_tasks_and_functions, "no function", remove(HOME, TARGETS)),
    (
        mesh.one_network_joins_tasks_and_functions,
        "no tasks",
        set_property("pricing", SERVICE, "VpcLatticeConfigurations", []),
    ),
    (
        mesh.one_network_joins_tasks_and_functions,
        "events without identity",
        set_property(HOME, TARGETS, "Config", {"LambdaEventStructureVersion": "V1"}),
    ),
    (
        mesh.one_network_joins_tasks_and_functions,
        "a function of nobody's",
        set_property(HOME, TARGETS, "Targets", [{"Id": "arn:aws:lambda:x"}]),
    ),
    (mesh.one_network_joins_tasks_and_functions, "any group invokes it", let_others_invoke),
    (mesh.one_network_joins_tasks_and_functions, "no calls", in_rule(forward_elsewhere)),
    (
        mesh.the_mesh_denies_what_no_policy_names,
        "a service asks nobody",
        set_property(HOME, LATTICE, "AuthType", "NONE"),
    ),
    (
        mesh.the_mesh_denies_what_no_policy_names,
        "the network asks nobody",
        set_property(MESH, NETWORK, "AuthType", "NONE"),
    ),
    (mesh.the_mesh_denies_what_no_policy_names, "no policy", remove(HOME, POLICY)),
    (
        mesh.the_mesh_denies_what_no_policy_names,
        "everybody may enter",
        in_policy(MESH, lambda it: it.update(Principal="*")),
    ),
    (
        mesh.the_mesh_denies_what_no_policy_names,
        "every account may enter",
        in_policy(MESH, lambda it: it.update(Principal={"AWS": "*"})),
    ),
    (
        mesh.the_mesh_denies_what_no_policy_names,
        "everybody may call",
        in_policy(HOME, lambda it: it.update(Principal="*", Condition={})),
    ),
    (
        mesh.the_mesh_denies_what_no_policy_names,
        "more than calls",
        in_policy(HOME, lambda it: it.update(Action="*")),
    ),
    (
        mesh.the_mesh_is_spoken_to_by_tls,
        "plain HTTP",
        set_property(HOME, LISTENER, "Protocol", "HTTP"),
    ),
    (
        mesh.the_mesh_is_spoken_to_by_tls,
        "all is forwarded",
        set_property("pricing", LISTENER, "DefaultAction", {"Forward": {"TargetGroups": []}}),
    ),
    (mesh.the_mesh_is_spoken_to_by_tls, "nothing listens", remove(HOME, LISTENER)),
    (
        mesh.callers_of_the_mesh_are_roles_that_may_call,
        "a role of nobody's",
        admit("nobody"),
    ),
    (
        mesh.callers_of_the_mesh_are_roles_that_may_call,
        "a caller that is not admitted",
        allow(
            "orders",
            "PlaceOrder",
            mesh.INVOKE,
            "{inventory:NetworkServiceF5DA1DCD.Arn}/v1/availability",
        ),
    ),
    (
        mesh.callers_of_the_mesh_are_roles_that_may_call,
        "a path that is not served",
        in_rule(lambda it: it["Match"]["HttpMatch"]["PathMatch"].update(Match={"Exact": "/v2"})),
    ),
    (
        mesh.callers_of_the_mesh_are_roles_that_may_call,
        "a service of nobody's",
        allow("orders", "PlaceOrder", mesh.INVOKE, "*"),
    ),
)
