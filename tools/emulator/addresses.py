"""Writes the emulator's addresses into a template, for those that AWS would give its resources.

An API's address is known when it is made, and so is that of a user pool's login: templates join
them from ids, or ask for a GraphQL API's. The emulator serves all of them under its own address.
"""

from __future__ import annotations

import re
from typing import Any

_API = re.compile(r"\.execute-api\.[a-z0-9-]+\.")
_LOGIN = re.compile(r"\.auth(-fips)?\.[a-z0-9-]+\.amazoncognito\.com(?P<path>.*)")


def at_the_emulator(value: Any, endpoint: str) -> Any:
    """The template, or a part of it, with addresses that work where the emulator is."""
    match value:
        case {"Fn::Join": ["", ["https://", {"Ref": _} as resource, str(host), *rest]]}:
            if _API.fullmatch(host) and rest[:1] == [{"Ref": "AWS::URLSuffix"}]:
                return {"Fn::Join": ["", [f"{endpoint}/_aws/execute-api/", resource, *rest[1:]]]}
            if (login := _LOGIN.fullmatch(host)) and not rest:
                return f"{endpoint}{login['path']}"
        case {"Fn::GetAtt": [str(api), "GraphQLUrl"]}:
            return {"Fn::Sub": f"{endpoint}/v1/apis/${{{api}.ApiId}}/graphql"}
    match value:
        case dict():
            return {key: at_the_emulator(it, endpoint) for key, it in value.items()}
        case list():
            return [at_the_emulator(it, endpoint) for it in value]
    return value
