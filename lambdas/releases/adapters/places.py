"""Where services in containers run, as they publish it."""

from collections.abc import Iterable
from typing import Any


def parameters_of(path: str, service: str) -> dict[str, str]:
    """The names of a service's parameters, by what they tell."""
    own = f"{path}/{service}"
    return {
        "envoy": f"{path}/releases/{service}",
        "cluster": f"{own}/cluster-name",
        "tasks": f"{own}/tasks-name",
        "stack": f"{own}/stack-name",
        "metrics": f"{own}/metrics-name",
    }


def places_of(ssm: Any, path: str, service: str) -> dict[str, str]:
    """What of it there is. ``ssm`` is a botocore client."""
    named = parameters_of(path, service)
    answer = ssm.get_parameters(Names=list(named.values()))
    found = {it["Name"]: it["Value"] for it in answer["Parameters"]}
    return {key: found[name] for key, name in named.items() if name in found}


def runs_on(places: Iterable[str]) -> str | None:
    """``envoy``: processes of this machine behind one; ``ecs``; None: it is not deployed."""
    known = set(places)
    if "envoy" in known:
        return "envoy"
    return "ecs" if {"cluster", "tasks", "stack", "metrics"} <= known else None
