"""Whether a token is one of an operator who may change what runs: all of it is checked here.

The functions' API leaves that to API Gateway. This process has nobody before it.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from base64 import b64decode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

SCOPE = "console/operate"
GROUP = "operators"
LONGEST = 8192
_ALGORITHM = "RS256"
_SHA256 = bytes.fromhex("3031300d060960864801650304020105000420")
"""How a signed SHA-256 digest begins (RFC 8017, 9.2)."""

Json = dict[str, Any]


class NoToken(Exception):
    """401: there is none, or it is not valid; says why."""


class NotAllowed(Exception):
    """403: the token is valid, and its owner may not do this; says why."""


@dataclass(frozen=True, slots=True)
class Issuer:
    """The pool and the client whose tokens are taken. ``public_keys`` gives its keys, as JWK."""

    name: str
    client_id: str
    public_keys: Callable[[], list[Json]]


def operator_of(authorization: str, issuer: Issuer, clock: Callable[[], float] = time.time) -> str:
    """The operator's name, from the header ``Authorization``.

    Raises:
        NoToken: signature, issuer, client, kind or expiry are not as they must be.
        NotAllowed: the scope or the group is missing.
    """
    scheme, _, token = authorization.partition(" ")
    if scheme != "Bearer" or not token:
        raise NoToken("the header Authorization has no bearer token")
    claims = _signed(token, issuer)
    if claims.get("iss") != issuer.name or claims.get("client_id") != issuer.client_id:
        raise NoToken("it is for something else")
    if claims.get("token_use") != "access":
        raise NoToken("it is no access token")
    expires = claims.get("exp")
    if not isinstance(expires, int | float) or expires <= clock():
        raise NoToken("it has expired")
    if SCOPE not in str(claims.get("scope", "")).split():
        raise NotAllowed(f"the token lacks the scope {SCOPE}")
    groups = claims.get("cognito:groups")
    if not isinstance(groups, list) or GROUP not in groups:
        raise NotAllowed(f"only members of the group {GROUP} may cause faults")
    return str(claims.get("username", ""))


def _signed(token: str, issuer: Issuer) -> Json:
    """The claims of a token whose signature one of the issuer's keys made."""
    if len(token) > LONGEST or token.count(".") != 2:
        raise NoToken("it is no signed token")
    head, body, signature = token.split(".")
    header, claims = _document(head), _document(body)
    if header.get("alg") != _ALGORITHM:  # and never what the token would like
        raise NoToken(f"it is not signed by {_ALGORITHM}")
    key = next((it for it in issuer.public_keys() if it.get("kid") == header.get("kid")), None)
    if key is None:
        raise NoToken("no key of the issuer signed it")
    if not _fits(f"{head}.{body}".encode("latin-1", "replace"), _bytes(signature), key):
        raise NoToken("its signature is wrong")
    return claims


def _fits(message: bytes, signature: bytes, key: Mapping[str, str]) -> bool:
    """RSASSA-PKCS1-v1_5 (RFC 8017, 8.2.2): the whole padded digest is made anew and compared."""
    modulus = int.from_bytes(_bytes(key["n"]))
    exponent = int.from_bytes(_bytes(key["e"]))
    size = (modulus.bit_length() + 7) // 8
    if len(signature) != size or int.from_bytes(signature) >= modulus:
        return False
    digest = _SHA256 + hashlib.sha256(message).digest()
    wanted = b"\x00\x01" + b"\xff" * (size - len(digest) - 3) + b"\x00" + digest
    found = pow(int.from_bytes(signature), exponent, modulus).to_bytes(size)
    return hmac.compare_digest(found, wanted)


def _document(part: str) -> Json:
    try:
        found = json.loads(_bytes(part))
    except (ValueError, RecursionError) as malformed:
        raise NoToken("it is malformed") from malformed
    if not isinstance(found, dict):
        raise NoToken("it is malformed")
    return found


def _bytes(part: str) -> bytes:
    try:
        padded = part.encode("ascii") + b"=" * (-len(part) % 4)
        return b64decode(padded, altchars=b"-_", validate=True)
    except ValueError as malformed:  # characters that are none, or too few
        raise NoToken("it is malformed") from malformed
