"""The manifests of a stage, as kustomize makes them, and the file and line that each comes from."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from tools.kubernetes.judge.numbers import read_integer

ORIGIN = "config.kubernetes.io/origin"
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_PODS_IN = {
    "Pod": "spec",
    "Deployment": "spec.template.spec",
    "StatefulSet": "spec.template.spec",
    "DaemonSet": "spec.template.spec",
    "Job": "spec.template.spec",
    "CronJob": "spec.jobTemplate.spec.template.spec",
}


class NotRendered(Exception):
    """Kustomize refuses a folder; the message is what it said."""


class _AsJson(_LOADER):  # type: ignore[misc]
    """Dates stay text, as in the JSON that the server gets; integers have 64 bits."""


_AsJson.yaml_implicit_resolvers = {
    first: [it for it in found if it[0] != "tag:yaml.org,2002:timestamp"]
    for first, found in _LOADER.yaml_implicit_resolvers.items()
}
_AsJson.add_constructor(
    "tag:yaml.org,2002:int",
    lambda loader, node: read_integer(str(yaml.SafeLoader.construct_yaml_int(loader, node))),
)


@dataclass(frozen=True, slots=True)
class Object:
    """One manifest; ``file`` is where it was written, before an overlay changed it."""

    manifest: dict[str, Any] = field(repr=False)
    file: Path

    @property
    def kind(self) -> str:
        """Such as ``Deployment``."""
        return str(self.manifest.get("kind"))

    @property
    def name(self) -> str:
        """Its own name."""
        return str(self.manifest.get("metadata", {}).get("name"))

    @property
    def namespace(self) -> str:
        """Where it is; an empty text for what is in none."""
        return str(self.manifest.get("metadata", {}).get("namespace", ""))

    @property
    def spec(self) -> dict[str, Any]:
        """What it asks for."""
        found = self.manifest.get("spec")
        return found if isinstance(found, dict) else {}

    @property
    def annotations(self) -> dict[str, str]:
        """Its annotations."""
        return self.manifest.get("metadata", {}).get("annotations") or {}

    @property
    def pod(self) -> tuple[str, dict[str, Any]] | None:
        """The path of the pod that it makes, and the pod's own spec."""
        path = _PODS_IN.get(self.kind)
        if path is None:
            return None
        found: Any = self.manifest
        for part in path.split("."):
            found = found.get(part) if isinstance(found, dict) else None
        return (path, found) if isinstance(found, dict) else None

    @property
    def pod_labels(self) -> dict[str, str]:
        """The labels of the pods that it makes."""
        if self.kind == "Pod":
            return dict(self.manifest["metadata"].get("labels") or {})
        template = self.spec.get("template") or self.spec.get("jobTemplate", {}).get("spec", {})
        return dict((template.get("metadata") or {}).get("labels") or {})

    def line(self, path: str) -> int:
        """The line of a field, or of the nearest one above it that is written there."""
        return _line(self.file, self.kind, self.name, path)


def render(folder: Path, kubectl: Path) -> list[Object]:
    """Every object of a folder for kustomize, in its order.

    Raises:
        NotRendered: kustomize refuses it.
    """
    with tempfile.TemporaryDirectory(prefix="rendered-") as place:
        here = Path(place).resolve()
        resource = os.path.relpath(folder.resolve(), here)
        wrapper = f"resources: [{resource}]\nbuildMetadata: [originAnnotations]\n"
        (here / "kustomization.yaml").write_text(wrapper, "utf-8")
        done = subprocess.run(
            [kubectl, "kustomize", str(here)], capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise NotRendered(done.stderr.strip().removeprefix("error: "))
        return [_object(it, here) for it in yaml.load_all(done.stdout, Loader=_AsJson) if it]


def rendered_text(folder: Path, kubectl: Path) -> str:
    """What a reviewer reads: the output of kustomize, as the cluster gets it.

    Raises:
        NotRendered: kustomize refuses it.
    """
    command = [str(kubectl), "kustomize", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise NotRendered(done.stderr.strip().removeprefix("error: "))
    return done.stdout


def _object(manifest: dict[str, Any], here: Path) -> Object:
    annotations = manifest["metadata"]["annotations"]
    path = yaml.safe_load(annotations.pop(ORIGIN))["path"]
    if not annotations:
        del manifest["metadata"]["annotations"]
    return Object(manifest, Path(os.path.normpath(here / path)))


@cache
def _nodes(file: Path) -> tuple[Any, ...]:
    return tuple(yaml.compose_all(file.read_text("utf-8"), Loader=_LOADER))


def _line(file: Path, kind: str, name: str, path: str) -> int:
    same_kind = [it for it in _nodes(file) if it is not None and _scalar(it, "kind") == kind]
    named = [it for it in same_kind if _scalar(_child(it, "metadata"), "name") == name]
    node = next(iter([*named, *same_kind]), None)
    if node is None:
        return 1
    lines = [node.start_mark.line, *_walk(node, path)]
    return int(lines[-1]) + 1


def _walk(node: Any, path: str) -> Iterator[int]:
    """The line of each part of a path, as far as the file has it."""
    while path:
        path = path.removeprefix(".")
        if isinstance(node, yaml.SequenceNode):
            found = re.match(r"\[(\d+)\]", path)
            if not found or int(found[1]) >= len(node.value):
                return
            node = node.value[int(found[1])]
            path = path[found.end() :]
            yield node.start_mark.line
        elif isinstance(node, yaml.MappingNode):
            pair, path = _entry(node, path)
            if pair is None:
                return
            node = pair[1]
            yield pair[0].start_mark.line
        else:
            return


def _entry(node: Any, path: str) -> tuple[Any, str]:
    """The entry whose name begins the path: the longest, since names may have dots."""
    for pair in sorted(node.value, key=lambda it: -len(str(it[0].value))):
        name = str(pair[0].value)
        for form in (name, f"[{name}]"):
            rest = path.removeprefix(form)
            if rest != path and rest[:1] in ("", ".", "["):
                return pair, rest
    return None, ""


def _child(node: Any, name: str) -> Any:
    for key, value in node.value if isinstance(node, yaml.MappingNode) else ():
        if key.value == name:
            return value
    return None


def _scalar(node: Any, name: str) -> str | None:
    found = _child(node, name)
    return found.value if isinstance(found, yaml.ScalarNode) else None
