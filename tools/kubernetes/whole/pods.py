"""What every pod has: a policy for its network, requests, a digest, and few rights."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from tools.kubernetes.whole.findings import Finding, Whole, finding
from tools.kubernetes.whole.objects import Object
from tools.kubernetes.whole.references import secrets_made

SPOT = {"key": "capacity", "operator": "Equal", "value": "spot", "effect": "NoSchedule"}
RESTRICTED = "pod-security.kubernetes.io/enforce"
AGENT, AGENT_URL = "/aws-appconfig-agent", "CONFIGURATION_AGENT_URL"
DIGEST = "image-digest"
"""The rule whose findings block a stage, and are no fault of who wrote the manifest."""
_PROBES = ("readinessProbe", "livenessProbe", "startupProbe")


def lacking(whole: Whole) -> Iterable[Finding]:
    """What a pod, its namespace, or a service before it lacks."""
    for it, path, pod in whole.with_pods():
        yield from _scheduling(whole, it, path, pod)
        yield from _surroundings(whole, it, path)
        yield from _named(whole, it, path, pod)
        yield from _rights(it, path, pod)
        yield from _configured(it, path, pod)
        for number, container in enumerate(_list(pod.get("containers"))):
            yield from _container(it, f"{path}.containers[{number}]", container)
        containers = _list(pod.get("containers"))
        for probe in _PROBES if containers else ():
            if probe not in containers[0]:
                told = f"{containers[0].get('name')} has no {probe}"
                yield finding(it, f"{path}.containers[0]", "probes", told)
    for namespace in whole.of("Namespace"):
        yield from _namespace(whole, namespace)
    for service in whole.of("Service"):
        yield from _service(whole, service)


def _scheduling(whole: Whole, it: Object, path: str, pod: Mapping[str, Any]) -> Iterable[Finding]:
    if SPOT not in _list(pod.get("tolerations")):
        yield finding(it, f"{path}.tolerations", "tolerations", "it cannot run on Spot nodes")
    if (pod.get("nodeSelector") or {}).get("kubernetes.io/arch") != "arm64":
        yield finding(it, f"{path}.nodeSelector", "architecture", "every node is arm64")
    spread = [each.get("topologyKey") for each in _list(pod.get("topologySpreadConstraints"))]
    if "topology.kubernetes.io/zone" not in spread:
        told = "its pods may all be in one zone"
        yield finding(it, f"{path}.topologySpreadConstraints", "spread", told)
    priority = str(pod.get("priorityClassName", ""))
    if whole.find("PriorityClass", "", priority) is None:
        told = f"there is no PriorityClass {priority or 'named'}"
        yield finding(it, f"{path}.priorityClassName", "priority", told)


def _surroundings(whole: Whole, it: Object, path: str) -> Iterable[Finding]:
    own = [each for each in whole.of("NetworkPolicy") if each.namespace == it.namespace]
    selecting = [each for each in own if _selects(each.spec.get("podSelector"), it.pod_labels)]
    if not [each for each in selecting if each.spec.get("podSelector")]:
        yield finding(it, path, "network-policy", "no NetworkPolicy is for its pods")
    budgets = [
        each
        for each in whole.of("PodDisruptionBudget")
        if each.namespace == it.namespace and _selects(each.spec.get("selector"), it.pod_labels)
    ]
    if it.kind in ("Deployment", "StatefulSet") and not budgets:
        yield finding(it, path, "disruption-budget", "no PodDisruptionBudget is for its pods")


def _named(whole: Whole, it: Object, path: str, pod: Mapping[str, Any]) -> Iterable[Finding]:
    account = str(pod.get("serviceAccountName", ""))
    if whole.find("ServiceAccount", it.namespace, account) is None:
        told = f"there is no ServiceAccount {account or 'named'} in {it.namespace}"
        yield finding(it, f"{path}.serviceAccountName", "service-account", told)
    made = secrets_made(whole)
    for number, container in enumerate(_list(pod.get("containers"))):
        for index, each in enumerate(_list(container.get("envFrom"))):
            name = (each.get("secretRef") or {}).get("name")
            if name and (it.namespace, name) not in made:
                at = f"{path}.containers[{number}].envFrom[{index}].secretRef.name"
                told = f"nothing makes a Secret {name} in {it.namespace}"
                yield finding(it, at, "pod-secret", told)
    for number, volume in enumerate(_list(pod.get("volumes"))):
        attributes = (volume.get("csi") or {}).get("volumeAttributes") or {}
        name = attributes.get("secretProviderClass")
        if name and whole.find("SecretProviderClass", it.namespace, name) is None:
            at = f"{path}.volumes[{number}].csi.volumeAttributes.secretProviderClass"
            told = f"there is no SecretProviderClass {name} in {it.namespace}"
            yield finding(it, at, "pod-volume", told)


def _configured(it: Object, path: str, pod: Mapping[str, Any]) -> Iterable[Finding]:
    """Who reads configuration asks the agent in its own pod."""
    containers = _list(pod.get("containers"))
    agents = {
        f"http://127.0.0.1:{port.get('containerPort')}"
        for container in containers
        if AGENT in str(container.get("image", ""))
        for port in _list(container.get("ports"))
    }
    for number, container in enumerate(containers):
        for index, variable in enumerate(_list(container.get("env"))):
            if variable.get("name") == AGENT_URL and variable.get("value") not in agents:
                at = f"{path}.containers[{number}].env[{index}].value"
                yield finding(it, at, "agent", f"no agent in the pod is {variable.get('value')}")


def _rights(it: Object, path: str, pod: Mapping[str, Any]) -> Iterable[Finding]:
    context = pod.get("securityContext") or {}
    at = f"{path}.securityContext"
    if context.get("runAsNonRoot") is not True:
        yield finding(it, at, "restricted", "runAsNonRoot must be true")
    if (context.get("seccompProfile") or {}).get("type") != "RuntimeDefault":
        yield finding(it, at, "restricted", "seccompProfile must be RuntimeDefault")
    for name in ("hostNetwork", "hostPID", "hostIPC"):
        if pod.get(name):
            yield finding(it, f"{path}.{name}", "restricted", f"{name} is not allowed")


def _container(it: Object, path: str, container: Mapping[str, Any]) -> Iterable[Finding]:
    name, image = container.get("name"), str(container.get("image", ""))
    if "@sha256:" not in image:
        told = f"{image} is not pinned by its digest; run make pin-images"
        yield finding(it, f"{path}.image", DIGEST, told)
    resources = container.get("resources") or {}
    for kind, wanted in (("requests", ("cpu", "memory")), ("limits", ("memory",))):
        absent = [each for each in wanted if each not in (resources.get(kind) or {})]
        if absent:
            told = f"{name} has no {kind} of {' and '.join(absent)}"
            yield finding(it, f"{path}.resources", "resources", told)
    context = container.get("securityContext") or {}
    wanted_context = (
        ("allowPrivilegeEscalation", False, context.get("allowPrivilegeEscalation")),
        ("readOnlyRootFilesystem", True, context.get("readOnlyRootFilesystem")),
        ("capabilities.drop", ["ALL"], (context.get("capabilities") or {}).get("drop")),
    )
    for field, wanted_value, found in wanted_context:
        if found != wanted_value:
            told = f"{name}: {field} must be {wanted_value}"
            yield finding(it, f"{path}.securityContext", "restricted", told)


def _namespace(whole: Whole, namespace: Object) -> Iterable[Finding]:
    labels = namespace.manifest["metadata"].get("labels") or {}
    if labels.get(RESTRICTED) != "restricted":
        told = "Pod Security restricted is not enforced"
        yield finding(namespace, "metadata.labels", "pod-security", told)
    denies = [
        it
        for it in whole.of("NetworkPolicy")
        if it.namespace == namespace.name
        and it.spec.get("podSelector") == {}
        and set(it.spec.get("policyTypes", [])) == {"Ingress", "Egress"}
        and not it.spec.get("ingress")
        and not it.spec.get("egress")
    ]
    if not denies:
        told = "no NetworkPolicy denies what is not allowed"
        yield finding(namespace, "metadata.name", "default-deny", told)


def _service(whole: Whole, service: Object) -> Iterable[Finding]:
    selector = service.spec.get("selector") or {}
    behind = [
        it
        for it, _, _ in whole.with_pods()
        if it.namespace == service.namespace and selector.items() <= it.pod_labels.items()
    ]
    if not selector or not behind:
        yield finding(service, "spec.selector", "service-pods", "it selects no pod")
        return
    ports = {
        value
        for it in behind
        for container in _list(it.pod[1].get("containers") if it.pod else ())
        for port in _list(container.get("ports"))
        for value in (port.get("name"), port.get("containerPort"))
    }
    for number, port in enumerate(service.spec.get("ports", [])):
        target = port.get("targetPort", port.get("port"))
        if target not in ports:
            told = f"no container has a port {target}"
            yield finding(service, f"spec.ports[{number}].targetPort", "service-port", told)


def _selects(selector: Any, labels: Mapping[str, str]) -> bool:
    """Whether a selector by labels selects pods with these. (Ours have no expressions.)"""
    wanted = (selector or {}).get("matchLabels") or {}
    return not (selector or {}).get("matchExpressions") and wanted.items() <= labels.items()


def _list(found: Any) -> list[Any]:
    return found if isinstance(found, list) else []
