"""The AppConfig agent in memory: it answers as the real one does, without a socket."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message
from io import BytesIO
from typing import Any
from unittest.mock import patch

from shared.runtime import configuration

ENVIRONMENT = {
    "CONFIGURATION_AGENT_URL": "http://localhost:2772",
    "CONFIGURATION_APPLICATION": "application-id",
    "CONFIGURATION_ENVIRONMENT": "environment-id",
    "CONFIGURATION_POLL_SECONDS": "15",
}


@dataclass
class FakeAgent:
    """``documents`` by profile; a profile without one gets a 404, as before any deployment.

    ``fault`` is raised in place of an answer, and ``status`` takes the place of 200.
    """

    documents: dict[str, bytes] = field(default_factory=dict)
    fault: Exception | None = None
    status: int = 200
    token: str | None = None
    """What it wants to see before it answers."""
    requests: list[str] = field(default_factory=list)
    patience: list[float] = field(default_factory=list)
    open_connections: int = 0

    def profile_of(self, path: str) -> str:
        """The last step of a path."""
        return path.rpartition("/")[2]


class _Connection:
    def __init__(self, agent: FakeAgent, timeout: float) -> None:
        self._agent = agent
        self._timeout = timeout
        self._path = ""
        agent.open_connections += 1

    def request(self, method: str, path: str, headers: Mapping[str, str]) -> None:
        assert method == "GET"
        self._authorization = headers.get("Authorization")
        self._agent.requests.append(path)
        self._agent.patience.append(self._timeout)
        if self._agent.fault:
            raise self._agent.fault
        self._path = path

    def getresponse(self) -> Any:
        token = self._agent.token
        if self._authorization != (f"Bearer {token}" if token else None):
            return _Response(401, b"{}")
        document = self._agent.documents.get(self._agent.profile_of(self._path))
        return _Response(404 if document is None else self._agent.status, document or b"")

    def close(self) -> None:
        self._agent.open_connections -= 1


class _Response(BytesIO):
    def __init__(self, status: int, document: bytes) -> None:
        super().__init__(document)
        self.status = status
        self.headers = Message()
        self.headers["Configuration-Version"] = "7"


@contextmanager
def answering(agent: FakeAgent) -> Iterator[FakeAgent]:
    """Let this process, as if it had just begun, read its configuration from ``agent``."""

    def connection(host: str, port: int | None, *, timeout: float) -> _Connection:
        assert (host, port) == ("localhost", 2772)
        return _Connection(agent, timeout)

    configuration.forget()
    with patch("http.client.HTTPConnection", connection), patch.dict("os.environ", ENVIRONMENT):
        yield agent
    assert agent.open_connections == 0, "each one is closed, whatever came of it"
    configuration.forget()
