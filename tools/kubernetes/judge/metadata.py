"""What the server asks of ``metadata``, which is the same for every kind."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from tools.kubernetes.judge import names, paths
from tools.kubernetes.judge.causes import Cause, invalid, required, too_long
from tools.kubernetes.judge.formats import is_time

ANNOTATION_BYTES = 256 * 1024
"""All keys and values of one object's annotations."""
_TIME = "time"
"""A text with a time of RFC 3339."""
_ANY = "any"
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
    "time": _TIME,
    "fieldsType": str,
    "fieldsV1": _ANY,
    "subresource": str,
}
_FIELDS: dict[str, Any] = {
    **dict.fromkeys(_TEXTS, str),
    "generation": int,
    "creationTimestamp": _TIME,
    "deletionTimestamp": _TIME,
    "deletionGracePeriodSeconds": int,
    "labels": {"*": str},
    "annotations": {"*": str},
    "finalizers": [str],
    "ownerReferences": [_OWNER],
    "managedFields": [_MANAGED],
}
_GO_TYPES = {str: "string", bool: "bool", int: "int64", _TIME: "string"}
_SERVER_MADE = (
    *("uid", "selfLink", "generation"),
    *("creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds"),
)


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
    read = manifest["metadata"] = _read(manifest["metadata"], _FIELDS, "metadata", unknown)
    if "ownerReferences" in read:
        read["ownerReferences"] = _each_once(read["ownerReferences"])
    return sorted(unknown)


def other_object(new: dict[str, Any], before: dict[str, Any]) -> Cause | None:
    """Whether a replacement names another object than the one that it replaces."""
    for name in ("name", "namespace"):
        told, known = new["metadata"].get(name, ""), before["metadata"].get(name, "")
        if told != known and (name == "name" or told):
            message = (
                f"the {name} of the object ({told}) does not match the {name} on the URL ({known})"
            )
            return Cause(f"metadata.{name}", "BadRequest", "metadata", message)
    if new["kind"] != before["kind"]:
        message = f"{new['kind']} cannot be handled as a {before['kind']}"
        return Cause("kind", "BadRequest", "metadata", message)
    return None


def prepare_for_create(metadata: dict[str, Any]) -> Cause | None:
    """Take out what the server makes itself, and name the object if its name is generated.

    The cause is told only of an object that has no other fault.
    """
    for name in _SERVER_MADE:
        metadata.pop(name, None)
    if metadata.get("generateName") and not metadata.get("name"):
        metadata["name"] = names.generated(metadata["generateName"])
    if not _version(metadata):
        return None
    told = "resourceVersion should not be set on objects to be created"
    return Cause("metadata.resourceVersion", "InternalError", "metadata", told)


def prepare_for_update(metadata: dict[str, Any]) -> Cause | None:
    """Take out what an update cannot change; the cause is a conflict with the object as it is.

    The server alone knows an object's ``uid`` and ``resourceVersion``: one that a manifest names
    is that of another object or of an older state.
    """
    for name in ("generation", "creationTimestamp", "selfLink"):
        metadata.pop(name, None)
    if metadata.get("uid"):
        told = f"Precondition failed: UID in precondition: {metadata['uid']}"
        return Cause("metadata.uid", "Conflict", "metadata", told)
    if metadata.get("resourceVersion", "") != "":
        if _version(metadata) == 0:
            return _invalid("metadata.resourceVersion", 0, "must be specified for an update")
        told = (
            "the object has been modified; please apply your changes to the latest version and "
            "try again"
        )
        return Cause("metadata.resourceVersion", "Conflict", "metadata", told)
    return None


def problems(
    metadata: dict[str, Any],
    *,
    is_namespaced: bool,
    of_name: Callable[[str], Iterable[str]] = names.subdomain_problems,
) -> Iterable[Cause]:
    """What is wrong with the values of ``metadata``; ``of_name`` judges a name of its kind."""
    name, prefix = metadata.get("name", ""), metadata.get("generateName", "")
    if prefix:
        for told in of_name(names.prefix_of_name(prefix)):
            yield _invalid("metadata.generateName", prefix, told)
    if not name and not prefix:
        yield required("metadata.name", "name or generateName is required", "metadata")
    elif name:
        yield from (_invalid("metadata.name", name, it) for it in of_name(name))
    if is_namespaced and metadata.get("namespace"):
        namespace = metadata["namespace"]
        for told in names.label_problems(namespace):
            yield _invalid("metadata.namespace", namespace, told)
    yield from _labels(metadata.get("labels", {}))
    yield from _annotations(metadata.get("annotations", {}))
    yield from _owners(metadata.get("ownerReferences", []))
    for each in metadata.get("finalizers", []):
        for told in names.qualified_problems(each):
            yield _invalid("metadata.finalizers", each, told)
    if {"orphan", "foregroundDeletion"} <= set(metadata.get("finalizers", [])):
        told = "finalizer orphan and foregroundDeletion cannot be both set"
        yield _invalid("metadata.finalizers", metadata["finalizers"], told)
    for each in ("deletionTimestamp", "deletionGracePeriodSeconds"):
        if each in metadata:  # creation took them out; nothing here is being deleted
            yield _invalid(f"metadata.{each}", metadata[each], "field is immutable")


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
    path = "metadata.ownerReferences"
    for owner in owners:
        api_version, kind = owner.get("apiVersion", ""), owner.get("kind", "")
        if api_version.count("/") > 1 or not api_version.rpartition("/")[2]:
            yield _invalid(f"{path}.apiVersion", api_version, "version must not be empty")
        for name in ("kind", "name", "uid"):
            if not owner.get(name):
                yield _invalid(paths.child(path, name), "", "must not be empty")
        if (api_version, kind) == ("v1", "Event"):
            yield _invalid(path, owner, "/v1, Kind=Event is disallowed from being an owner")
    if sum(bool(it.get("controller")) for it in owners) > 1:
        told = "Only one reference can have Controller set to true"
        yield _invalid(path, owners, told)


def _each_once(owners: list[dict[str, Any]]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for each in owners:
        if each not in found:
            found.append(each)
    return found


def _version(metadata: dict[str, Any]) -> int:
    """What storage reads as a version: 0 is none."""
    given = metadata.get("resourceVersion", "")
    return int(given) if given.isascii() and given.isdigit() else 0


def _invalid(path: str, value: Any, message: str) -> Cause:
    return invalid(path, value, message, "metadata")


def _read(value: Any, expected: Any, path: str, unknown: list[str]) -> Any:
    if expected is _ANY:
        return value
    if isinstance(expected, list):
        if not isinstance(value, list):
            raise _unreadable(value, path, "[]" + _GO_TYPES.get(expected[0], "struct"))
        return [
            _read(
                _empty(expected[0]) if each is None else each,
                *(expected[0], paths.index(path, number), unknown),
            )
            for number, each in enumerate(value)
        ]
    if isinstance(expected, dict):
        return _read_object(value, expected, path, unknown)
    if expected is int and isinstance(value, float) and value.is_integer():
        return int(value)
    if type(value) is not (str if expected is _TIME else expected):
        raise _unreadable(value, path, _GO_TYPES[expected])
    if expected is _TIME and not is_time(value):
        told = f'parsing time "{value}" as "2006-01-02T15:04:05Z07:00"'
        raise Unreadable(Cause(path, "BadRequest", "metadata", told))
    return value


def _empty(expected: Any) -> Any:
    """What a null in a list is read as."""
    return {} if isinstance(expected, dict) else ""


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
            found[name] = _read("" if each is None else each, known, where, unknown)
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
