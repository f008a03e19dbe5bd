"""What the server is told by its environment variables."""

from typing import Annotated

import msgspec

PORT = 50051


class PortEnvironment(msgspec.Struct, frozen=True):
    """Where it listens."""

    port: Annotated[int, msgspec.Meta(ge=1, le=65535)] = PORT


class ServerEnvironment(msgspec.Struct, frozen=True):
    """Where it listens and what it signs with.

    ``reflection`` lets any client list services and messages: for dev alone.
    """

    quote_signing_secret_arn: str
    port: Annotated[int, msgspec.Meta(ge=1, le=65535)] = PORT
    release: str = "unreleased"
    reflection: str = "no"
    health_interval_seconds: Annotated[float, msgspec.Meta(gt=0, le=60)] = 5.0
    """How often those who send calls look at the health: the drain waits for three looks."""
    signing_key_seconds: Annotated[float, msgspec.Meta(gt=0, le=300)] = 60.0
    """How often the signing key is read again."""
