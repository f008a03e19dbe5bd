"""The deployed system as integration tests see it, and how they call it and wait for it."""

from __future__ import annotations

import http.client
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from tools.base.endpoint import Cloud
from tools.base.outputs import Outputs
from tools.checks.permissions import record
from tools.emulator.emulator import Emulator
from tools.local import tokens

T = TypeVar("T")
ENFORCED = os.environ.get("ENFORCE_PERMISSIONS") == "yes"
"""Whether the emulator checks each call of a function against its role, whatever the test."""
_PAUSE_SECONDS = 0.05
PATIENCE = 120.0
"""Seconds: a busy machine takes them, and a check that holds waits for none of them."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer; `headers` finds names in any case."""

    status: int
    headers: Message
    body: bytes

    @property
    def json(self) -> Any:
        """The parsed body."""
        return json.loads(self.body)


@dataclass(frozen=True)
class Deployment:
    """One running emulator with everything deployed to it."""

    emulator: Emulator
    outputs: Outputs
    cloud: Cloud
    _tokens: dict[tuple[str, str | None], str] = field(default_factory=dict)

    def named(self, service: str, heading: str, name: str) -> str:
        """A deployed resource's name or address, such as `("orders", "tables", "EventStore")`."""
        value: str = self.outputs["services"][service][heading][name]
        return value

    def url(self, service: str, path: str = "") -> str:
        """The address of a path, such as `/v1/orders`, in a service's API."""
        return self.named(service, "urls", "Api") + path

    def token(self, user: str = "demo", scopes: str | None = None) -> str:
        """An access token of that user, who is made if need be; it is asked for once.

        It has the scopes that are named, or all that customers' app may ask for.
        """
        if (user, scopes) not in self._tokens:
            self._tokens[user, scopes] = tokens.token(
                self.outputs, self.cloud, self.emulator.workspace, user=user, scopes=scopes
            )
        return self._tokens[user, scopes]


def call(
    method: str,
    url: str,
    *,
    token: str | None = None,
    body: Any = None,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """Make one request. `body` is sent as it is if it is bytes, else as JSON."""
    parts = urlsplit(url)
    sent = dict(headers or {})
    if token is not None:
        sent["Authorization"] = f"Bearer {token}"
    if body is not None:
        sent.setdefault("Content-Type", "application/json")
    payload = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
    try:
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        connection.request(method, target, payload, sent)
        response = connection.getresponse()
        return Answer(response.status, response.headers, response.read())
    finally:
        connection.close()


def eventually(check: Callable[[], T], timeout: float = PATIENCE) -> T:
    """Call `check` until it returns something true without an AssertionError; return that.

    Raises:
        AssertionError: it did not within `timeout` seconds; with what it said or returned last.
    """
    deadline = time.monotonic() + timeout
    while True:
        try:
            result = check()
            if result:
                return result
            last: BaseException | None = None
        except AssertionError as error:
            result, last = None, error
        if time.monotonic() > deadline:
            what = f"not within {timeout} s; last was {last if last else repr(result)}"
            raise AssertionError(what) from last
        time.sleep(_PAUSE_SECONDS)


@contextmanager
def recorded(emulator: Emulator) -> Iterator[None]:
    """Keep at the end what roles may do and did, if RECORD_CALLS names a folder to keep it in.

    Only what is enforced is asked of IAM, and can be recorded.
    """
    yield
    if emulator.auth and (folder := os.environ.get("RECORD_CALLS")):
        record.keep(emulator.cloud, emulator.workspace, Path(folder))


@contextmanager
def stopped(deployment: Deployment, service: str, function: str) -> Iterator[None]:
    """A consumer that gets nothing for a while: its mapping is disabled."""
    client = deployment.cloud.client("lambda")
    name = deployment.named(service, "functions", function)
    [mapping] = client.list_event_source_mappings(FunctionName=name)["EventSourceMappings"]
    client.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
    try:
        yield
    finally:
        client.update_event_source_mapping(UUID=mapping["UUID"], Enabled=True)
