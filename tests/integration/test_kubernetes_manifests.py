"""The manifests in `k8s/` are sound, and each planted fault is found at its file and line."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pytest

from contracts.product import PRODUCT
from tests.support.recorded import FOLDER, with_definitions
from tools.kubernetes import environment
from tools.kubernetes.whole import plugins, pods, references
from tools.kubernetes.whole.check import folders
from tools.kubernetes.whole.findings import Finding, Whole
from tools.kubernetes.whole.objects import render, rendered_text

K8S = Path(__file__).parents[2] / "k8s"
PARTNERS, GATEWAY = "base/partners", "base/gateway"


@pytest.fixture(scope="module", autouse=True)
def installed() -> None:
    """The environment that the command makes when it is first wanted."""
    environment.install()


@dataclass(frozen=True)
class Planted:
    """A fault that somebody wrote: ``old`` became ``new``, and its last line is where it is."""

    file: str
    old: str
    new: str
    rule: str
    line_has: str | None = None


TOGETHER = (
    Planted(f"{PARTNERS}/routes.yaml", "name: partners-grpc", "name: partnerz", "route-service"),
    Planted(f"{PARTNERS}/routes.yaml", "port: 8080", "port: 8081", "route-port"),
    Planted(
        f"{PARTNERS}/routes.yaml", "rate-limit-standard,size-limit,", "rate-limit-std,", "plugin"
    ),
    Planted("base/mesh/partners.yaml", "sectionName: https", "sectionName: http", "route-gateway"),
    Planted(f"{PARTNERS}/consumers.yaml", "[northwind-key]", "[northwind]", "consumer-secret"),
    Planted(
        f"{PARTNERS}/secrets.yaml",
        "name: secrets-manager\n  target:\n    name: tailspin-key",
        "name: secret-manager\n  target:\n    name: tailspin-key",
        "secret-store",
        "name: secret-manager",
    ),
    Planted(
        f"{GATEWAY}/gateway.yaml", "name: edge-certificate", "name: edge-cert", "gateway-secret"
    ),
    Planted(
        f"{GATEWAY}/gateway.yaml",
        "gatewayClassName: kong",
        "gatewayClassName: konk",
        "gateway-class",
    ),
    Planted(
        f"{PARTNERS}/deployment.yaml",
        "secretProviderClass: machine-client",
        "secretProviderClass: machine-clients",
        "pod-volume",
    ),
    Planted(f"{PARTNERS}/deployment.yaml", "name: addresses", "name: address", "pod-secret"),
    Planted(f"{PARTNERS}/deployment.yaml", "http://127.0.0.1:2772", "http://agent:2772", "agent"),
    Planted(
        f"{PARTNERS}/deployment.yaml",
        "priorityClassName: serving",
        "priorityClassName: server",
        "priority",
    ),
    Planted(
        f"{PARTNERS}/deployment.yaml",
        "operator: Equal\n          value: spot",
        "operator: Equal\n          value: sport",
        "tolerations",
        "tolerations:",
    ),
    Planted(
        f"{PARTNERS}/deployment.yaml",
        "kubernetes.io/arch: arm64",
        "kubernetes.io/arch: amd64",
        "architecture",
        "nodeSelector:",
    ),
    Planted(
        f"{PARTNERS}/deployment.yaml",
        "            requests:\n              cpu: 25m\n              memory: 64Mi\n",
        "",
        "resources",
        "          resources:",
    ),
    Planted(
        f"{PARTNERS}/deployment.yaml",
        "runAsNonRoot: true",
        "runAsNonRoot: false",
        "restricted",
        "      securityContext:",
    ),
    Planted(
        f"{PARTNERS}/network.yaml",
        "podSelector:\n    matchLabels:\n      app.kubernetes.io/name: partners",
        "podSelector:\n    matchLabels:\n      app.kubernetes.io/name: partner",
        "network-policy",
        None,
    ),
    Planted(
        f"{PARTNERS}/autoscaling.yaml",
        "      app.kubernetes.io/name: partners",
        "      app.kubernetes.io/name: partner",
        "disruption-budget",
        None,
    ),
    Planted(f"{PARTNERS}/service.yaml", "targetPort: http", "targetPort: web", "service-port"),
    Planted(
        f"{PARTNERS}/plugins.yaml", "key_in_query: false", "key_in_query: true", "plugin-config"
    ),
    Planted(f"{PARTNERS}/plugins.yaml", "minute: 1200", "minute: 12", "plugin-config"),
    Planted(f"{PARTNERS}/plugins.yaml", "size_unit: kilobytes", "size_unit: KB", "plugin-config"),
    Planted(
        f"{PARTNERS}/plugins.yaml", "plugin: correlation-id", "plugin: corelation", "plugin-known"
    ),
    Planted(
        "base/platform/namespaces.yaml",
        "name: partners\n  labels:\n    pod-security.kubernetes.io/enforce: restricted",
        "name: partners\n  labels:\n    pod-security.kubernetes.io/enforce: baseline",
        "pod-security",
        "  labels:",
    ),
    Planted(
        "base/platform/default-deny.yaml",
        "name: default-deny\n  namespace: gateway\nspec:\n  podSelector: {}",
        "name: default-deny\n  namespace: gateway\nspec:\n  podSelector: {matchLabels: {a: b}}",
        "default-deny",
        None,
    ),
    Planted(
        "argocd/base/kong.yaml", f"project: {PRODUCT}", "project: another", "application-project"
    ),
    Planted(
        "argocd/base/lattice.yaml", "selfHeal: true", "selfHeal: false", "application-heals", ""
    ),
)


def whole_rules(root: Path) -> list[Finding]:
    """What the rules over all manifests find, without what only pinning resolves."""
    found: set[Finding] = set()
    for folder in folders(root):
        whole = Whole(tuple(render(folder, environment.KUBECTL)))
        for look in (references.missing, pods.lacking, plugins.nonsense):
            found |= set(look(whole))
    return [it for it in found if it.rule != pods.DIGEST]


def planted_in(root: Path, faults: Iterable[Planted]) -> None:
    """Write faults into a copy."""
    shutil.copytree(K8S, root)
    for each in faults:
        file = root / each.file
        text = file.read_text("utf-8")
        assert each.old in text, each
        file.write_text(text.replace(each.old, each.new, 1), "utf-8")


def lines_of(root: Path, fault: Planted) -> list[int]:
    """The lines where it may be said to be."""
    wanted = fault.line_has if fault.line_has is not None else fault.new.splitlines()[-1].strip()
    lines = (root / fault.file).read_text("utf-8").splitlines()
    return [number for number, line in enumerate(lines, start=1) if wanted in line]


def test_the_manifests_break_no_rule() -> None:
    assert [it.shown(K8S.parent) for it in whole_rules(K8S)] == []


def test_each_planted_fault_is_found_at_its_line(tmp_path: Path) -> None:
    root = tmp_path / "k8s"
    planted_in(root, TOGETHER)
    found = whole_rules(root)
    missed = []
    for fault in TOGETHER:
        of_rule = [it for it in found if it.rule == fault.rule]
        here = [it for it in of_rule if it.file == root / fault.file]
        at_line = [it for it in here if it.line in lines_of(root, fault)]
        is_elsewhere = fault.rule in ("network-policy", "disruption-budget", "default-deny")
        if not (of_rule if is_elsewhere else at_line):
            missed.append((fault, [it.shown(root) for it in of_rule]))
    assert missed == []


@pytest.mark.parametrize("folder", folders(K8S), ids=lambda it: f"{it.parent.name}-{it.name}")
def test_what_a_reviewer_reads_is_what_kustomize_makes(folder: Path) -> None:
    """`make k8s-render` writes it again."""
    kept = K8S / "rendered" / f"{folder.parent.name}-{folder.name}.yaml"
    assert rendered_text(folder, environment.KUBECTL) == kept.read_text("utf-8")


JUDGED = (
    Planted(f"{PARTNERS}/routes.yaml", "timeouts:", "timeout:", "strict"),
    Planted(f"{PARTNERS}/network.yaml", "protocol: UDP", "protocol: 17", "built-in"),
    Planted(f"{GATEWAY}/gateway.yaml", "mode: Terminate", "mode: Passthrough", "cel", "listeners:"),
    Planted("base/platform/nodes.yaml", "nodes: 20%", "nodes: 101%", "schema"),
    Planted("argocd/base/kong.yaml", "targetRevision:", "targetrevision:", "strict"),
)


@with_definitions
def test_the_command_finds_nothing_in_the_manifests_and_every_fault_in_a_copy(
    tmp_path: Path,
) -> None:
    command = [str(environment.PYTHON), "-m", "tools.kubernetes.commands", "check"]
    given = [f"--crds={FOLDER}"]
    sound = subprocess.run(
        [*command, *given, "--stage=prod"],
        cwd=K8S.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "no fault" in sound.stdout, sound.stdout + sound.stderr
    unresolved = "unresolved" in (K8S / "overlays/prod/images/kustomization.yaml").read_text(
        "utf-8"
    )
    assert (sound.returncode, "prod is blocked" in sound.stdout) == (unresolved, unresolved)
    root = tmp_path / "k8s"
    planted_in(root, JUDGED)
    faulty = subprocess.run(
        [*command, *given, f"--root={root}"],
        cwd=K8S.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert faulty.returncode == 1
    for fault in JUDGED:
        places = [f"k8s/{fault.file}:{number}: " for number in lines_of(root, fault)]
        told = [it for it in faulty.stdout.splitlines() if f": {fault.rule}: " in it]
        assert [it for it in told if it.startswith(tuple(places))], (fault, faulty.stdout)
