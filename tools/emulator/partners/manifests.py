"""What the gateway's manifests say: routes, plugins, consumers, and where their keys are kept.

They are read as kustomize makes them for a stage (`k8s/rendered`): the files that a cluster gets.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml

from tools.base.errors import OfflineError
from tools.base.workspace import CHECKOUT

RENDERED = CHECKOUT / "k8s" / "rendered" / "overlays-dev.yaml"
PLUGINS, LABEL = "konghq.com/plugins", "konghq.com/credential"
NAMESPACE = "partners"
KONG_WAITS = "60s"
"""For a service's answer where no route says for how long: a GRPCRoute cannot."""
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
Manifest = Mapping[str, Any]


class NotTranslated(OfflineError):
    """A manifest says what Envoy's configuration is not made of here."""


@dataclass(frozen=True, slots=True)
class KeySource:
    """A property of a secret, in which a consumer's key is."""

    secret: str
    property: str


@dataclass(frozen=True, slots=True)
class Consumer:
    """Whoever has one of the keys; ``plugins`` are its own, by kind."""

    username: str
    custom_id: str
    keys: tuple[KeySource, ...]
    plugins: Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Route:
    """Paths of one rule, and where they lead: prefixes, or methods of gRPC as whole paths.

    ``plugins`` are the route's, by kind.
    """

    name: str
    prefixes: tuple[str, ...]
    service: str
    port: int
    timeout: str
    plugins: Mapping[str, Mapping[str, Any]]
    methods: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Edge:
    """All that the gateway is told."""

    routes: tuple[Route, ...]
    consumers: tuple[Consumer, ...]
    secrets: tuple[str, ...] = field(default=())


def read(text: str) -> Edge:
    """From the manifests of one stage.

    Raises:
        NotTranslated: a plugin or a field is none of those that are known here.
    """
    found = [it for it in yaml.load_all(text, Loader=_LOADER) if it]
    plugins = {_name(it): (it["plugin"], it.get("config", {})) for it in _of(found, "KongPlugin")}
    keys = dict(_keys(found))
    consumers = tuple(_consumer(it, plugins, keys) for it in _of(found, "KongConsumer"))
    routes = tuple(
        route
        for kind, translated in (("HTTPRoute", _routes), ("GRPCRoute", _grpc_routes))
        for it in _of(found, kind)
        if any(parent["name"] == "edge" for parent in it["spec"]["parentRefs"])
        for route in translated(it, plugins)
    )
    secrets = {key.secret for it in consumers for key in it.keys}
    return Edge(routes, consumers, tuple(sorted(secrets)))


def _of(found: Sequence[Manifest], kind: str) -> Iterator[Manifest]:
    for it in found:
        if it["kind"] == kind and it["metadata"].get("namespace") == NAMESPACE:
            yield it


def _name(manifest: Manifest) -> str:
    return str(manifest["metadata"]["name"])


def _keys(found: Sequence[Manifest]) -> Iterator[tuple[str, KeySource]]:
    """By the name of the Secret of Kubernetes, from where External Secrets copies its key."""
    for it in _of(found, "ExternalSecret"):
        target = it["spec"]["target"]
        labels = target.get("template", {}).get("metadata", {}).get("labels", {})
        if labels.get(LABEL) != "key-auth":
            continue
        for each in it["spec"]["data"]:
            if each["secretKey"] == "key":  # Kong's name for it
                remote = each["remoteRef"]
                yield target["name"], KeySource(remote["key"], remote["property"])


def _consumer(
    manifest: Manifest, plugins: Mapping[str, tuple[str, Any]], keys: Mapping[str, KeySource]
) -> Consumer:
    name = _name(manifest)
    credentials = manifest.get("credentials", ())
    if unknown := [it for it in credentials if it not in keys]:
        raise NotTranslated(f"KongConsumer {name}: no ExternalSecret makes {', '.join(unknown)}")
    return Consumer(
        manifest["username"],
        manifest.get("custom_id", ""),
        tuple(keys[it] for it in credentials),
        _plugins(manifest, plugins),
    )


def _plugins(
    manifest: Manifest, plugins: Mapping[str, tuple[str, Any]]
) -> Mapping[str, Mapping[str, Any]]:
    names = manifest["metadata"].get("annotations", {}).get(PLUGINS, "")
    found = {}
    for name in filter(None, (it.strip() for it in names.split(","))):
        if name not in plugins:
            raise NotTranslated(f"{manifest['kind']} {_name(manifest)}: no KongPlugin {name}")
        kind, config = plugins[name]
        found[kind] = config
    return found


def _routes(manifest: Manifest, plugins: Mapping[str, tuple[str, Any]]) -> Iterator[Route]:
    name = _name(manifest)
    for number, rule in enumerate(manifest["spec"]["rules"]):
        if rule.keys() - {"name", "matches", "timeouts", "backendRefs"}:
            raise NotTranslated(f"HTTPRoute {name}, rule {number}: {sorted(rule)}")
        paths = [match.get("path", {}) for match in rule["matches"]]
        if any(len(it) > 1 for it in rule["matches"]) or any(
            it.get("type") != "PathPrefix" for it in paths
        ):
            raise NotTranslated(f"HTTPRoute {name}, rule {number}: only prefixes of paths")
        (backend,) = rule["backendRefs"]
        timeouts = rule.get("timeouts", {})
        yield Route(
            rule.get("name", f"{name}-{number}"),
            tuple(it["value"] for it in paths),
            backend["name"],
            backend["port"],
            timeouts.get("backendRequest") or timeouts.get("request") or "15s",
            _plugins(manifest, plugins),
        )


def _grpc_routes(manifest: Manifest, plugins: Mapping[str, tuple[str, Any]]) -> Iterator[Route]:
    name = _name(manifest)
    for number, rule in enumerate(manifest["spec"]["rules"]):
        if rule.keys() - {"name", "matches", "backendRefs"}:
            raise NotTranslated(f"GRPCRoute {name}, rule {number}: {sorted(rule)}")
        methods = []
        for match in rule["matches"]:
            method = match.get("method", {})
            if match.keys() != {"method"} or method.keys() != {"service", "method"}:
                raise NotTranslated(f"GRPCRoute {name}, rule {number}: only methods by their names")
            methods.append(f"/{method['service']}/{method['method']}")
        (backend,) = rule["backendRefs"]
        yield Route(
            rule.get("name", f"{name}-{number}"),
            (),
            backend["name"],
            backend["port"],
            KONG_WAITS,
            _plugins(manifest, plugins),
            tuple(methods),
        )
