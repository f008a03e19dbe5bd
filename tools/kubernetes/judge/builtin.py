"""Judges the kinds that every cluster has.

Types and unknown fields are in the schemas that kubernetes-validate packages; what else the server
asks of the kinds that this project and its neighbours write is in ``built_in.yaml``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from tools.kubernetes.judge import defaults, lists, metadata, names, paths, rules
from tools.kubernetes.judge.causes import BLOCKING, ROOT, Cause, Verdict, compact, refused
from tools.kubernetes.judge.definitions import Definitions
from tools.kubernetes.judge.pruning import Schema
from tools.kubernetes.judge.schema import Checker

KUBERNETES = "1.35"
"""The version of the clusters that manifests are written for."""
_FOLDER = f"kubernetes-json-schema/v{KUBERNETES}.0-local-strict"
_RULES = Path(__file__).with_name("built_in.yaml")
_NAMES = {
    "subdomain": names.subdomain_problems,
    "label": names.label_problems,
    "segment": names.segment_problems,
}
_CHECKER = Checker(rules.matches)
_CLUSTER_WIDE = frozenset(
    {"Namespace", "PriorityClass", "StorageClass", "ClusterRole", "ClusterRoleBinding"}
)
_REASONS = {
    "required": "FieldValueRequired",
    "type": "FieldValueTypeInvalid",
    "enum": "FieldValueNotSupported",
}


def is_built_in(manifest: dict[str, Any], served: Definitions) -> bool:
    """Whether a manifest's kind is one that every cluster has."""
    api_version, kind = manifest.get("apiVersion"), manifest.get("kind")
    if served.find(api_version, kind) or served.serves(api_version):
        return False
    if not isinstance(api_version, str) or not isinstance(kind, str):
        return False
    return _schema(api_version, kind) is not None


def judge(manifest: dict[str, Any], before: dict[str, Any] | None = None) -> Verdict:
    """Whether a server takes an object of such a kind, or a replacement of ``before``."""
    from jsonschema.validators import Draft202012Validator  # 0.1 s, for cases that need it

    schema = _schema(manifest["apiVersion"], manifest["kind"])
    new = _without_nulls(manifest)
    try:
        unknown = metadata.read(new)
    except metadata.Unreadable as error:
        return refused([error.cause])
    validator = Draft202012Validator(schema, registry=_registry())
    causes = [cause for error in validator.iter_errors(new) for cause in _of(error)]
    causes += [Cause(it, "UnknownField", "strict", f'unknown field "{it}"') for it in unknown]
    if causes:
        return refused(causes)
    if before is None:
        not_new = metadata.prepare_for_create(new["metadata"])
        causes = [*_broken(new, None)] or ([not_new] if not_new else [])
    else:
        hindrance = metadata.other_object(new, before)
        hindrance = hindrance or metadata.prepare_for_update(new["metadata"])
        causes = [hindrance] if hindrance else [*_broken(new, before)]
    return refused(causes) if causes else Verdict("accepted", stored=new)


def _broken(new: dict[str, Any], before: dict[str, Any] | None) -> Iterable[Cause]:
    """What an object of the right types breaks; it gets the defaults that rules read."""
    asked = _asked().get(f"{new['apiVersion']} {new['kind']}", {})
    defaults.fill(new, asked)
    yield from metadata.problems(
        new["metadata"],
        is_namespaced=new["kind"] not in _CLUSTER_WIDE,
        of_name=_NAMES[asked.get("x-name", "subdomain")],
    )
    longest = asked.get("x-name-length")
    if longest and len(new["metadata"].get("name", "")) > longest:
        told = f"Invalid value: must be no more than {longest} characters"
        yield Cause("metadata.name", "FieldValueInvalid", "metadata", told)
    found = [*_CHECKER.check(new, asked).causes, *lists.duplicates(new, asked)]
    if not any(it.reason in BLOCKING for it in found):
        found += rules.broken(new, asked, rules.NOT_THERE if before is None else before)
    yield from (replace(it, check="built-in") for it in found)


def _without_nulls(value: Any) -> Any:
    """As such a kind is read: a field that is null is not there."""
    if isinstance(value, dict):
        return {name: _without_nulls(it) for name, it in value.items() if it is not None}
    return [_without_nulls(it) for it in value] if isinstance(value, list) else value


@cache
def _asked() -> dict[str, Schema]:
    kinds: dict[str, Schema] = yaml.safe_load(_RULES.read_text("utf-8"))["kinds"]
    return kinds


def _of(error: Any) -> Iterable[Cause]:
    path = ""
    for part in error.absolute_path:
        path = paths.index(path, part) if isinstance(part, int) else paths.child(path, part)
    if error.validator == "additionalProperties":
        known = error.schema.get("properties", {})
        for name in sorted(set(error.instance) - set(known)):
            field = paths.child(path, name)
            yield Cause(field, "UnknownField", "strict", f'unknown field "{field}"')
    elif error.validator == "required":
        for name in [it for it in error.validator_value if it not in error.instance]:
            field = paths.child(path, name)
            yield Cause(field, "FieldValueRequired", "built-in", "Required value")
    else:
        reason = _REASONS.get(error.validator, "FieldValueInvalid")
        shown = f"Invalid value: {compact(error.instance)[:60]}: {error.message[:80]}"
        yield Cause(path or ROOT, reason, "built-in", shown)


@cache
def _schema(api_version: str, kind: str) -> Any:
    group, _, version = api_version.rpartition("/")
    if "." in group and not group.endswith(".k8s.io"):
        return None
    short = f"{group.split('.')[0]}-{version}" if group else version
    if not f"{short}{kind}".replace("-", "").isalnum() or not f"{short}{kind}".isascii():
        return None
    found = _packaged(f"{kind.lower()}-{short}.json")
    of_kind = {"group": group, "version": version, "kind": kind}
    is_it = found and of_kind in (found.get("x-kubernetes-group-version-kind") or [])
    return found if is_it else None


@cache
def _registry() -> Any:
    from referencing import Registry, Resource

    return Resource.from_contents(_packaged("_definitions.json")) @ Registry()


@cache
def _packaged(name: str) -> Any:
    from kubernetes_validate.utils import schema_contents

    try:
        return schema_contents(f"{_FOLDER}/{name}", KUBERNETES)
    except FileNotFoundError:
        return None
