"""Envoy's configuration before the relay: who has which certificate may GET which path."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from stacks.constructs.envoy import Certificates, mutual_tls
from stacks.constructs.envoy_filters import CERTIFIED, caller_identity, certified, http_filter
from tools.emulator.loopback_guard import HOST

_MANAGER = "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
SECONDS = "10s"


def gate(
    *, port: int, relay: int, certificates: Certificates, callers: Sequence[str], path: str
) -> dict[str, Any]:
    """The bootstrap. ``callers`` are SPIFFE ids; all that they do not name is refused with 403."""
    policy = {
        "permissions": [
            {
                "and_rules": {
                    "rules": [
                        {"url_path": {"path": {"exact": path}}},
                        {"header": {"name": ":method", "string_match": {"exact": "GET"}}},
                    ]
                }
            }
        ],
        "principals": [certified(it) for it in callers],
    }
    rules = {"rules": {"action": "ALLOW", "policies": {"callers": policy}}}
    route = {"cluster": "relay", "timeout": SECONDS, "host_rewrite_literal": f"{HOST}:{relay}"}
    manager = {
        "@type": f"type.googleapis.com/{_MANAGER}",
        "stat_prefix": "mesh",
        "route_config": {
            "virtual_hosts": [
                {
                    "name": "all",
                    "domains": ["*"],
                    "routes": [{"match": {"prefix": "/"}, "route": route}],
                }
            ]
        },
        "http_filters": [
            caller_identity(CERTIFIED),
            http_filter("rbac", rules, "RBAC"),
            http_filter("router", {"suppress_envoy_headers": True}),
        ],
        "normalize_path": True,
        "merge_slashes": True,
        "path_with_escaped_slashes_action": "REJECT_REQUEST",
        "use_remote_address": True,
        "request_timeout": SECONDS,
        "request_headers_timeout": "5s",
    }
    chain = {
        "filters": [
            {"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}
        ],
        "transport_socket": mutual_tls(certificates),
    }
    endpoint = {"endpoint": {"address": _address(relay)}}
    cluster = {
        "name": "relay",
        "type": "STATIC",
        "connect_timeout": "1s",
        "load_assignment": {"cluster_name": "relay", "endpoints": [{"lb_endpoints": [endpoint]}]},
    }
    return {
        "node": {"id": "mesh", "cluster": "mesh"},
        "static_resources": {
            "listeners": [{"name": "mesh", "address": _address(port), "filter_chains": [chain]}],
            "clusters": [cluster],
        },
    }


def _address(port: int) -> dict[str, Any]:
    return {"socket_address": {"address": HOST, "port_value": port}}
