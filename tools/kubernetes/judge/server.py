"""Judges one manifest as a server would that serves these definitions, with strict checks."""

from __future__ import annotations

import copy
from typing import Any

from tools.kubernetes.judge import defaults, lists, metadata, pruning, rules
from tools.kubernetes.judge.causes import (
    BLOCKING,
    ROOT,
    Cause,
    Verdict,
    invalid,
    refused,
)
from tools.kubernetes.judge.definitions import Definition, Definitions
from tools.kubernetes.judge.schema import Checker

_SKIPPED = (
    "some validation rules were not checked because the object was invalid; correct the existing "
    "errors to complete validation"
)
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
    version = new["metadata"].get("resourceVersion", "")
    if version.isdigit() and int(version) > 0:
        told = "resourceVersion should not be set on objects to be created"
        return refused([Cause("metadata.resourceVersion", "InternalError", "metadata", told)])
    if definition.has_status:
        new.pop("status", None)
    causes = _causes(new, definition)
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
    moved = _other_object(new, before)
    if moved is not None:
        return refused([moved])
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


def _other_object(new: dict[str, Any], before: dict[str, Any]) -> Cause | None:
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
