"""Feature flags in two forms: as git and the readers have them, and as AppConfig keeps them.

Served, and in git: ``{"flag": {"enabled": true, "attribute": 1}}``. AppConfig's type
``AWS.AppConfig.FeatureFlags`` wants the attributes declared beside the values, and serves a flag
that is off without its attributes: the readers' defaults stand in for them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from tools.configuration.problems import Problem, pointer, shown

CONTENT_TYPE = "application/json"
TYPE = "AWS.AppConfig.FeatureFlags"
KEY = re.compile(r"[a-z][a-zA-Z0-9_-]{0,63}")
_WRITTEN_BY_APPCONFIG = {"_createdAt", "_updatedAt"}
_VERSION = "1"


class NoFlags(ValueError):
    """What is deployed is not a document of feature flags."""


def problems(served: Any, file: str, profile: str) -> Iterator[Problem]:
    """What AppConfig would not take; the service's own rules are checked elsewhere."""
    if not isinstance(served, Mapping):
        yield Problem(file, pointer([profile]), "an object with the flags", shown(served))
        return
    for name, flag in served.items():
        at = pointer([profile, name])
        if not KEY.fullmatch(name):
            yield Problem(file, at, f"a flag's name is {KEY.pattern}", shown(name))
        if not isinstance(flag, Mapping):
            yield Problem(file, at, 'a flag is an object with "enabled"', shown(flag))
            continue
        if not isinstance(flag.get("enabled"), bool):
            value = shown(flag.get("enabled"))
            yield Problem(file, pointer([profile, name, "enabled"]), "true or false", value)
        for attribute, value in flag.items():
            place = pointer([profile, name, attribute])
            if not KEY.fullmatch(attribute):
                yield Problem(
                    file, place, f"an attribute's name is {KEY.pattern}", shown(attribute)
                )
            if _constraints(value) is None:
                rule = "text, a number, true or false, or a list of texts or of numbers"
                yield Problem(file, place, rule, shown(value))


def to_appconfig(served: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The document that AppConfig keeps for the flags as they are served."""
    return {
        "version": _VERSION,
        "flags": {
            name: {
                "name": name,
                "attributes": {
                    attribute: {"constraints": _constraints(value)}
                    for attribute, value in flag.items()
                    if attribute != "enabled"
                },
            }
            for name, flag in served.items()
        },
        "values": {name: dict(flag) for name, flag in served.items()},
    }


def from_appconfig(kept: Any) -> dict[str, Any]:
    """The flags as git has them, of a document that AppConfig keeps.

    Raises:
        NoFlags: it is none.
    """
    values = kept.get("values") if isinstance(kept, Mapping) else None
    if not isinstance(values, Mapping) or not all(
        isinstance(it, Mapping) for it in values.values()
    ):
        raise NoFlags("the deployed document has no values of flags")
    return {
        name: {key: value for key, value in flag.items() if key not in _WRITTEN_BY_APPCONFIG}
        for name, flag in values.items()
    }


def _constraints(value: Any) -> dict[str, Any] | None:
    """The declaration of an attribute that holds such a value; None if AppConfig has no type."""
    if isinstance(value, bool):
        return {"type": "boolean"}
    if isinstance(value, int | float):
        return {"type": "number"}
    if isinstance(value, str):
        return {"type": "string"}
    if isinstance(value, list):
        for type, kinds in (("string", str), ("number", int | float)):
            if all(isinstance(it, kinds) and not isinstance(it, bool) for it in value):
                return {"type": "array", "elements": {"type": type}}
    return None
