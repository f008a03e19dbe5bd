"""What Kong's manifests say is translated whole, or not at all."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tools.emulator.partners.equivalent import bootstrap, routes
from tools.emulator.partners.manifests import RENDERED, Edge, KeySource, NotTranslated, read

TEXT = RENDERED.read_text("utf-8")


def keys(edge: Edge) -> dict[KeySource, str]:
    """A key for each consumer."""
    return {source: f"of-{it.username}" for it in edge.consumers for source in it.keys}


def made(text: str = TEXT) -> dict[str, Any]:
    edge = read(text)
    found: dict[str, Any] = routes(edge, keys(edge))["resources"][0]["virtual_hosts"][0]
    return found


def of_consumer(name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(
        it
        for it in made()["routes"]
        if it["match"].get("headers", [{}])[0].get("string_match") == {"exact": name}
    )
    return found


def test_a_consumer_has_the_routes_plugins_or_its_own() -> None:
    limits = {}
    for name in ("northwind", "tailspin"):
        plugins = of_consumer(name)["typed_per_filter_config"]
        limits[name] = (
            plugins["limit.second"]["token_bucket"]["max_tokens"],
            plugins["limit.minute"]["token_bucket"]["max_tokens"],
            plugins["envoy.filters.http.buffer"]["buffer"]["max_request_bytes"],
        )
    assert limits == {"northwind": (5, 120, 256 * 1024), "tailspin": (50, 1200, 1024 * 1024)}


def test_keys_are_where_the_external_secrets_say() -> None:
    edge = read(TEXT)
    [northwind] = [it.keys for it in edge.consumers if it.username == "northwind"]
    assert [it.property for it in northwind] == ["northwind"]
    assert edge.secrets == (northwind[0].secret,)


def test_a_key_that_is_not_there_lets_nobody_in() -> None:
    edge = read(TEXT)
    first = routes(edge, {})["resources"][0]["virtual_hosts"][0]["routes"][0]
    [nobody] = first["typed_per_filter_config"]["envoy.filters.http.api_key_auth"]["credentials"]
    assert nobody["client"] == "nobody"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("limit_by: consumer", "limit_by: path", "is limited by path"),
        ("  hide_client_headers: false\n", "  redis_host: r\n", "redis_host"),
        ("plugin: correlation-id", "plugin: cors", "plugin cors"),
        ("credentials:\n- northwind-key\n", "credentials:\n- another\n", "makes another"),
        ("key-auth,rate-limit-standard,size", "rate-limit-standard,size", "no key-auth"),
        ("key-auth,rate-limit-standard,size", "key-auth,rate-limit-std,size", "rate-limit-std"),
        ("size-limit,correlation-id,no-trace", "size-limit,correlation-id", "remove exactly trace"),
        ("standard,correlation-id,no-trace", "standard,correlation-id", "remove exactly trace"),
        ("    - tracestate\n", "", "remove exactly trace"),
        ("    - tracestate\n", "    - tracestate\n    - accept\n", "remove exactly trace"),
        ("type: PathPrefix\n        value: /v1/partner-orders", "type: Exact\n        value: /v1/p",
         "only prefixes"),
        ("    name: orders\n    timeouts", "    filters: []\n    name: orders\n    timeouts",
         "filters"),
        ("        service: shop.pricing",
         "        type: RegularExpression\n        service: shop.pricing", "only methods"),
        ("    name: quotes\n", "    filters: []\n    name: quotes\n", "filters"),
    ],
)  # fmt: skip
def test_what_is_not_known_is_an_error_and_never_left_out(old: str, new: str, said: str) -> None:
    assert old in TEXT, old
    with pytest.raises(NotTranslated, match=said):
        made(TEXT.replace(old, new))


def test_two_consumers_have_no_key_in_common() -> None:
    edge = read(TEXT)
    with pytest.raises(NotTranslated, match="key of another consumer"):
        routes(edge, dict.fromkeys(keys(edge), "one"))


def test_the_bootstrap_holds_no_key_and_listens_on_this_machine_alone() -> None:
    text = json.dumps(bootstrap({"edge": 1, "admin": 2, "service": 3, "grpc": 5}, "/folder"))
    assert "of-northwind" not in text
    assert text.count('"socket_address"') == text.count('"address": "127.0.0.1"') == 4
