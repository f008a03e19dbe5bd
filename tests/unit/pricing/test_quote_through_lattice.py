"""The quote function signs what it asks, and answers whatever pricing says or fails to say."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
import urllib3
from botocore.session import Session

from pricing.adapters.lattice import LARGEST, PricingThroughLattice
from pricing.handlers.quote import answer
from shared.runtime import aws

REQUEST: dict[str, Any] = {
    "customer_id": "customer-1",
    "currency": "EUR",
    "lines": [{"sku": "TEA-GREEN-100", "quantity": 2}],
}
QUOTE = {"quote": "v1.abc", "total": 1180}


class Answer:
    """What urllib3 gives, read in parts."""

    def __init__(self, status: int, content: bytes) -> None:
        self.status = status
        self._content = content

    def read(self, most: int) -> bytes:
        return self._content[:most]

    def release_conn(self) -> None:
        """Nothing is held."""


class Wire:
    """The network between function and Lattice: one answer or error, and what was sent."""

    def __init__(self, reply: Answer | Exception) -> None:
        self._reply = reply
        self.sent: list[dict[str, Any]] = []

    def request(self, method: str, url: str, **details: Any) -> Any:
        self.sent.append({"method": method, "url": url, **details})
        if isinstance(self._reply, Exception):
            raise self._reply
        return self._reply


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKID")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not-one")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "session")
    monkeypatch.setattr(aws, "_session", Session())  # which keeps the first that it finds


def asked(reply: Answer | Exception, request: Any = REQUEST) -> tuple[dict[str, Any], Wire]:
    wire = Wire(reply)
    pricing = PricingThroughLattice("pricing.example", "eu-west-1", wire)  # type: ignore[arg-type]
    return answer(pricing, request), wire


def test_a_quote_is_asked_for_with_a_signature_for_the_service_network() -> None:
    found, wire = asked(Answer(200, json.dumps(QUOTE).encode()))
    assert found == {"outcome": "quoted", "quote": QUOTE}
    [sent] = wire.sent
    assert (sent["method"], sent["url"]) == ("POST", "https://pricing.example/v1/quotes")
    assert json.loads(sent["body"]) == REQUEST
    signed = sent["headers"]["Authorization"]
    assert "/eu-west-1/vpc-lattice-svcs/aws4_request" in signed
    assert "SignedHeaders=content-type;host;x-amz-content-sha256;x-amz-date;" in signed
    assert sent["redirect"] is False, "a signature is for one host"


def test_the_body_is_no_part_of_the_signature_which_lattice_would_refuse() -> None:
    _, wire = asked(Answer(200, b"{}"))
    [sent] = wire.sent
    assert sent["headers"]["X-Amz-Content-SHA256"] == "UNSIGNED-PAYLOAD"
    assert ";x-amz-content-sha256;" in sent["headers"]["Authorization"], "so says the signature"


def test_a_refusal_is_passed_on_as_it_was_said() -> None:
    problem = {"type": "about:blank", "title": "unknown-sku", "status": 422}
    found, _ = asked(Answer(422, json.dumps(problem).encode()))
    assert found == {"outcome": "refused", "problem": problem}


@pytest.mark.parametrize(
    "reply",
    [
        Answer(503, b"{}"),
        Answer(429, b"{}"),
        Answer(200, b"no JSON"),
        Answer(200, b"[1]"),
        Answer(403, b"AccessDeniedException"),
        Answer(200, b'{"a": "' + b"x" * LARGEST + b'"}'),
        urllib3.exceptions.ConnectTimeoutError("slow"),
    ],
    ids=["unavailable", "throttled", "no JSON", "a list", "no problem document", "huge", "timeout"],
)
def test_what_says_nothing_of_the_quote_is_unavailable(reply: Answer | Exception) -> None:
    found, _ = asked(reply)
    assert found["outcome"] == "unavailable"
    assert found["reason"]


@pytest.mark.parametrize(
    "change",
    [
        {"lines": []},
        {"lines": [{"sku": "TEA-GREEN-100", "quantity": 0}]},
        {"lines": [{"sku": "../admin", "quantity": 1}]},
        {"currency": "euro"},
        {"customer_id": ""},
        {"host": "elsewhere.example"},
    ],
)
def test_a_request_of_another_form_asks_nobody(change: dict[str, Any]) -> None:
    class Nobody:
        def quote(self, request: Any) -> Any:
            raise AssertionError(f"asked with {request}")

    with pytest.raises(msgspec.ValidationError):
        answer(Nobody(), {**REQUEST, **change})
