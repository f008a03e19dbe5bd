"""Envoy's configuration beside a gRPC server, as one function: for a task of ECS and offline.

Offline it has two servers to share calls between, ``blue`` and ``green``. A task has one, and
Lattice shares the calls among tasks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from stacks.constructs.envoy_filters import (
    ACCESS,
    Caller,
    Config,
    Limits,
    access_log,
    filters,
    local_replies,
    no_store,
)

_TYPES = "type.googleapis.com/envoy.extensions"
LONGEST_CALL = "5s"
LONGEST_STREAM = "900s"
"""Who watches longer begins again: so new servers get their share."""
LARGEST_BUFFER = 1024 * 1024
LONGEST_EXPRESSION = 1000
"""Of RE2's instructions."""
DESCRIPTOR = "/etc/envoy/descriptor.binpb"


@dataclass(frozen=True, slots=True)
class Server:
    """One gRPC server behind Envoy; ``slot`` tells two versions apart."""

    port: int
    slot: str = "only"
    address: str = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Certificates:
    """Files in PEM: Envoy's own certificate with its key, and who certifies callers."""

    certificate: str
    key: str
    authority: str


@dataclass(frozen=True, slots=True)
class Listener:
    """Where calls come in.

    With ``certificates`` callers have certificates of their own, and are named by their SPIFFE ids.
    Else Lattice is in front: ``account`` and ``trusted`` say whose roles and which addresses count.
    """

    port: int
    certificates: Certificates | None = None
    account: str | None = None
    trusted: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sidecar:
    """One Envoy.

    ``address`` is what it listens on: every interface of a task, loopback offline. The admin
    interface is on loopback always. ``reflection`` opens it and health to everybody: for dev.
    With ``green_at_first`` that server gets all calls until something else is written.
    """

    service: str
    prefix: str
    listeners: Sequence[Listener]
    servers: Sequence[Server]
    callers: Sequence[Caller]
    address: str
    health_port: int
    admin_port: int = 9901
    descriptor: str = DESCRIPTOR
    log: str = "/dev/stdout"
    limits: Limits = field(default_factory=Limits)
    health_interval: float = 1.0
    reflection: bool = False
    green_at_first: bool = False


def sidecar(of: Sidecar) -> Config:
    """The bootstrap, which Envoy takes as JSON."""
    at_first = {green_percent(of.prefix): 100} if of.green_at_first else {}
    return {
        "node": {"id": of.prefix, "cluster": of.prefix},
        "admin": {"address": _address("127.0.0.1", of.admin_port)},
        "stats_flush_interval": "1s",  # as often as two versions are compared
        # What is written at run time: the weights of two versions. It is in force at once.
        "layered_runtime": {
            "layers": [
                # A role's ARN makes a longer expression than Envoy takes by itself.
                {
                    "name": "static",
                    "static_layer": {
                        "re2.max_program_size.error_level": LONGEST_EXPRESSION,
                        **at_first,
                    },
                },
                {"name": "admin", "admin_layer": {}},
            ]
        },
        "static_resources": {
            "listeners": [*(_calls(of, it) for it in of.listeners), _health(of)],
            "clusters": [_cluster(of, it) for it in of.servers],
        },
    }


def cluster_name(prefix: str, slot: str) -> str:
    """Of the server in a slot."""
    return f"{prefix}_{slot}"


def green_percent(prefix: str) -> str:
    """The runtime key of the percentage of calls that ``green`` gets."""
    return f"{prefix}.green_percent"


def _calls(of: Sidecar, listener: Listener) -> Config:
    manager = {
        "@type": f"{_TYPES}.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": f"calls_{listener.port}",
        "codec_type": "AUTO",
        "route_config": _routes(of),
        "http_filters": filters(
            of.service,
            of.callers,
            descriptor=of.descriptor,
            limits=of.limits,
            account=listener.account,
            trusted=listener.trusted,
            reflection=of.reflection,
        ),
        "access_log": [access_log(of.log, ACCESS)],
        "local_reply_config": local_replies(),
        "use_remote_address": True,
        "normalize_path": True,
        "merge_slashes": True,
        "path_with_escaped_slashes_action": "REJECT_REQUEST",
        "server_header_transformation": "PASS_THROUGH",
        "stream_idle_timeout": "0s",  # streams of prices may be silent for a long time
        "request_timeout": "10s",
        "request_headers_timeout": "5s",
        "drain_timeout": "10s",
        "common_http_protocol_options": {
            "idle_timeout": "300s",
            "max_connection_duration": "1800s",
            "headers_with_underscores_action": "REJECT_REQUEST",
        },
        "http2_protocol_options": {
            "max_concurrent_streams": 200,
            "initial_stream_window_size": 65536,
            "initial_connection_window_size": 1048576,
        },
    }
    chain: Config = {"filters": [_network_filter(manager)]}
    if listener.certificates:
        chain["transport_socket"] = mutual_tls(listener.certificates)
    return {
        "name": f"calls_{listener.port}",
        "address": _address(of.address, listener.port),
        "per_connection_buffer_limit_bytes": LARGEST_BUFFER,
        "filter_chains": [chain],
    }


def _routes(of: Sidecar) -> Config:
    first = of.servers[0].slot
    quick = [_route(of, it.slot, "/Quote", LONGEST_CALL) for it in of.servers]
    slow = [_route(of, it.slot, "/WatchPrices", LONGEST_STREAM) for it in of.servers]
    # The later server's route comes first, and takes its percentage.
    routes = [*reversed(quick), *reversed(slow)]
    if of.reflection:
        for prefix in ("/grpc.reflection.", "/grpc.health.v1.Health/"):
            target = {"cluster": cluster_name(of.prefix, first), "timeout": "0s"}
            routes.append({"match": {"prefix": prefix}, "route": target})
    nothing = {
        "match": {"prefix": "/"},
        "direct_response": {"status": 404, "body": {"inline_string": "there is no such path"}},
    }
    return {
        "name": "calls",
        "virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [*routes, nothing]}],
        "response_headers_to_add": [no_store()],
    }


def _route(of: Sidecar, slot: str, method: str, longest: str) -> Config:
    match: Config = {"path": f"/{of.service}{method}"}
    if slot == "green":
        match["runtime_fraction"] = {
            "default_value": {"numerator": 0, "denominator": "HUNDRED"},
            "runtime_key": green_percent(of.prefix),
        }
    return {
        "match": match,
        "route": {
            "cluster": cluster_name(of.prefix, slot),
            "timeout": "0s",
            "max_stream_duration": {
                "max_stream_duration": longest,
                "grpc_timeout_header_max": longest,
            },
            "retry_policy": {
                "retry_on": "unavailable,connect-failure,refused-stream,reset-before-request",
                "num_retries": 2,
                "retry_back_off": {"base_interval": "0.025s", "max_interval": "0.25s"},
            },
        },
    }


def _cluster(of: Sidecar, server: Server) -> Config:
    name = cluster_name(of.prefix, server.slot)
    endpoint = {"endpoint": {"address": _address(server.address, server.port)}}
    http = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
    interval = f"{of.health_interval}s"
    return {
        "name": name,
        "type": "STATIC",
        "connect_timeout": "1s",
        "per_connection_buffer_limit_bytes": LARGEST_BUFFER,
        "load_assignment": {"cluster_name": name, "endpoints": [{"lb_endpoints": [endpoint]}]},
        "typed_extension_protocol_options": {
            http: {
                "@type": f"type.googleapis.com/{http}",
                "explicit_http_config": {"http2_protocol_options": {}},
            }
        },
        "circuit_breakers": {
            "thresholds": [
                {
                    "max_connections": 100,
                    "max_pending_requests": 200,
                    "max_requests": 400,
                    # A fifth of the calls under way may be repetitions: no outage is multiplied.
                    "retry_budget": {
                        "budget_percent": {"value": 20.0},
                        "min_retry_concurrency": 3,
                    },
                    "track_remaining": True,
                }
            ]
        },
        # Of two servers a sick one gets no calls. Before a single one whoever asks decides, by the
        # health that is told: until they have left, a server that drains answers them.
        "common_lb_config": {
            "healthy_panic_threshold": {"value": 100.0 if len(of.servers) == 1 else 0.0}
        },
        "health_checks": [
            {
                "timeout": interval,
                "interval": interval,
                "no_traffic_interval": interval,
                "unhealthy_threshold": 3,
                "healthy_threshold": 1,
                "grpc_health_check": {"service_name": of.service},
            }
        ],
    }


def _health(of: Sidecar) -> Config:
    """Plain HTTP for whoever shares calls among tasks: 200 while its server is well, else 503."""
    healthy = {cluster_name(of.prefix, it.slot): {"value": 1.0} for it in of.servers[:1]}
    check = {
        "@type": f"{_TYPES}.filters.http.health_check.v3.HealthCheck",
        "pass_through_mode": False,
        "headers": [{"name": ":path", "string_match": {"exact": "/healthz"}}],
        "cluster_min_healthy_percentages": healthy,
    }
    router = {"@type": f"{_TYPES}.filters.http.router.v3.Router"}
    manager = {
        "@type": f"{_TYPES}.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "health",
        "route_config": {"virtual_hosts": [{"name": "none", "domains": ["*"]}]},
        "http_filters": [
            {"name": "envoy.filters.http.health_check", "typed_config": check},
            {"name": "envoy.filters.http.router", "typed_config": router},
        ],
    }
    return {
        "name": "health",
        "address": _address(of.address, of.health_port),
        "filter_chains": [{"filters": [_network_filter(manager)]}],
    }


def _network_filter(manager: Config) -> Config:
    return {"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}


def mutual_tls(files: Certificates) -> Config:
    """Nobody gets in without a certificate of that authority."""
    context = "transport_sockets.tls.v3.DownstreamTlsContext"
    return {
        "name": "envoy.transport_sockets.tls",
        "typed_config": {
            "@type": f"{_TYPES}.{context}",
            "require_client_certificate": True,
            "common_tls_context": {
                "alpn_protocols": ["h2", "http/1.1"],
                "tls_params": {"tls_minimum_protocol_version": "TLSv1_2"},
                "tls_certificates": [
                    {
                        "certificate_chain": {"filename": files.certificate},
                        "private_key": {"filename": files.key},
                    }
                ],
                "validation_context": {"trusted_ca": {"filename": files.authority}},
            },
        },
    }


def _address(address: str, port: int) -> dict[str, Any]:
    return {"socket_address": {"address": address, "port_value": port}}
