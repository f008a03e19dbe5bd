"""A short digest by which the same event is recognised in event store, log and archive."""

from hashlib import sha256

import msgspec

from shared.messaging.envelope import Envelope

_encode = msgspec.json.Encoder(order="deterministic").encode


def fingerprint(event: Envelope) -> str:
    """64 bits in hexadecimal, of all fields whatever their order."""
    return sha256(_encode(event)).hexdigest()[:16]
