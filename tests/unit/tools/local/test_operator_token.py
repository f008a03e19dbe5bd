"""Only a valid access token of an operator, signed by the pool's key, may cause faults."""

from __future__ import annotations

import hashlib
import json
from base64 import urlsafe_b64encode
from typing import Any

import pytest

from tools.local.faults.operator_token import Issuer, NotAllowed, NoToken, operator_of

NOW = 1_800_000_000.0
NAME, CLIENT = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_pool", "the-app"
# Two known primes, which nobody would take for a key.
P = 2**521 - 1
Q = 2**607 - 1
MODULUS, EXPONENT = P * Q, 65537
PRIVATE = pow(EXPONENT, -1, (P - 1) * (Q - 1))
SIZE = (MODULUS.bit_length() + 7) // 8
SHA256 = bytes.fromhex("3031300d060960864801650304020105000420")
CLAIMS = {
    "iss": NAME,
    "client_id": CLIENT,
    "token_use": "access",
    "exp": NOW + 60,
    "scope": "console/operate console/read",
    "username": "ann",
    "cognito:groups": ["operators"],
}


def text(content: bytes) -> str:
    return urlsafe_b64encode(content).decode().rstrip("=")


def signature(message: str, *, padding: bytes | None = None) -> bytes:
    digest = SHA256 + hashlib.sha256(message.encode()).digest()
    filled = b"\xff" * (SIZE - len(digest) - 3) if padding is None else padding
    padded = b"\x00\x01" + filled + b"\x00" + digest
    # What a lax check leaves unread after the digest is what a forger chooses (Bleichenbacher).
    padded = padded.ljust(SIZE, b"\x00")
    return pow(int.from_bytes(padded), PRIVATE, MODULUS).to_bytes(SIZE)


def token(header: dict[str, Any] | None = None, **changed: Any) -> str:
    claims = {name: it for name, it in {**CLAIMS, **changed}.items() if it is not None}
    head = text(json.dumps(header or {"alg": "RS256", "kid": "one"}).encode())
    message = f"{head}.{text(json.dumps(claims).encode())}"
    return f"{message}.{text(signature(message))}"


KEY = {"kid": "one", "n": text(MODULUS.to_bytes(SIZE)), "e": text(EXPONENT.to_bytes(3))}
ISSUER = Issuer(NAME, CLIENT, lambda: [{**KEY, "kid": "other", "n": text(b"\x05" * SIZE)}, KEY])


def asked(authorization: str) -> str:
    return operator_of(authorization, ISSUER, lambda: NOW)


def test_an_operators_token_says_who_it_is() -> None:
    assert asked(f"Bearer {token()}") == "ann"


@pytest.mark.parametrize(
    "changed",
    [
        {"iss": f"{NAME}2"},
        {"iss": None},
        {"client_id": "another"},
        {"token_use": "id"},
        {"exp": NOW},
        {"exp": NOW - 1},
        {"exp": None},
        {"exp": "never"},
    ],
)
def test_a_token_for_something_else_or_of_the_past_is_none(changed: dict[str, Any]) -> None:
    with pytest.raises(NoToken):
        asked(f"Bearer {token(**changed)}")


@pytest.mark.parametrize(
    "changed",
    [
        {"scope": "console/read"},
        {"scope": None},
        {"scope": "console/operated"},
        {"cognito:groups": None},
        {"cognito:groups": ["others"]},
        {"cognito:groups": "operators"},
        {"cognito:groups": []},
    ],
)
def test_an_operator_without_scope_or_group_may_not(changed: dict[str, Any]) -> None:
    with pytest.raises(NotAllowed):
        asked(f"Bearer {token(**changed)}")


@pytest.mark.parametrize(
    "header",
    [
        {"alg": "none", "kid": "one"},
        {"alg": "HS256", "kid": "one"},
        {"alg": ["RS256"], "kid": "one"},
        {"alg": "RS256", "kid": "unknown"},
        {"alg": "RS256", "kid": "other"},
        {"alg": "RS256"},
    ],
)
def test_no_header_chooses_how_or_by_whom_it_is_signed(header: dict[str, Any]) -> None:
    with pytest.raises(NoToken):
        asked(f"Bearer {token(header)}")


def test_a_changed_token_has_no_valid_signature() -> None:
    head, _, signed = token().split(".")
    body = text(json.dumps({**CLAIMS, "username": "eve"}).encode())
    with pytest.raises(NoToken, match="signature"):
        asked(f"Bearer {head}.{body}.{signed}")


def test_a_padding_that_leaves_room_for_forgery_is_refused() -> None:
    head, body, _ = token().split(".")
    short = signature(f"{head}.{body}", padding=b"\xff" * 8)
    with pytest.raises(NoToken, match="signature"):
        asked(f"Bearer {head}.{body}.{text(short)}")


@pytest.mark.parametrize("length", [0, 1, SIZE - 1, SIZE + 1])
def test_a_signature_of_another_length_is_refused(length: int) -> None:
    head, body, _ = token().split(".")
    with pytest.raises(NoToken):
        asked(f"Bearer {head}.{body}.{text(b'A' * length)}")


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Bearer",
        "Bearer ",
        "Bearer a.b.c",
        "Bearer ..",
        "Bearer a.b",
        "Bearer a.b.c.d",
        f"Basic {token()}",
        token(),
        "Bearer é.é.é",
        "Bearer W10.W10.W10",
        "Bearer " + "A" * 10_000 + "..",
        "Bearer " + text(b"[" * 5000) + ".e30.AA",
    ],
)
def test_garbage_is_no_token(authorization: str) -> None:
    with pytest.raises(NoToken):
        asked(authorization)
