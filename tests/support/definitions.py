"""A custom resource definition of our own that has every family of rule, and a sound object."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

SPEC: dict[str, Any] = {
    "type": "object",
    "required": ["size"],
    "properties": {
        "size": {"type": "integer", "format": "int32", "minimum": 1, "maximum": 64},
        "mode": {"type": "string", "enum": ["Open", "Shut"], "default": "Open"},
        "note": {"type": "string", "maxLength": 8, "pattern": "^[a-z]+$"},
        "since": {"type": "string", "format": "date-time"},
        "tags": {"type": "array", "items": {"type": "string"}, "x-kubernetes-list-type": "set"},
        "ports": {
            "type": "array",
            "maxItems": 3,
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": ["name"],
            "items": {
                "type": "object",
                "required": ["name"],
                "properties": {
                    "name": {"type": "string"},
                    "number": {
                        "type": "integer",
                        "default": 80,
                        "x-kubernetes-validations": [
                            {"rule": "self >= oldSelf", "message": "a port never goes down"}
                        ],
                    },
                },
            },
            "x-kubernetes-validations": [
                {
                    "rule": "self.all(a, self.exists_one(b, a.number == b.number))",
                    "message": "ports differ",
                }
            ],
        },
        "labels": {
            "type": "object",
            "maxProperties": 2,
            "additionalProperties": {
                "type": "string",
                "x-kubernetes-validations": [{"rule": "self != 'no'", "message": "not no"}],
            },
        },
        "limit": {
            "x-kubernetes-int-or-string": True,
            "anyOf": [{"type": "integer"}, {"type": "string"}],
        },
        "extra": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
        "owner": {"type": "string", "nullable": True},
        "code": {"type": "integer", "enum": [301, 302]},
        "address": {"type": "string", "format": "ipv4"},
        "replicas": {"type": "integer", "format": "int64"},
        "kept": {
            "type": "array",
            "x-kubernetes-preserve-unknown-fields": True,
            "items": {"type": "object", "properties": {"name": {"type": "string"}}},
        },
        "wait": {
            "type": "string",
            "format": "duration",
            "x-kubernetes-validations": [{"rule": "self <= duration('1h')"}],
        },
        "amount": {"type": "string", "x-kubernetes-validations": [{"rule": "int(self) > 0"}]},
        "host": {"type": "string", "x-kubernetes-validations": [{"rule": "self == oldSelf"}]},
    },
    "x-kubernetes-validations": [
        {
            "rule": "!has(self.since) || self.since < timestamp('2030-01-01T00:00:00Z')",
            "message": "it was not made in the future",
        },
        {"rule": "self.mode != 'Shut' || has(self.note)", "message": "what is shut says why"},
        {
            "rule": "!has(self.labels) || self.labels.all(k, k.find('^[^.]+') != 'old')",
            "messageExpression": "'old labels: ' + string(self.labels.size())",
        },
    ],
}
DEFINITION: dict[str, Any] = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "gates.example.com"},
    "spec": {
        "group": "example.com",
        "names": {"kind": "Gate", "plural": "gates"},
        "scope": "Namespaced",
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "subresources": {
                    "status": {},
                    "scale": {
                        "specReplicasPath": ".spec.replicas",
                        "statusReplicasPath": ".status",
                    },
                },
                "schema": {
                    "openAPIV3Schema": {
                        "type": "object",
                        "properties": {
                            "apiVersion": {"type": "string"},
                            "kind": {"type": "string"},
                            "metadata": {"type": "object"},
                            "spec": SPEC,
                            "status": {
                                "type": "object",
                                "default": {"ready": False},
                                "properties": {"ready": {"type": "boolean"}},
                            },
                        },
                    }
                },
            },
            {"name": "v0", "served": False, "storage": False, "schema": {"openAPIV3Schema": {}}},
        ],
    },
}


def gate(**spec: Any) -> dict[str, Any]:
    """A sound object, with these fields in its spec."""
    return {
        "apiVersion": "example.com/v1",
        "kind": "Gate",
        "metadata": {"name": "front", "namespace": "doors"},
        "spec": {"size": 4, **copy.deepcopy(spec)},
    }


def write_definition(folder: Path, **changed: Any) -> Path:
    """The definition as a file; JSON is YAML."""
    file = folder / "gates.yaml"
    file.write_text(json.dumps({**DEFINITION, **changed}), "utf-8")
    return file
