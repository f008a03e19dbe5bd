"""Every answer over HTTP is an answer of the contract, a failure that passes, or an error."""

from __future__ import annotations

import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
import urllib3

from payments.adapters import http_provider
from payments.adapters.http_provider import HttpPaymentProvider
from payments.adapters.provider_key import ProviderKey
from payments.domain.errors import KeyRefused, ProviderBroken, ProviderUnavailable
from payments.ports import AuthorizationStatus, Authorized, Declined
from tests.support.fakes.fake_secrets_manager import ARN, FakeSecretsManager

ORDER = "7b1b2cb1-9a43-5f4e-8f0a-1d1f3a0f3f11"
HELD: dict[str, Any] = {
    "id": "auth_1",
    "expires_at": "2026-12-08T12:00:00.000Z",
    "status": "authorized",
    "reference": ORDER,
    "amount": 1290,
    "currency": "EUR",
    "payer": "customer-1",
}
Reply = tuple[int, Any] | Exception


class Wire:
    """What urllib3 sends, and what it gets: one reply after the other, the last one for ever."""

    def __init__(self) -> None:
        self.replies: list[Reply] = []
        self.sent: list[tuple[str, str, dict[str, Any]]] = []

    def request(self, _pool: object, method: str, url: str, **details: Any) -> Any:
        self.sent.append((method, url, details))
        reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        if isinstance(reply, Exception):
            raise reply
        status, body = reply
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return SimpleNamespace(status=status, data=data)


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> Wire:
    fake = Wire()
    monkeypatch.setattr(
        urllib3.PoolManager, "request", lambda *args, **kwargs: fake.request(*args, **kwargs)
    )
    return fake


@pytest.fixture
def secrets() -> FakeSecretsManager:
    return FakeSecretsManager(json.dumps({"api_key": "first"}))


@pytest.fixture
def pauses() -> list[float]:
    return []


@pytest.fixture
def provider(secrets: FakeSecretsManager, pauses: list[float]) -> HttpPaymentProvider:
    key = ProviderKey(secrets, ARN)
    return HttpPaymentProvider("http://provider/", key, lambda: 2.5, pauses.append)


def ask(
    provider: HttpPaymentProvider, operation: str
) -> Authorized | Declined | AuthorizationStatus:
    if operation == "authorize":
        return provider.authorize(ORDER, "customer-1", 1290, "EUR")
    change: Callable[[str, str], AuthorizationStatus] = getattr(provider, operation)
    return change(ORDER, "auth_1")


CHANGES = ("capture", "void", "refund")
OPERATIONS = ("authorize", *CHANGES)


def test_an_authorization_is_asked_for_with_its_key_and_read(
    provider: HttpPaymentProvider, wire: Wire
) -> None:
    wire.replies = [(201, HELD)]
    assert ask(provider, "authorize") == Authorized("auth_1", HELD["expires_at"])
    [(method, url, details)] = wire.sent
    assert (method, url) == ("POST", "http://provider/v1/authorizations")
    assert json.loads(details["body"]) == {
        "reference": ORDER,
        "payer": "customer-1",
        "amount": 1290,
        "currency": "EUR",
    }
    assert details["headers"] == {
        "Authorization": "Bearer first",
        "Content-Type": "application/json",
        "Idempotency-Key": f"{ORDER}:authorize",
    }
    assert details["redirect"] is False
    assert details["timeout"].total == 2.5


@pytest.mark.parametrize("operation", CHANGES)
@pytest.mark.parametrize("status", [200, 409])
@pytest.mark.parametrize("reported", AuthorizationStatus)
def test_a_change_is_answered_with_how_the_authorization_stands(
    provider: HttpPaymentProvider,
    wire: Wire,
    operation: str,
    status: int,
    reported: AuthorizationStatus,
) -> None:
    wire.replies = [(status, {"status": reported.value})]
    assert ask(provider, operation) is reported
    [(_, url, details)] = wire.sent
    assert url == f"http://provider/v1/authorizations/auth_1/{operation}"
    assert details["headers"]["Idempotency-Key"] == f"{ORDER}:{operation}"


def test_a_decline_says_why(provider: HttpPaymentProvider, wire: Wire) -> None:
    wire.replies = [(402, {"reason": "card-expired"})]
    assert ask(provider, "authorize") == Declined("card-expired")


STATUSES = (200, 201, 202, 204, 301, 302, 400, 402, 403, 404, 409, 418, 422)
ANSWERS = {"authorize": (201, 402), **dict.fromkeys(CHANGES, (200, 409))}


@pytest.mark.parametrize(
    ("operation", "status"),
    [(it, status) for it in OPERATIONS for status in STATUSES if status not in ANSWERS[it]],
)
def test_a_status_that_is_no_answer_to_the_request_is_an_error(
    provider: HttpPaymentProvider, wire: Wire, operation: str, status: int
) -> None:
    wire.replies = [(status, HELD | {"reason": "no"})]
    with pytest.raises(ProviderBroken, match=f"{operation}: unexpected status {status}"):
        ask(provider, operation)
    assert len(wire.sent) == 1


NOT_IN_THE_CONTRACT: list[Any] = [
    b"",
    b"<html>",
    b"\xff",
    [],
    None,
    {},
    HELD | {"status": "held"},
    HELD | {"status": None},
]


@pytest.mark.parametrize("body", NOT_IN_THE_CONTRACT, ids=repr)
@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_body_that_is_not_in_the_contract_is_an_error_that_does_not_quote_it(
    provider: HttpPaymentProvider, wire: Wire, operation: str, body: Any
) -> None:
    wire.replies = [(201 if operation == "authorize" else 200, body)]
    with pytest.raises(ProviderBroken) as broken:
        ask(provider, operation)
    assert str(broken.value) == "the answer is not in the contract"


@pytest.mark.parametrize(
    "wrong",
    [
        *(
            {"status": it.value}
            for it in AuthorizationStatus
            if it is not AuthorizationStatus.AUTHORIZED
        ),
        {"id": ""},
        {"id": "../keys"},
        {"id": "a" * 129},
        {"id": 7},
        {"amount": 129000},
        {"amount": "1290"},
        {"currency": "USD"},
        {"reference": "7b1b2cb1-9a43-5f4e-8f0a-1d1f3a0f3f12"},
        {"expires_at": "tomorrow"},
        {"expires_at": "2026-12-08T12:00:00"},
        {"expires_at": "9999-12-31T23:59:59-23:59"},
        {"expires_at": None},
    ],
    ids=str,
)
def test_an_authorization_of_something_else_is_no_authorization(
    provider: HttpPaymentProvider, wire: Wire, wrong: dict[str, Any]
) -> None:
    wire.replies = [(201, HELD | wrong)]
    with pytest.raises(ProviderBroken):
        ask(provider, "authorize")


def test_a_decline_without_a_reason_is_no_decline(
    provider: HttpPaymentProvider, wire: Wire
) -> None:
    wire.replies = [(402, {})]
    with pytest.raises(ProviderBroken):
        ask(provider, "authorize")


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize(
    "failure",
    [(500, b""), (503, b""), (408, b""), (425, b""), (429, b""), urllib3.exceptions.HTTPError()],
    ids=str,
)
def test_trouble_is_asked_about_twice_under_one_key(
    provider: HttpPaymentProvider, wire: Wire, pauses: list[float], operation: str, failure: Reply
) -> None:
    wire.replies = [failure]
    with pytest.raises(ProviderUnavailable, match=operation):
        ask(provider, operation)
    assert len(wire.sent) == http_provider.TRIES == 2
    assert len({details["headers"]["Idempotency-Key"] for _, _, details in wire.sent}) == 1
    [pause] = pauses
    assert 0 <= pause <= http_provider.LONGEST_PAUSE


def test_an_answer_that_was_lost_is_found_by_asking_again(
    provider: HttpPaymentProvider, wire: Wire
) -> None:
    wire.replies = [(504, b""), (201, HELD)]
    assert ask(provider, "authorize") == Authorized("auth_1", HELD["expires_at"])


def test_a_key_that_was_replaced_is_read_again_once(
    provider: HttpPaymentProvider, wire: Wire, secrets: FakeSecretsManager
) -> None:
    wire.replies = [(401, b""), (200, {"status": "captured"})]
    assert ask(provider, "capture") is AuthorizationStatus.CAPTURED
    assert len(wire.sent) == 2


def test_a_key_that_nobody_knows_is_not_tried_further(
    provider: HttpPaymentProvider, wire: Wire, pauses: list[float]
) -> None:
    wire.replies = [(401, b"")]
    with pytest.raises(KeyRefused):
        ask(provider, "capture")
    assert len(wire.sent) == 2, "the key in memory, and the one read again"
    assert pauses == []
