"""Custom resource definitions: which kinds the server serves, and the schema of each."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tools.kubernetes.judge.pruning import Schema


class DefinitionsUnclear(Exception):
    """A definition cannot be read, or two of one kind differ; the message says where."""


@dataclass(frozen=True, slots=True)
class Definition:
    """One version of one kind that is served.

    Attributes:
        replicas_path: where the subresource ``scale`` finds how many are wanted, such as
            ``.spec.replicas``; empty for a kind that has none.
    """

    group: str
    version: str
    kind: str
    is_namespaced: bool
    has_status: bool
    schema: Schema = field(repr=False)
    replicas_path: str = ""
    source: str = field(default="", compare=False)


@dataclass(slots=True)
class Definitions:
    """All kinds that are served, by ``apiVersion`` and ``kind``."""

    served: dict[tuple[str, str], Definition] = field(default_factory=dict)

    def find(self, api_version: Any, kind: Any) -> Definition | None:
        """The definition of a manifest, or None."""
        if not isinstance(api_version, str) or not isinstance(kind, str):
            return None
        return self.served.get((api_version, kind))

    def serves(self, api_version: Any) -> bool:
        """Whether any kind of that group and version is served."""
        return any(each == api_version for each, _ in self.served)

    def add(self, document: Mapping[str, Any], source: str, kinds: Iterable[str] = ()) -> None:
        """Serve what a document defines: one of ``kinds``, where these are named.

        Raises:
            DefinitionsUnclear: it is no definition, or its kind is defined already.
        """
        try:
            spec = document["spec"]
            names, group = spec["names"], spec["group"]
            if set(kinds) and names["kind"] not in set(kinds):
                return
            for version in spec["versions"]:
                if version["served"]:
                    self._serve(spec, version, group, names["kind"], source)
        except (KeyError, TypeError) as error:
            raise DefinitionsUnclear(f"{source}: not a definition: {error!r}") from error

    def _serve(
        self, spec: Mapping[str, Any], version: Any, group: str, kind: str, source: str
    ) -> None:
        key = (f"{group}/{version['name']}", kind)
        if key in self.served:
            known = self.served[key].source
            raise DefinitionsUnclear(f"{key[0]} {kind} is defined in {known} and in {source}")
        subresources = version.get("subresources") or {}
        self.served[key] = Definition(
            group,
            version["name"],
            kind,
            is_namespaced=spec["scope"] == "Namespaced",
            has_status="status" in subresources,
            schema=version["schema"]["openAPIV3Schema"],
            replicas_path=(subresources.get("scale") or {}).get("specReplicasPath", ""),
            source=source,
        )


def documents(file: Path, cache: Path | None = None) -> list[Mapping[str, Any]]:
    """The definitions in a file of YAML; what was read once is in ``cache``, as JSON.

    Raises:
        DefinitionsUnclear: it is not YAML.
    """
    try:
        text = file.read_bytes()
        kept = cache / f"{hashlib.sha256(text).hexdigest()}.json" if cache else None
        if kept is not None and kept.is_file():
            with suppress(ValueError):
                known: list[Mapping[str, Any]] = json.loads(kept.read_bytes())
                return known
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        found = [it for it in yaml.load_all(text, Loader=loader) if isinstance(it, dict)]
    except (OSError, UnicodeError, yaml.YAMLError) as error:
        raise DefinitionsUnclear(f"{file}: {error}") from error
    definitions: list[Mapping[str, Any]] = [
        it for it in found if it.get("kind") == "CustomResourceDefinition"
    ]
    if kept is not None:
        _keep(definitions, kept)
    return definitions


def _keep(definitions: list[Any], file: Path) -> None:
    """Nothing depends on it: a folder that cannot be written costs time alone."""
    with suppress(OSError, TypeError):
        file.parent.mkdir(parents=True, exist_ok=True)
        draft = file.with_suffix(f".{os.getpid()}")
        draft.write_text(json.dumps(definitions), "utf-8")
        draft.replace(file)
