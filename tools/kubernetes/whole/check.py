"""Judges all that kustomize makes of the stages, one by one and together."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from tools.kubernetes.judge import builtin, server
from tools.kubernetes.judge.causes import Verdict
from tools.kubernetes.judge.definitions import Definitions
from tools.kubernetes.whole import plugins, pods, references
from tools.kubernetes.whole.findings import Finding, Whole, finding
from tools.kubernetes.whole.objects import NotRendered, Object, render

BLOCKED = ("staging", "prod")
"""Stages that run no image without a digest."""


@dataclass(slots=True)
class Report:
    """Of all stages: faults, what blocks a stage until it is resolved, and how many were judged."""

    faults: list[Finding] = field(default_factory=list)
    blocking: dict[str, list[Finding]] = field(default_factory=dict)
    judged: int = 0


def check(root: Path, kubectl: Path, served: Definitions) -> Report:
    """Everything of ``root`` (the folder `k8s/`): each stage's overlay and its Argo CD objects.

    Raises:
        NotCompiled: a rule of a definition cannot be evaluated here.
    """
    report, known = Report(), {}
    for folder in folders(root):
        try:
            objects = render(folder, kubectl)
        except NotRendered as error:
            file = folder / "kustomization.yaml"
            report.faults.append(Finding(file, 1, "<nil>", "kustomize", str(error)))
            continue
        report.judged += len(objects)
        for it in objects:
            key = json.dumps(it.manifest, sort_keys=True)
            if key not in known:
                known[key] = list(_judged(it, served))
            report.faults += known[key]
        _together(folder, Whole(tuple(objects)), report)
    report.faults = sorted(set(report.faults))
    return report


def folders(root: Path) -> list[Path]:
    """What kustomize makes a cluster's objects of: one for each stage, and one for its Argo CD."""
    found = [*(root / "overlays").iterdir(), *(root / "argocd").iterdir()]
    return sorted(it for it in found if it.is_dir() and it.name != "base")


def _judged(it: Object, served: Definitions) -> Iterable[Finding]:
    verdict: Verdict
    if builtin.is_built_in(it.manifest, served):
        verdict = builtin.judge(it.manifest)
    else:
        verdict = server.create(it.manifest, served)
    for cause in verdict.causes:
        yield finding(it, cause.field, cause.check, cause.message)


def _together(folder: Path, whole: Whole, report: Report) -> None:
    found = [*references.missing(whole), *pods.lacking(whole), *plugins.nonsense(whole)]
    for each in found:
        if each.rule != pods.DIGEST:
            report.faults.append(each)
        elif folder.name in BLOCKED:
            report.blocking.setdefault(folder.name, []).append(each)
