"""The routes of APIs and what they ask for, as templates have them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

METHOD, RESOURCE = "AWS::ApiGateway::Method", "AWS::ApiGateway::Resource"
SERVER = "AWS::Cognito::UserPoolResourceServer"
SCOPES = "AuthorizationScopes"

Resources = Mapping[str, Mapping[str, Any]]


def path_of(resources: Resources, method: Mapping[str, Any]) -> str:
    """The path of a method of one template, such as ``/v1/orders/{order_id}``."""
    parts: list[str] = []
    at = method["Properties"]["ResourceId"]
    while "Ref" in at:
        resource = resources[at["Ref"]]
        assert resource["Type"] == RESOURCE
        parts.insert(0, resource["Properties"]["PathPart"])
        at = resource["Properties"]["ParentId"]
    return "/" + "/".join(parts)


def scope_of(resources: Resources, scope: Any) -> str:
    """A scope by its name, such as ``console/read``, also where it refers to a resource server."""
    match scope:
        case str():
            return scope
        case {"Fn::Join": ["", [{"Ref": server}, str(name)]]}:
            identifier = resources[server]["Properties"]["Identifier"]
            return f"{identifier}{name}"
    raise LookupError(f"{scope} names no scope")


def is_answered_by_the_gateway(method: Mapping[str, Any]) -> bool:
    """Whether no function is behind it."""
    return bool(method["Properties"]["Integration"]["Type"] == "MOCK")
