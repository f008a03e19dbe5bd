"""What a manifest names must be there: services, ports, plugins, secrets, stores, projects."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tools.kubernetes.whole.findings import Finding, Whole, finding
from tools.kubernetes.whole.objects import Object

PLUGINS = "konghq.com/plugins"
ROUTES = ("HTTPRoute", "GRPCRoute")
_CLUSTER_WIDE = "KongClusterPlugin"


def missing(whole: Whole) -> Iterable[Finding]:
    """Each name that leads nowhere."""
    for route in whole.of(*ROUTES):
        yield from _parents(whole, route)
        yield from _backends(whole, route)
    for it in whole.of(*ROUTES, "KongConsumer", "Service"):
        yield from _plugins(whole, it)
    for consumer in whole.of("KongConsumer"):
        yield from _credentials(whole, consumer)
    for external in whole.of("ExternalSecret"):
        yield from _store(whole, external)
    for gateway in whole.of("Gateway"):
        yield from _gateway(whole, gateway)
    for policy in whole.of("IAMAuthPolicy", "TargetGroupPolicy"):
        yield from _target(whole, policy)
    for scaler in whole.of("HorizontalPodAutoscaler"):
        yield from _target(whole, scaler, "scaleTargetRef")
    for it in whole.objects:
        if it.namespace and it.kind not in ("Application", "AppProject"):
            yield from _namespace(whole, it)
    yield from _applications(whole)


def secrets_made(whole: Whole) -> set[tuple[str, str]]:
    """Namespace and name of each Secret that something here makes."""
    made = {(it.namespace, it.name) for it in whole.of("Secret")}
    for it in whole.of("ExternalSecret"):
        made.add((it.namespace, it.spec.get("target", {}).get("name") or it.name))
    return made


def _parents(whole: Whole, route: Object) -> Iterable[Finding]:
    for number, parent in enumerate(route.spec.get("parentRefs", [])):
        path = f"spec.parentRefs[{number}]"
        namespace = parent.get("namespace", route.namespace)
        gateway = whole.find("Gateway", namespace, parent.get("name", ""))
        if gateway is None:
            told = f"there is no Gateway {parent.get('name')} in {namespace}"
            yield finding(route, f"{path}.name", "route-gateway", told)
            continue
        listeners = [it.get("name") for it in gateway.spec.get("listeners", [])]
        if parent.get("sectionName") and parent["sectionName"] not in listeners:
            told = f"Gateway {gateway.name} has no listener {parent['sectionName']}"
            yield finding(route, f"{path}.sectionName", "route-gateway", told)


def _backends(whole: Whole, route: Object) -> Iterable[Finding]:
    for rule_number, rule in enumerate(route.spec.get("rules", [])):
        path = f"spec.rules[{rule_number}]"
        for number, backend in enumerate(rule.get("backendRefs", [])):
            if backend.get("kind", "Service") == "Service":
                at = f"{path}.backendRefs[{number}]"
                yield from _backend(whole, route, backend, at)
        for number, each in enumerate(rule.get("filters", [])):
            if each.get("type") == "ExtensionRef":
                named = each.get("extensionRef", {}).get("name", "")
                at = f"{path}.filters[{number}].extensionRef.name"
                if whole.find("KongPlugin", route.namespace, named) is None:
                    told = f"there is no KongPlugin {named} in {route.namespace}"
                    yield finding(route, at, "route-plugin", told)


def _backend(whole: Whole, route: Object, backend: dict[str, Any], path: str) -> Iterable[Finding]:
    namespace = backend.get("namespace", route.namespace)
    service = whole.find("Service", namespace, backend.get("name", ""))
    if service is None:
        told = f"there is no Service {backend.get('name')} in {namespace}"
        yield finding(route, f"{path}.name", "route-service", told)
        return
    ports = [it.get("port") for it in service.spec.get("ports", [])]
    if backend.get("port") not in ports:
        told = f"Service {service.name} has ports {', '.join(map(str, ports))}"
        yield finding(route, f"{path}.port", "route-port", f"{told}, not {backend.get('port')}")
    if namespace != route.namespace and not whole.of("ReferenceGrant"):
        told = f"no ReferenceGrant lets {route.namespace} name a Service of {namespace}"
        yield finding(route, f"{path}.namespace", "route-grant", told)


def _plugins(whole: Whole, it: Object) -> Iterable[Finding]:
    for name in filter(None, it.annotations.get(PLUGINS, "").replace(" ", "").split(",")):
        own = whole.find("KongPlugin", it.namespace, name)
        if own is None and whole.find(_CLUSTER_WIDE, "", name) is None:
            path = f"metadata.annotations.{PLUGINS}"
            told = f"there is no KongPlugin {name} in {it.namespace}"
            yield finding(it, path, "plugin", told)


def _credentials(whole: Whole, consumer: Object) -> Iterable[Finding]:
    made = secrets_made(whole)
    for number, name in enumerate(consumer.manifest.get("credentials", [])):
        if (consumer.namespace, name) not in made:
            told = f"nothing makes a Secret {name} in {consumer.namespace}"
            yield finding(consumer, f"credentials[{number}]", "consumer-secret", told)


def _store(whole: Whole, external: Object) -> Iterable[Finding]:
    store = external.spec.get("secretStoreRef", {})
    kind = store.get("kind", "SecretStore")
    namespace = external.namespace if kind == "SecretStore" else ""
    if whole.find(kind, namespace, store.get("name", "")) is None:
        told = f"there is no {kind} {store.get('name')} in {namespace or 'the cluster'}"
        yield finding(external, "spec.secretStoreRef.name", "secret-store", told)


def _gateway(whole: Whole, gateway: Object) -> Iterable[Finding]:
    class_name = gateway.spec.get("gatewayClassName", "")
    if whole.find("GatewayClass", "", class_name) is None:
        told = f"there is no GatewayClass {class_name}"
        yield finding(gateway, "spec.gatewayClassName", "gateway-class", told)
    made = secrets_made(whole)
    for number, listener in enumerate(gateway.spec.get("listeners", [])):
        for index, each in enumerate(listener.get("tls", {}).get("certificateRefs", [])):
            if (each.get("namespace", gateway.namespace), each.get("name")) not in made:
                path = f"spec.listeners[{number}].tls.certificateRefs[{index}].name"
                told = f"nothing makes a Secret {each.get('name')} in {gateway.namespace}"
                yield finding(gateway, path, "gateway-secret", told)


def _target(whole: Whole, it: Object, field: str = "targetRef") -> Iterable[Finding]:
    target = it.spec.get(field, {})
    if whole.find(target.get("kind", ""), it.namespace, target.get("name", "")) is None:
        told = f"there is no {target.get('kind')} {target.get('name')} in {it.namespace}"
        yield finding(it, f"spec.{field}.name", "target", told)


def _namespace(whole: Whole, it: Object) -> Iterable[Finding]:
    if whole.find("Namespace", "", it.namespace) is None:
        told = f"there is no Namespace {it.namespace}"
        yield finding(it, "metadata.namespace", "namespace", told)


def _applications(whole: Whole) -> Iterable[Finding]:
    for it in whole.of("Application"):
        project = whole.find("AppProject", it.namespace, it.spec.get("project", ""))
        if project is None:
            told = f"there is no AppProject {it.spec.get('project')}"
            yield finding(it, "spec.project", "application-project", told)
            continue
        source = it.spec.get("source", {})
        if source.get("repoURL") not in project.spec.get("sourceRepos", []):
            told = f"AppProject {project.name} does not allow {source.get('repoURL')}"
            yield finding(it, "spec.source.repoURL", "application-source", told)
        namespaces = [each.get("namespace") for each in project.spec.get("destinations", [])]
        wanted = it.spec.get("destination", {}).get("namespace")
        if wanted not in namespaces:
            told = f"AppProject {project.name} does not allow namespace {wanted}"
            yield finding(it, "spec.destination.namespace", "application-namespace", told)
        if not (it.spec.get("syncPolicy", {}).get("automated") or {}).get("selfHeal"):
            told = "what is changed by hand must be put back: selfHeal: true"
            yield finding(it, "spec.syncPolicy.automated", "application-heals", told)
