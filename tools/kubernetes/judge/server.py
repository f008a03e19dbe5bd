"""Judges one manifest as a server would that serves these definitions, with strict checks."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from typing import Any

from tools.kubernetes.judge import defaults, lists, metadata, pruning, rules
from tools.kubernetes.judge.causes import (
    BLOCKING,
    ROOT,
    Cause,
    Verdict,
    invalid,
    quoted,
    refused,
)
from tools.kubernetes.judge.definitions import Definition, Definitions
from tools.kubernetes.judge.schema import Checker

_SKIPPED = (
    "some validation rules were not checked because the object was invalid; correct the existing "
    "errors to complete validation"
)
_MOST_REPLICAS = 2**31 - 1
_CHECKER = Checker(rules.matches)


def create(manifest: dict[str, Any], served: Definitions) -> Verdict:
    """What becomes of a new object.

    Raises:
        NotCompiled: a rule of its definition cannot be evaluated here.
    """
    found = _decoded(manifest, served)
    if isinstance(found, Verdict):
        return found
    definition, new = found
    not_new = metadata.prepare_for_create(new["metadata"])
    if definition.has_status:
        new.pop("status", None)
    causes = _causes(new, definition) or ([not_new] if not_new else [])
    return refused(causes) if causes else Verdict("accepted", stored=_as_kept(new, definition))


def update(manifest: dict[str, Any], before: dict[str, Any], served: Definitions) -> Verdict:
    """What becomes of a full replacement of ``before``, an object as it was kept.

    Raises:
        NotCompiled: a rule of its definition cannot be evaluated here.
    """
    found = _decoded(manifest, served)
    if isinstance(found, Verdict):
        return found
    definition, new = found
    hindrance = metadata.other_object(new, before) or metadata.prepare_for_update(new["metadata"])
    if hindrance is not None:
        return refused([hindrance])
    if definition.has_status:
        new.pop("status", None)
        if "status" in before:
            new["status"] = copy.deepcopy(before["status"])
    old = {**copy.deepcopy(before), "apiVersion": new["apiVersion"]}
    defaults.fill(old, definition.schema)
    causes = _causes(new, definition, old)
    return refused(causes) if causes else Verdict("accepted", stored=_as_kept(new, definition))


def _decoded(
    manifest: dict[str, Any], served: Definitions
) -> Verdict | tuple[Definition, dict[str, Any]]:
    """The manifest as the server reads it: without nulls, with defaults; or why it cannot."""
    definition = served.find(manifest.get("apiVersion"), manifest.get("kind"))
    if definition is None:
        unknown = "kind" if served.serves(manifest.get("apiVersion")) else "apiVersion"
        return refused([Cause(unknown, "NotFound", "discovery", "404 page not found")])
    new = copy.deepcopy(manifest)
    try:
        unknown_fields = metadata.read(new)
    except metadata.Unreadable as error:
        return refused([error.cause])
    unknown_fields += pruning.prune(new, definition.schema)
    if unknown_fields:
        return refused(
            Cause(it, "UnknownField", "strict", f'unknown field "{it}"') for it in unknown_fields
        )
    pruning.drop_nulls(new, definition.schema)
    defaults.fill(new, definition.schema)
    return definition, new


def _causes(
    new: dict[str, Any], definition: Definition, old: dict[str, Any] | None = None
) -> list[Cause]:
    schema = definition.schema
    causes = list(metadata.problems(new["metadata"], is_namespaced=definition.is_namespaced))
    causes += _CHECKER.check(new, schema).causes
    causes += _replicas(new, definition.replicas_path)
    if old is None or not lists.duplicates(old, schema):
        causes += lists.duplicates(new, schema)
    if not rules.has_rules_cached(schema):
        return causes
    if any(it.reason in BLOCKING for it in causes):
        skipped = invalid("", None, _SKIPPED, "note")
        return [*causes, Cause(ROOT, skipped.reason, "note", skipped.message)]
    return [*causes, *rules.broken(new, schema, rules.NOT_THERE if old is None else old)]


def _as_kept(new: dict[str, Any], definition: Definition) -> dict[str, Any]:
    """As it is read back: the defaults of ``status`` too."""
    kept = copy.deepcopy(new)
    defaults.fill(kept, definition.schema)
    return kept


def _replicas(new: dict[str, Any], path: str) -> Iterable[Cause]:
    """What the subresource ``scale`` asks of the number that it scales, where a kind has one."""
    value: Any = new if path else None
    for name in path.split(".")[1:]:
        value = value.get(name) if isinstance(value, dict) else None
    if value is None:
        return
    if not isinstance(value, int) or isinstance(value, bool):
        told = f"{path} accessor error: {quoted(value)} is no int64"
        yield invalid(path, 0, told)
    elif value < 0:
        yield invalid(path, value, "should be a non-negative integer")
    elif value > _MOST_REPLICAS:
        yield invalid(path, value, f"should be less than or equal to {_MOST_REPLICAS}")
