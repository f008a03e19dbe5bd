"""What a service's template says of its API: methods, paths, who may call, and refusals."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
"""What operations are; OPTIONS and what answers 405 belong to the gateway."""
OPEN = "NONE"
"""How a method is authorized that asks nobody who they are."""
Resource = Mapping[str, Any]


@dataclass(frozen=True)
class Route:
    """A method of a path, and who may call it: a token with one of ``scopes``, a key, or both."""

    method: str
    path: str
    scopes: tuple[str, ...]
    has_key: bool
    handler: str

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@dataclass(frozen=True, order=True)
class Refusal:
    """A problem document: HTTP status, last segment of the type, and title."""

    status: int
    kind: str
    title: str


def routes(template: Mapping[str, Any]) -> list[Route]:
    """Every operation that a function answers, by path and method; an app's files are none."""
    resources = template["Resources"]
    found = [
        Route(
            method["HttpMethod"],
            _path(resources, method["ResourceId"]),
            tuple(_scope(resources, it) for it in method.get("AuthorizationScopes", [])),
            bool(method.get("ApiKeyRequired")),
            _handler(resources, method["Integration"]),
        )
        for method in _properties(resources, "AWS::ApiGateway::Method")
        if method["HttpMethod"] in METHODS
        and method["Integration"]["Type"] == "AWS_PROXY"
        and (method["AuthorizationType"] != OPEN or method.get("ApiKeyRequired"))
    ]
    return sorted(found, key=lambda it: (it.path, METHODS.index(it.method)))


def _scope(resources: Mapping[str, Resource], scope: Any) -> str:
    """Its name, such as ``console/read``, also where it refers to its resource server."""
    match scope:
        case str():
            return scope
        case {"Fn::Join": ["", [{"Ref": server}, str(name)]]}:
            return f"{resources[server]['Properties']['Identifier']}{name}"
    raise LookupError(f"{scope} names no scope")


def refusals(template: Mapping[str, Any]) -> dict[str, Refusal]:
    """How the gateway itself refuses, by its own name for the kind of answer."""
    found = {}
    for answer in _properties(template["Resources"], "AWS::ApiGateway::GatewayResponse"):
        text = answer["ResponseTemplates"]["application/json"]
        if "StatusCode" in answer:
            problem = json.loads(re.sub(r": *\$context\.error\.messageString", ': ""', text))
            found[answer["ResponseType"]] = Refusal(
                int(answer["StatusCode"]), problem["type"].rpartition("/")[2], problem["title"]
            )
    return found


def _properties(resources: Mapping[str, Resource], type: str) -> Iterator[Mapping[str, Any]]:
    return (it["Properties"] for it in resources.values() if it["Type"] == type)


def _path(resources: Mapping[str, Resource], reference: Mapping[str, Any]) -> str:
    if "Ref" not in reference:
        return ""  # the root
    resource = resources[reference["Ref"]]["Properties"]
    return f"{_path(resources, resource['ParentId'])}/{resource['PathPart']}"


def _handler(resources: Mapping[str, Resource], integration: Mapping[str, Any]) -> str:
    """As the function has it, such as ``orders.handlers.place_order.handler``."""
    text = json.dumps(integration)
    for id, resource in resources.items():
        if resource["Type"] == "AWS::Lambda::Function" and f'"{id}"' in text:
            return str(resource["Properties"]["Handler"])
    raise LookupError(f"no function of this template answers {text}")
