"""Schemas for the ``config`` of Kong's plugins in use: the API server takes anything there.

A plugin that is not here is a fault: who uses one adds what its documentation says.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import Any

from tools.kubernetes.whole.findings import Finding, Whole, finding

_BOOLEAN = {"type": "boolean"}
_HEADER = {"type": "string", "pattern": r"^[A-Za-z0-9][A-Za-z0-9_-]*\Z"}
_PERIODS = ("second", "minute", "hour", "day", "month", "year")
SCHEMAS: dict[str, dict[str, Any]] = {
    "key-auth": {
        "type": "object",
        "additionalProperties": False,
        "required": ["key_names", "key_in_query", "hide_credentials"],
        "properties": {
            "key_names": {"type": "array", "minItems": 1, "uniqueItems": True, "items": _HEADER},
            "key_in_header": _BOOLEAN,
            "key_in_query": {"const": False},  # addresses are logged
            "key_in_body": {"const": False},  # a body would be read before its limit is
            "hide_credentials": {"const": True},  # services have no use for keys
            "run_on_preflight": _BOOLEAN,
            "realm": {"type": "string"},
        },
    },
    "rate-limiting": {
        "type": "object",
        "additionalProperties": False,
        "required": ["policy", "limit_by"],
        "minProperties": 3,
        "anyOf": [{"required": [it]} for it in _PERIODS],
        "properties": {
            **{it: {"type": "integer", "minimum": 1} for it in _PERIODS},
            "policy": {"const": "local"},  # there is neither a database nor a Redis
            "limit_by": {"enum": ["consumer", "credential", "ip", "service", "path"]},
            "fault_tolerant": _BOOLEAN,
            "hide_client_headers": _BOOLEAN,
            "error_code": {"const": 429},
            "error_message": {"type": "string", "maxLength": 200},
        },
    },
    "request-size-limiting": {
        "type": "object",
        "additionalProperties": False,
        "required": ["allowed_payload_size", "size_unit"],
        "properties": {
            "allowed_payload_size": {"type": "integer", "minimum": 1},
            "size_unit": {"enum": ["bytes", "kilobytes", "megabytes"]},
            "require_content_length": _BOOLEAN,
        },
    },
    "correlation-id": {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "header_name": _HEADER,
            "generator": {"enum": ["uuid", "uuid#counter", "tracker"]},
            "echo_downstream": _BOOLEAN,
        },
    },
    "request-transformer": {
        "type": "object",
        "additionalProperties": False,
        "required": ["remove"],
        "properties": {
            "remove": {
                "type": "object",
                "additionalProperties": False,
                "required": ["headers"],
                "properties": {
                    "headers": {
                        "type": "array",
                        "minItems": 1,
                        "uniqueItems": True,
                        "items": _HEADER,
                    }
                },
            }
        },
    },
}


def nonsense(whole: Whole) -> Iterable[Finding]:
    """Each configuration that Kong would refuse, or that is not what we want of the plugin."""
    from jsonschema.validators import Draft202012Validator

    for it in whole.of("KongPlugin", "KongClusterPlugin"):
        name = it.manifest.get("plugin")
        if name not in SCHEMAS:
            known = ", ".join(SCHEMAS)
            told = f"{name} has no schema here (there are {known})"
            yield finding(it, "plugin", "plugin-known", told)
            continue
        config = it.manifest.get("config", {})
        for error in Draft202012Validator(SCHEMAS[name]).iter_errors(config):
            parts = [f"[{p}]" if isinstance(p, int) else f".{p}" for p in error.absolute_path]
            path = "config" + "".join(parts)
            yield finding(it, path, "plugin-config", error.message[:200])
        yield from _order(it, config)


def _order(it: Any, config: Any) -> Iterable[Finding]:
    """A longer period allows at least as much as a shorter one, or the shorter one never counts."""
    if not isinstance(config, dict):
        return
    limits = [(p, config[p]) for p in _PERIODS if isinstance(config.get(p), int)]
    for (short, few), (long, many) in pairwise(limits):
        if many < few:
            told = f"{many} a {long} is less than {few} a {short}"
            yield finding(it, f"config.{long}", "plugin-config", told)
