"""Correlation: who asked, within which journey and trace, carried from hop to hop."""

import os
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from shared.runtime.patterns import UUID

_UUID = re.compile(UUID)
_TRACEPARENT = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


def is_uuid(text: str) -> bool:
    """Whether the text is a UUID in its canonical lower-case form."""
    return _UUID.fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class Trace:
    """The journey that a request or message belongs to.

    Only well-formed ids are taken from outside: these values reach logs and events for ever, so
    free text from a caller must not.
    """

    correlation_id: str
    traceparent: str

    @classmethod
    def from_headers(cls, headers: Mapping[str, str]) -> "Trace":
        """From HTTP headers with lower-case names; what is missing or malformed is made new."""
        correlation_id = headers.get("x-correlation-id", "").lower()
        traceparent = headers.get("traceparent", "")
        return cls(
            correlation_id if is_uuid(correlation_id) else str(uuid.uuid4()),
            traceparent if _TRACEPARENT.fullmatch(traceparent) else new_traceparent(),
        )


def new_traceparent() -> str:
    """A sampled W3C trace context that starts here."""
    return f"00-{os.urandom(16).hex()}-{os.urandom(8).hex()}-01"
