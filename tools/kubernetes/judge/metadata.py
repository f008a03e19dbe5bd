"""What the server asks of ``metadata``, which is the same for every kind."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tools.kubernetes.judge import names, paths
from tools.kubernetes.judge.causes import Cause, duplicate, invalid, required, too_long
from tools.kubernetes.judge.formats import is_date_time

ANNOTATION_BYTES = 256 * 1024
"""All keys and values of one object's annotations."""
_TEXTS = ("name", "generateName", "namespace", "selfLink", "uid", "resourceVersion")
_OWNER = {
    "apiVersion": str,
    "kind": str,
    "name": str,
    "uid": str,
    "controller": bool,
    "blockOwnerDeletion": bool,
}
_MANAGED = {
    "manager": str,
    "operation": str,
    "apiVersion": str,
    "time": str,
    "fieldsType": str,
    "fieldsV1": dict,
    "subresource": str,
}
_FIELDS: dict[str, Any] = {
    **dict.fromkeys(_TEXTS, str),
    "generation": int,
    "creationTimestamp": str,
    "deletionTimestamp": str,
    "deletionGracePeriodSeconds": int,
    "labels": {"*": str},
    "annotations": {"*": str},
    "finalizers": [str],
    "ownerReferences": [_OWNER],
    "managedFields": [_MANAGED],
}
_GO_TYPES = {str: "string", bool: "bool", int: "int64", dict: "v1.FieldsV1"}
_OPEN = ("fieldsV1",)


class Unreadable(Exception):
    """A field of ``metadata`` has a type that cannot be decoded: 400, and nothing else is asked."""

    def __init__(self, cause: Cause) -> None:
        super().__init__(cause.message)
        self.cause = cause


def read(manifest: dict[str, Any]) -> list[str]:
    """Take nulls and unknown fields out of ``metadata``; return the paths of the unknown ones.

    Raises:
        Unreadable: a field has another type than ``metadata`` has there.
    """
    if manifest.get("metadata") is None:
        manifest["metadata"] = {}
    unknown: list[str] = []
    manifest["metadata"] = _read(manifest["metadata"], _FIELDS, "metadata", unknown)
    for name in ("creationTimestamp", "deletionTimestamp"):
        value = manifest["metadata"].get(name)
        if value is not None and not is_date_time(value):
            told = f'parsing time "{value}" as "2006-01-02T15:04:05Z07:00"'
            raise Unreadable(Cause(f"metadata.{name}", "BadRequest", "metadata", told))
    return sorted(unknown)


def problems(metadata: dict[str, Any], *, is_namespaced: bool) -> Iterable[Cause]:
    """What is wrong with the values of ``metadata``."""
    name, prefix = metadata.get("name", ""), metadata.get("generateName", "")
    if prefix:
        for told in names.subdomain_problems(names.prefix_of_name(prefix)):
            yield _invalid("metadata.generateName", prefix, told)
    if not name and not prefix:
        yield required("metadata.name", "name or generateName is required", "metadata")
    elif name:
        yield from (_invalid("metadata.name", name, it) for it in names.subdomain_problems(name))
    if is_namespaced and metadata.get("namespace"):
        namespace = metadata["namespace"]
        for told in names.label_problems(namespace):
            yield _invalid("metadata.namespace", namespace, told)
    yield from _labels(metadata.get("labels", {}))
    yield from _annotations(metadata.get("annotations", {}))
    yield from _owners(metadata.get("ownerReferences", []))
    for number, each in enumerate(metadata.get("finalizers", [])):
        for told in names.qualified_problems(each):
            yield _invalid(paths.index("metadata.finalizers", number), each, told)
    if {"orphan", "foregroundDeletion"} <= set(metadata.get("finalizers", [])):
        told = "finalizer orphan and foregroundDeletion cannot be both set"
        yield _invalid("metadata.finalizers", metadata["finalizers"], told)
    for each in ("generation", "deletionGracePeriodSeconds"):
        if metadata.get(each, 0) < 0 and each == "generation":
            told = "must be greater than or equal to 0"
            yield _invalid(f"metadata.{each}", metadata[each], told)


def _labels(labels: dict[str, str]) -> Iterable[Cause]:
    for key, value in labels.items():
        yield from (_invalid("metadata.labels", key, it) for it in names.qualified_problems(key))
        yield from (_invalid("metadata.labels", value, it) for it in names.value_problems(value))


def _annotations(annotations: dict[str, str]) -> Iterable[Cause]:
    size = 0
    for key, value in annotations.items():
        for told in names.qualified_problems(key.lower()):
            yield _invalid("metadata.annotations", key, told)
        size += len(key.encode()) + len(value.encode())
    if size > ANNOTATION_BYTES:
        yield too_long("metadata.annotations", ANNOTATION_BYTES, "metadata")


def _owners(owners: list[dict[str, Any]]) -> Iterable[Cause]:
    seen = set()
    for number, owner in enumerate(owners):
        path = paths.index("metadata.ownerReferences", number)
        for name in ("apiVersion", "kind", "name", "uid"):
            if not owner.get(name):
                said = "version must not be empty" if name == "apiVersion" else "must not be empty"
                yield _invalid(paths.child(path, name), owner.get(name, ""), said)
        if owner.get("uid") in seen:
            yield duplicate(path, owner["uid"])
        seen.add(owner.get("uid"))
    if sum(bool(it.get("controller")) for it in owners) > 1:
        told = "Only one reference can have Controller set to true"
        yield _invalid("metadata.ownerReferences", owners, told)


def _invalid(path: str, value: Any, message: str) -> Cause:
    return invalid(path, value, message, "metadata")


def _read(value: Any, expected: Any, path: str, unknown: list[str]) -> Any:
    if isinstance(expected, list):
        if not isinstance(value, list):
            raise _unreadable(value, path, "[]" + _GO_TYPES.get(expected[0], "struct"))
        return [
            _read(each, expected[0], paths.index(path, number), unknown)
            for number, each in enumerate(value)
            if each is not None
        ]
    if isinstance(expected, dict):
        return _read_object(value, expected, path, unknown)
    fits = type(value) is expected
    if not fits:
        raise _unreadable(value, path, _GO_TYPES[expected])
    return value


def _read_object(value: Any, expected: dict[str, Any], path: str, unknown: list[str]) -> Any:
    is_map = "*" in expected
    if not isinstance(value, dict):
        raise _unreadable(value, path, "map[string]string" if is_map else "struct")
    found = {}
    for name, each in value.items():
        known = expected.get(name, expected.get("*"))
        if known is None:
            unknown.append(paths.child(path, name))
        elif each is None and not is_map:
            continue
        else:
            where = path if is_map else paths.child(path, name)
            found[name] = "" if each is None else _read(each, known, where, unknown)
    return found


def _unreadable(value: Any, path: str, wanted: str) -> Unreadable:
    found = {bool: "bool", int: "number", float: "number", str: "string", list: "array"}.get(
        type(value), "object"
    )
    name = path.removeprefix("metadata.").split("[")[0]
    told = f"json: cannot unmarshal {found} into Go struct field ObjectMeta.{name} of type {wanted}"
    if path == "metadata":
        told = f"json: cannot unmarshal {found} into Go value of type v1.ObjectMeta"
    return Unreadable(Cause(path, "BadRequest", "metadata", told))
