"""What a partner is told of an order, and the signature by which it knows that we say it.

Form and signature are those of Standard Webhooks (standardwebhooks.com, version 1.0.0), which has
libraries for receivers in most languages.
"""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

PREFIX = "whsec_"
LEAST_SECRET, MOST_SECRET = 24, 64
"""Bytes."""
TOLD: Mapping[str, str] = MappingProxyType(
    {
        "OrderPlaced": "order.placed",
        "OrderConfirmed": "order.confirmed",
        "OrderRejected": "order.rejected",
        "OrderCancelled": "order.cancelled",
    }
)
"""What an event is called outside."""
CHALLENGE = "endpoint.challenge"


class BadSecret(Exception):
    """It has not the form of a secret, or is too short to be one."""


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing that happened to an order. ``id`` is the same however often it is sent."""

    id: str
    type: str
    order_id: str
    version: int
    occurred_at: str

    @property
    def body(self) -> bytes:
        """The same bytes each time: ids, a time and a state, and nothing about a person."""
        data = {"order_id": self.order_id, "version": self.version}
        return _json({"type": self.type, "timestamp": self.occurred_at, "data": data})


def challenge(text: str, at: str) -> bytes:
    """What a receiver is asked at its registration: it shows that it can read, and says it back."""
    return _json({"type": CHALLENGE, "timestamp": at, "data": {"challenge": text}})


def key_of(secret: str) -> bytes:
    """The bytes that a secret stands for. Raises BadSecret."""
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError) as malformed:
        raise BadSecret from malformed
    if not secret.startswith(PREFIX) or not LEAST_SECRET <= len(key) <= MOST_SECRET:
        raise BadSecret
    if len(set(key)) < LEAST_SECRET // 3:
        raise BadSecret
    return key


def signed(secret: str, id: str, seconds: int, body: bytes) -> Mapping[str, str]:
    """The headers of one try. ``seconds`` are since 1970: a receiver refuses what is old."""
    content = b".".join((id.encode(), str(seconds).encode(), body))
    digest = hmac.new(key_of(secret), content, hashlib.sha256).digest()
    return {
        "webhook-id": id,
        "webhook-timestamp": str(seconds),
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
    }


def _json(document: Any) -> bytes:
    return json.dumps(document, separators=(",", ":")).encode()
