"""What Envoy does with a call before it reaches the server: who may call, how often, REST, records.

Pure data, from the standard library alone: a task of ECS and a process offline get the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from contracts.product import PROBLEM_TYPES, PRODUCT

Config = dict[str, Any]
TRUST_DOMAIN = f"{PRODUCT}.example"
CALLER = "x-caller-identity"
"""What the server reads; nobody but Envoy can set it."""
LATTICE_IDENTITY = "x-amzn-lattice-identity"
CERTIFIED = "%DOWNSTREAM_PEER_URI_SAN%"
"""The SPIFFE id of a certificate, in Envoy's words."""
_TYPES = "type.googleapis.com/envoy.extensions"
_HTTP = f"{_TYPES}.filters.http"

_LUA = """
local problems = "%s"

function envoy_on_request(handle)
  local headers = handle:headers()
  if headers:get("traceparent") == nil then
    local id = string.gsub(headers:get("x-request-id") or "", "-", "")
    if #id == 32 then
      headers:add("traceparent", "00-" .. id .. "-" .. string.sub(id, 17) .. "-01")
    end
  end
end

local function text_of(body, name)
  local _, from = string.find(body, '"' .. name .. '":"', 1, true)
  if from == nil then return nil end
  local at = from + 1
  while at <= #body do
    local letter = string.sub(body, at, at)
    if letter == "\\\\" then at = at + 1
    elseif letter == '"' then return string.sub(body, from + 1, at - 1) end
    at = at + 1
  end
  return nil
end

function envoy_on_response(handle)
  local headers = handle:headers()
  local status = tonumber(headers:get(":status"))
  if status < 400 or headers:get("content-type") ~= "application/json" then return end
  headers:replace("content-type", "application/problem+json")
  headers:replace("cache-control", "no-store")
  local found = handle:body()
  if found == nil then return end
  local body = found:getBytes(0, found:length())
  local reason = text_of(body, "reason")
  local name = "about:blank"
  if reason ~= nil then name = problems .. string.gsub(string.lower(reason), "_", "-") end
  local document = '{"type":"' .. name .. '","title":"' .. (text_of(body, "message") or "refused")
    .. '","status":' .. status
  local errors = string.match(body, '"field_violations":(%%b[])')
  if errors ~= nil then document = document .. ',"errors":' .. errors end
  found:setBytes(document .. "}")
end
"""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who may call which methods.

    ``name`` is the last part of a SPIFFE id (``spiffe://{TRUST_DOMAIN}/{name}``). ``role`` is the
    name of an IAM role, or its beginning before a ``*``, as Lattice names who has signed a call.
    """

    name: str
    methods: tuple[str, ...]
    role: str = ""

    @property
    def spiffe_id(self) -> str:
        """As its certificate says it."""
        return f"spiffe://{TRUST_DOMAIN}/{self.name}"


@dataclass(frozen=True, slots=True)
class Limits:
    """Calls that one Envoy lets through: ``burst`` at once, then ``per_second``."""

    per_second: int = 500
    burst: int = 1000


def filters(
    service: str,
    callers: Sequence[Caller],
    *,
    descriptor: str,
    limits: Limits,
    account: str | None,
    trusted: Sequence[str],
    reflection: bool,
) -> list[Config]:
    """The HTTP filters, in order.

    With an ``account`` the identity is Lattice's, else a certificate's. ``trusted`` are the
    addresses (CIDR) that Lattice calls from: from elsewhere its header counts for nothing.
    """
    identity = f"%REQ({LATTICE_IDENTITY})%" if account else CERTIFIED
    return [
        caller_identity(identity),
        http_filter("lua", {"default_source_code": {"inline_string": _LUA % PROBLEM_TYPES}}),
        _rate_limit(limits),
        _transcoder(service, descriptor),
        http_filter(
            "grpc_stats",
            {"stats_for_all_methods": True, "enable_upstream_stats": True},
            "FilterConfig",
        ),
        _rbac(service, callers, account, trusted, is_open=reflection),
        http_filter("router", {"suppress_envoy_headers": True}),
    ]


def local_replies() -> Config:
    """Envoy's own refusals of REST calls as problem documents; of gRPC calls they are statuses."""
    refused = {
        "comparison": {
            "op": "GE",
            "value": {"default_value": 400, "runtime_key": "problems.from_status"},
        }
    }
    is_grpc = {"name": "content-type", "string_match": {"prefix": "application/grpc"}}
    was_transcoded = {"header": {"name": "x-envoy-original-path", "present_match": True}}
    is_rest = [{"header_filter": {"header": {**is_grpc, "invert_match": True}}}]
    is_rest.append({"header_filter": was_transcoded})
    problem = {
        "type": "about:blank",
        "title": "%LOCAL_REPLY_BODY%",
        "status": "%RESPONSE_CODE%",
    }
    return {
        "mappers": [
            {
                "filter": {
                    "and_filter": {
                        "filters": [
                            {"status_code_filter": refused},
                            {"or_filter": {"filters": is_rest}},
                        ]
                    }
                },
                "body_format_override": {
                    "json_format": problem,
                    "content_type": "application/problem+json",
                },
                "headers_to_add": [no_store()],
            }
        ]
    }


ACCESS = {
    "timestamp": "%START_TIME%",
    "message": "call",
    "method": "%REQ(:METHOD)%",
    "path": "%REQ(X-ENVOY-ORIGINAL-PATH?:PATH)%",
    "status": "%RESPONSE_CODE%",
    "grpc_status": "%GRPC_STATUS(SNAKE_STRING)%",
    "flags": "%RESPONSE_FLAGS%",
    "milliseconds": "%DURATION%",
    "bytes_received": "%BYTES_RECEIVED%",
    "bytes_sent": "%BYTES_SENT%",
    "upstream": "%UPSTREAM_CLUSTER%",
    "attempts": "%UPSTREAM_REQUEST_ATTEMPT_COUNT%",
    "caller": f"%REQ({CALLER})%",
    "traceparent": "%REQ(TRACEPARENT)%",
    "request_id": "%REQ(X-REQUEST-ID)%",
}
"""What a line of pricing's access log says."""


def access_log(path: str, says: Mapping[str, str]) -> Config:
    """One line of JSON for each call; `path` is a file, or /dev/stdout."""
    return {
        "name": "envoy.access_loggers.file",
        "typed_config": {
            "@type": f"{_TYPES}.access_loggers.file.v3.FileAccessLog",
            "path": path,
            "log_format": {"json_format": dict(says)},
        },
    }


def no_store() -> Config:
    return {
        "header": {"key": "cache-control", "value": "no-store"},
        "append_action": "OVERWRITE_IF_EXISTS_OR_ADD",
    }


def http_filter(name: str, config: Mapping[str, Any], kind: str | None = None) -> Config:
    """One of Envoy's HTTP filters."""
    kind = kind or "".join(it.capitalize() for it in name.split("_"))
    return {
        "name": f"envoy.filters.http.{name}",
        "typed_config": {"@type": f"{_HTTP}.{name}.v3.{kind}", **config},
    }


def caller_identity(value: str) -> Config:
    """Puts who calls into the header ``CALLER``, whatever a caller has put there."""
    taken_away = [{"remove": CALLER}]
    given = {
        "append": {
            "header": {"key": CALLER, "value": value},
            "append_action": "OVERWRITE_IF_EXISTS_OR_ADD",
        }
    }
    mutations = {"request_mutations": [*taken_away, given]}
    return http_filter("header_mutation", {"mutations": mutations})


def _rate_limit(limits: Limits) -> Config:
    always = {"default_value": {"numerator": 100, "denominator": "HUNDRED"}}
    bucket = {
        "max_tokens": limits.burst,
        "tokens_per_fill": max(1, limits.per_second // 10),
        "fill_interval": "0.1s",
    }
    return http_filter(
        "local_ratelimit",
        {
            "stat_prefix": "calls",
            "token_bucket": bucket,
            "filter_enabled": {**always, "runtime_key": "calls.limited"},
            "filter_enforced": {**always, "runtime_key": "calls.limit_enforced"},
            "rate_limited_as_resource_exhausted": True,
        },
        "LocalRateLimit",
    )


def _transcoder(service: str, descriptor: str) -> Config:
    return http_filter(
        "grpc_json_transcoder",
        {
            "proto_descriptor": descriptor,
            "services": [service],
            "convert_grpc_status": True,
            "print_options": {
                "always_print_primitive_fields": True,
                "preserve_proto_field_names": True,
            },
            "request_validation_options": {
                "reject_unknown_query_parameters": True,
                "reject_binding_body_field_collisions": True,
            },
        },
    )


def _rbac(
    service: str,
    callers: Sequence[Caller],
    account: str | None,
    trusted: Sequence[str],
    *,
    is_open: bool,
) -> Config:
    """What no policy allows is refused with 403, or PERMISSION_DENIED."""
    policies: Config = {}
    for caller in callers:
        principal = _signed_by(caller, account, trusted) if account else certified(caller.spiffe_id)
        paths = [f"/{service}/{method}" for method in caller.methods]
        policies[caller.name] = {
            "permissions": [_path({"exact": path}) for path in paths],
            "principals": [principal],
        }
    if is_open:
        policies["everybody-in-dev"] = {
            "permissions": [
                _path({"prefix": "/grpc.reflection."}),
                _path({"prefix": "/grpc.health.v1.Health/"}),
            ],
            "principals": [{"any": True}],
        }
    return http_filter("rbac", {"rules": {"action": "ALLOW", "policies": policies}}, "RBAC")


def _path(match: Config) -> Config:
    return {"url_path": {"path": match}}


def certified(spiffe_id: str) -> Config:
    """Whoever has a certificate with this id, as RBAC names a principal."""
    return {"authenticated": {"principal_name": {"exact": spiffe_id}}}


def _signed_by(caller: Caller, account: str | None, trusted: Iterable[str]) -> Config:
    role, star, _ = caller.role.partition("*")
    name = re.escape(role).replace(r"\-", "-") + ("[^;/]*" if star else "")
    iam = rf"arn:[^:;]+:iam::{account}:role/{name}"
    sts = rf"arn:[^:;]+:sts::{account}:assumed-role/{name}/[^;]+"
    # A semicolon after a backslash is part of a value, which a caller may have chosen.
    identity = {
        "header": {
            "name": LATTICE_IDENTITY,
            "string_match": {
                "safe_regex": {"regex": rf"((.*[^\\])?;)?\s*Principal=({iam}|{sts})(;.*)?"}
            },
        }
    }
    ranges = [_cidr(it) for it in trusted]
    from_lattice = {"or_ids": {"ids": [{"direct_remote_ip": it} for it in ranges]}}
    return {"and_ids": {"ids": [identity, from_lattice]}}


def _cidr(text: str) -> Config:
    address, _, length = text.partition("/")
    return {"address_prefix": address, "prefix_len": int(length)}
