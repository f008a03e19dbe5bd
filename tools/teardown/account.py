"""The account that is torn down: a real one by the ordinary credential chain, or the emulator."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import boto3

from tools.base.endpoint import Cloud


@dataclass(frozen=True)
class Account:
    """Clients for one account and region.

    Args:
        region: such as ``eu-west-1``.
        endpoint: the emulator's address; then nothing but this machine can be reached.
    """

    region: str
    endpoint: str | None = None
    _clients: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    def client(self, service: str) -> Any:
        """The client of an AWS service, such as ``cloudformation``."""
        if service not in self._clients:
            if self.endpoint is None:
                make: Any = boto3.Session(region_name=self.region).client
                self._clients[service] = make(service)
            else:
                cloud: Any = Cloud(self.endpoint)
                self._clients[service] = cloud.client(service)
        return self._clients[service]

    @property
    def number(self) -> str:
        """The account's twelve digits."""
        identity: str = self.client("sts").get_caller_identity()["Account"]
        return identity
