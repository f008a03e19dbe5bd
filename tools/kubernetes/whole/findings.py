"""A fault in the manifests of a stage, and whoever looks for them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tools.kubernetes.whole.objects import Object


@dataclass(frozen=True, order=True, slots=True)
class Finding:
    """A fault: where it is, which rule it breaks, and what to do.

    ``line`` counts from 1. ``path`` is the field's, such as ``spec.rules[0]``.
    """

    file: Path
    line: int
    path: str
    rule: str
    message: str

    def shown(self, root: Path) -> str:
        """As a line for a person: ``file:line: path: rule: message``."""
        file = self.file.relative_to(root) if self.file.is_relative_to(root) else self.file
        return f"{file}:{self.line}: {self.path}: {self.rule}: {self.message}"


@dataclass(frozen=True, slots=True)
class Whole:
    """All objects of a stage."""

    objects: tuple[Object, ...]

    def of(self, *kinds: str) -> list[Object]:
        """Those of these kinds."""
        return [it for it in self.objects if it.kind in kinds]

    def find(self, kind: str, namespace: str, name: str) -> Object | None:
        """One object, or None."""
        for it in self.of(kind):
            if (it.namespace, it.name) == (namespace, name):
                return it
        return None

    def with_pods(self) -> Iterable[tuple[Object, str, dict[str, object]]]:
        """What makes pods: object, the path of the pod in it, the pod's spec."""
        for it in self.objects:
            if it.pod is not None:
                yield it, *it.pod


def finding(it: Object, path: str, rule: str, message: str) -> Finding:
    """A fault of an object, at the line of the field."""
    return Finding(it.file, it.line(path), path, rule, f"{it.kind} {it.name}: {message}")
