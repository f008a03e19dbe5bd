"""Envoy's configuration of what the manifests say for Kong: an equivalent, never Kong itself.

Where it differs from Kong is written down in docs/parity.toml.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from stacks.constructs.envoy_filters import access_log, no_store
from tools.emulator.partners.manifests import Consumer, Edge, KeySource, NotTranslated, Route

Config = dict[str, Any]
_TYPES = "type.googleapis.com/envoy.extensions"
_HTTP = f"{_TYPES}.filters.http"
CONSUMER = "x-consumer-username"
LOGGED = {
    "timestamp": "%START_TIME%",
    "message": "call",
    "method": "%REQ(:METHOD)%",
    "status": "%RESPONSE_CODE%",
    "details": "%RESPONSE_CODE_DETAILS%",
    "milliseconds": "%DURATION%",
    "route": "%ROUTE_NAME%",
    "consumer": f"%REQ({CONSUMER.upper()})%",
    "correlation_id": "%REQ(X-CORRELATION-ID)%",
    "traceparent": "%REQ(TRACEPARENT)%",
    "upstream": "%UPSTREAM_HOST%",
}
"""What a line of the access log says."""
SET_BY_GATEWAY = (
    CONSUMER,
    "x-consumer-id",
    "x-consumer-custom-id",
    "x-credential-identifier",
    "x-anonymous-consumer",
)
"""What Kong tells a service of who calls; a caller's own are dropped."""
OF_A_TRACE = ("traceparent", "tracestate", "baggage")
"""A caller's trace is its own: else anybody could have anything sampled."""
NOT_TAKEN = (*SET_BY_GATEWAY, *OF_A_TRACE, "x-request-id")
"""Of the last one the gateway makes ids: Envoy takes it from callers on the same machine."""
SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}
UNITS = {"bytes": 1, "kilobytes": 1024, "megabytes": 1024 * 1024}
"""As Kong counts them: 1024 of the smaller one."""
KNOWN = {
    "key-auth": {"key_names", "key_in_header", "key_in_query", "key_in_body", "hide_credentials"},
    "rate-limiting": {*SECONDS, "policy", "limit_by", "fault_tolerant", "hide_client_headers"},
    "request-size-limiting": {"allowed_payload_size", "size_unit", "require_content_length"},
    "correlation-id": {"header_name", "generator", "echo_downstream"},
    "request-transformer": {"remove"},
}
_LUA = """
function envoy_on_request(handle)
  local headers = handle:headers()
  local random = string.gsub(headers:get("x-request-id"), "-", "")
  local trace = string.format("%08x", os.time()) .. string.sub(random, 1, 24)
  headers:replace("traceparent", "00-" .. trace .. "-" .. string.sub(random, 17) .. "-01")
  handle:clearRouteCache()
end
"""
"""Begins a trace, whose id tells when, and has the route chosen again by whose key it was."""
Keys = Mapping[KeySource, str]
"""The keys that are there; one that is missing lets nobody in."""


def bootstrap(ports: Mapping[str, int], folder: str) -> Config:
    """What does not change while it runs: the listener, its filters, the service behind it."""
    return {
        "node": {"id": "edge", "cluster": "edge"},
        "admin": {"address": _address(ports["admin"])},
        "static_resources": {
            "listeners": [_listener(ports, folder)],
            "clusters": [
                _service(ports["service"]),
                _grpc(ports["grpc"]),
            ],
        },
    }


def routes(edge: Edge, keys: Keys) -> Config:
    """What Envoy reads again when it changes: each request is judged by what was there when it
    began, on whatever connection it comes.

    Raises:
        NotTranslated: a plugin is not known here, two consumers have one key, or a route lets a
            caller choose the trace.
    """
    made = [it for route in edge.routes for it in _routes(route, edge.consumers, keys)]
    nothing = {
        "match": {"prefix": "/"},
        "direct_response": {"status": 404, "body": {"inline_string": "there is no such path"}},
        "typed_per_filter_config": {"envoy.filters.http.api_key_auth": _off()},
    }
    document = {
        "@type": "type.googleapis.com/envoy.config.route.v3.RouteConfiguration",
        "name": "edge",
        "virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [*made, nothing]}],
    }
    return {"resources": [document]}


def _routes(route: Route, consumers: Sequence[Consumer], keys: Keys) -> Iterator[Config]:
    _known(route.name, route.plugins)
    _drops_traces(route)
    authentication = {"envoy.filters.http.api_key_auth": _credentials(route, consumers, keys)}
    for consumer in consumers:
        _known(consumer.username, consumer.plugins)
        plugins = {**route.plugins, **consumer.plugins}  # what is more particular counts
        for path in _paths(route):
            yield {
                "name": route.name,
                "match": {
                    **path,
                    "headers": [{"name": CONSUMER, "string_match": {"exact": consumer.username}}],
                },
                "route": {
                    "cluster": "grpc" if route.methods else "service",
                    "timeout": route.timeout,
                },
                "typed_per_filter_config": {**authentication, **_limits(consumer, plugins)},
                "request_headers_to_add": [
                    _header("x-consumer-custom-id", consumer.custom_id),
                    _header("x-consumer-id", _uuid_like(consumer.username)),
                    *_correlation(plugins, "%REQ(X-REQUEST-ID)%", "ADD_IF_ABSENT"),
                ],
                "response_headers_to_add": _echo(plugins),
            }
    for path in _paths(route):  # where a request is until its key is known
        yield {
            "match": path,
            "direct_response": {"status": 401, "body": {"inline_string": "whose key is this?"}},
            "typed_per_filter_config": authentication,
        }


def _paths(route: Route) -> Iterator[Config]:
    for prefix in route.prefixes:
        yield {"path_separated_prefix": prefix}
    for method in route.methods:
        yield {"path": method}


def _known(name: str, plugins: Mapping[str, Mapping[str, Any]]) -> None:
    for kind, config in plugins.items():
        unknown = sorted(config.keys() - KNOWN.get(kind, set()))
        if kind not in KNOWN or unknown:
            raise NotTranslated(f"{name}: plugin {kind} {', '.join(unknown)} is not known here")


def _drops_traces(route: Route) -> None:
    """Here the listener does it for all routes, before a trace begins."""
    removed = route.plugins.get("request-transformer", {}).get("remove", {})
    if removed != {"headers": list(OF_A_TRACE)}:
        raise NotTranslated(
            f"{route.name} does not remove exactly {', '.join(OF_A_TRACE)}: a caller would choose "
            "the trace, or lose another header that it keeps here"
        )


def _credentials(route: Route, consumers: Sequence[Consumer], keys: Keys) -> Config:
    config = route.plugins.get("key-auth")
    if config is None:
        raise NotTranslated(f"{route.name} has no key-auth: everybody would be let in")
    owners: dict[str, str] = {}
    for consumer in consumers:
        for source in consumer.keys:
            key = keys.get(source)
            if key and owners.setdefault(key, consumer.username) != consumer.username:
                raise NotTranslated(f"{consumer.username} has the key of another consumer")
    return {
        "@type": f"{_HTTP}.api_key_auth.v3.ApiKeyAuthPerRoute",
        # Nobody's key, so that the list is never empty: an empty one means no list at all.
        "credentials": [{"key": key, "client": owner} for key, owner in sorted(owners.items())]
        or [{"key": hashlib.sha256(b"nobody").hexdigest(), "client": "nobody"}],
        "key_sources": [{"header": it} for it in config["key_names"]],
        "forwarding": {"header": CONSUMER, "hide_credentials": config["hide_credentials"]},
    }


def _limits(consumer: Consumer, plugins: Mapping[str, Mapping[str, Any]]) -> Config:
    made: Config = {"envoy.filters.http.buffer": _size(plugins.get("request-size-limiting"))}
    rate = plugins.get("rate-limiting", {})
    if rate and rate.get("limit_by") != "consumer":
        raise NotTranslated(f"{consumer.username} is limited by {rate.get('limit_by')}")
    for period, seconds in SECONDS.items():
        if period in rate:
            made[f"limit.{period}"] = _bucket(
                f"{consumer.username}_{period}", rate[period], seconds
            )
    return made


def _size(config: Mapping[str, Any] | None) -> Config:
    made: Config = {"@type": f"{_HTTP}.buffer.v3.BufferPerRoute"}
    if config is None:
        return made | {"disabled": True}
    most = config["allowed_payload_size"] * UNITS[config.get("size_unit", "megabytes")]
    return made | {"buffer": {"max_request_bytes": most}}


def _bucket(name: str, most: int, seconds: int) -> Config:
    always = {"default_value": {"numerator": 100, "denominator": "HUNDRED"}}
    return {
        "@type": f"{_HTTP}.local_ratelimit.v3.LocalRateLimit",
        "stat_prefix": name,
        "token_bucket": {
            "max_tokens": most,
            "tokens_per_fill": most,
            "fill_interval": f"{seconds}s",
        },
        "filter_enabled": always,
        "filter_enforced": always,
        "response_headers_to_add": [_header("retry-after", str(seconds))],
    }


def _correlation(plugins: Mapping[str, Mapping[str, Any]], value: str, action: str) -> list[Config]:
    config = plugins.get("correlation-id")
    if config is None:
        return []
    return [_header(config.get("header_name", "Kong-Request-ID"), value, action)]


def _echo(plugins: Mapping[str, Mapping[str, Any]]) -> list[Config]:
    config = plugins.get("correlation-id", {})
    if not config.get("echo_downstream"):
        return []
    name = config.get("header_name", "Kong-Request-ID")
    return _correlation(plugins, f"%REQ({name})%", "OVERWRITE_IF_EXISTS_OR_ADD")


def _listener(ports: Mapping[str, int], folder: str) -> Config:
    manager: Config = {
        "@type": f"{_TYPES}.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "edge",
        "codec_type": "AUTO",
        "rds": {
            "route_config_name": "edge",
            "config_source": {
                "path_config_source": {
                    "path": f"{folder}/routes.json",
                    "watched_directory": {"path": folder},
                },
                "initial_fetch_timeout": "5s",
            },
        },
        "early_header_mutation_extensions": [
            {
                "name": "envoy.http.early_header_mutation.header_mutation",
                "typed_config": {
                    "@type": f"{_TYPES}.http.early_header_mutation.header_mutation.v3"
                    ".HeaderMutation",
                    "mutations": [{"remove": it} for it in NOT_TAKEN],
                },
            }
        ],
        "http_filters": list(_filters()),
        # Routes and not keys: a key is hidden before anything is written.
        "access_log": [access_log(f"{folder}/calls.log", LOGGED)],
        "local_reply_config": _refusals(),
        "use_remote_address": True,
        "normalize_path": True,
        "merge_slashes": True,
        "path_with_escaped_slashes_action": "REJECT_REQUEST",
        "request_timeout": "10s",
        "request_headers_timeout": "5s",
        "common_http_protocol_options": {
            "idle_timeout": "60s",
            "headers_with_underscores_action": "REJECT_REQUEST",
        },
    }
    return {
        "name": "edge",
        "address": _address(ports["edge"]),
        "per_connection_buffer_limit_bytes": 2 * UNITS["megabytes"],
        "filter_chains": [
            {
                "filters": [
                    {
                        "name": "envoy.filters.network.http_connection_manager",
                        "typed_config": manager,
                    }
                ]
            }
        ],
    }


def _refusals() -> Config:
    """Envoy's own refusals as problem documents, for whatever request."""
    from_400 = {"default_value": 400, "runtime_key": "problems.from_status"}
    problem = {"type": "about:blank", "title": "%LOCAL_REPLY_BODY%", "status": "%RESPONSE_CODE%"}
    return {
        "mappers": [
            {
                "filter": {"status_code_filter": {"comparison": {"op": "GE", "value": from_400}}},
                "body_format_override": {
                    "json_format": problem,
                    "content_type": "application/problem+json",
                },
                "headers_to_add": [no_store()],
            }
        ]
    }


def _filters() -> Iterator[Config]:
    """The key first; then the trace begins, and the consumer's own route is chosen."""
    yield _filter("api_key_auth", "ApiKeyAuth", {"key_sources": [{"header": "apikey"}]})
    yield _filter("lua", "Lua", {"default_source_code": {"inline_string": _LUA}})
    yield _filter("buffer", "Buffer", {"max_request_bytes": UNITS["megabytes"]})
    for period in SECONDS:
        limit = _filter("local_ratelimit", "LocalRateLimit", {"stat_prefix": period})
        yield {**limit, "name": f"limit.{period}"}
    yield _filter("router", "Router", {"suppress_envoy_headers": True})


def _filter(name: str, kind: str, config: Mapping[str, Any]) -> Config:
    return {
        "name": f"envoy.filters.http.{name}",
        "typed_config": {"@type": f"{_HTTP}.{name}.v3.{kind}", **config},
    }


def _off() -> Config:
    return {
        "@type": "type.googleapis.com/envoy.config.route.v3.FilterConfig",
        "disabled": True,
    }


def _service(port: int) -> Config:
    return {
        **_cluster("service", port),
        "circuit_breakers": {"thresholds": [{"max_connections": 200, "max_requests": 400}]},
    }


def _grpc(port: int) -> Config:
    http = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
    options = {
        "@type": f"type.googleapis.com/{http}",
        "explicit_http_config": {"http2_protocol_options": {}},
    }
    return {**_cluster("grpc", port), "typed_extension_protocol_options": {http: options}}


def _cluster(name: str, port: int) -> Config:
    endpoint = {"endpoint": {"address": _address(port)}}
    return {
        "name": name,
        "type": "STATIC",
        "connect_timeout": "1s",
        "load_assignment": {"cluster_name": name, "endpoints": [{"lb_endpoints": [endpoint]}]},
    }


def _header(key: str, value: str, action: str = "OVERWRITE_IF_EXISTS_OR_ADD") -> Config:
    return {"header": {"key": key, "value": value}, "append_action": action}


def _uuid_like(name: str) -> str:
    """Kong's own id of a consumer is a UUID that it makes up."""
    return str(uuid.uuid5(uuid.NAMESPACE_DNS, name))


def _address(port: int) -> Config:
    return {"socket_address": {"address": "127.0.0.1", "port_value": port}}
