"""Webhooks' environment."""

from typing import Annotated
from urllib.parse import urlsplit

import msgspec


class CustomersEnvironment(msgspec.Struct, frozen=True):
    """What noting whose customer somebody is needs."""

    customers_table: str


class EndpointsEnvironment(msgspec.Struct, frozen=True):
    """What keeping endpoints needs."""

    endpoints_table: str


class ReceiversEnvironment(msgspec.Struct, frozen=True):
    """What calling partners' receivers needs. On AWS nothing of it is there."""

    loopback_receivers: str = ""
    """The emulator's alone: a file with whose certificates receivers on this machine have."""
    aws_endpoint_url: str = ""
    """Where AWS is, if it is the emulator: only one on this machine allows receivers there."""

    @property
    def authority(self) -> str:
        """The file by which receivers on this machine are known; empty where there are none.

        Two things must say so, and on AWS neither can: the emulator, which names the file, and AWS
        itself being on this machine. A function on AWS that was told the same would find no AWS.
        """
        try:
            host = urlsplit(self.aws_endpoint_url).hostname
        except ValueError:
            return ""
        return self.loopback_receivers if host in ("127.0.0.1", "localhost") else ""


class HearingEnvironment(CustomersEnvironment, frozen=True):
    """What hearing events and telling partners needs."""

    endpoints_table: str
    deliveries_table: str
    claim_seconds: Annotated[int, msgspec.Meta(ge=1)]
    """For how many seconds a worker that claims a notice has it alone."""
    read_events_arn: str
    dead_letters_url: str
    queue_url: str
    queue_attempts: int
    message_sources: str
    """JSON: by type of message, the source from which it counts."""
