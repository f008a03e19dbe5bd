"""A reverse proxy before the emulator that writes down each call that a function makes to AWS."""

from __future__ import annotations

import http.client
import json
import re
import threading
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from tools.base.endpoint import assert_loopback
from tools.emulator.loopback_guard import HOST, GuardedHandler, GuardedServer

_CREDENTIAL = re.compile(r"Credential=[^/]+/[^/]+/[^/]+/(?P<service>[^/]+)/")
_FIRST_ATTEMPT = re.compile(r"\battempt=1\b")
_NOT_PASSED_ON = {"host", "connection", "transfer-encoding", "content-length"}
_PATIENCE_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Call:
    """One request of ``caller``, the name that its endpoint's address carries.

    ``request`` and ``response`` are parsed JSON where the protocol is JSON, else empty; ``sent`` is
    the size of the body in bytes. A request that the client repeats is one call.
    """

    caller: str
    service: str
    operation: str
    request: Mapping[str, Any]
    response: Mapping[str, Any]
    status: int
    sent: int


@dataclass
class CountingProxy:
    """Serves ``{address}/{caller}`` for each caller while it is entered as a context."""

    upstream: str
    calls: list[Call] = field(default_factory=list)
    repeated: int = 0
    """Requests that a client sent again; they are not among the calls."""

    def __post_init__(self) -> None:
        assert_loopback(self.upstream)
        self._server = _Server(0, _handler_for(self))
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def address_for(self, caller: str) -> str:
        """The endpoint that a caller is to use in place of the emulator's."""
        quoted = urllib.parse.quote(caller, safe="")
        return f"http://{HOST}:{self._server.server_port}/{quoted}"

    def forget(self) -> None:
        """Start again at nothing."""
        self.calls, self.repeated = [], 0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Server(GuardedServer):
    control = ()  # a POST to AWS has its protocol's type


def _handler_for(proxy: CountingProxy) -> type[GuardedHandler]:
    upstream = urlsplit(proxy.upstream)

    class Handler(GuardedHandler):
        def _pass_on(self) -> None:
            _, caller, path = [*self.path.split("/", 2), ""][:3]
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {k: v for k, v in self.headers.items() if k.lower() not in _NOT_PASSED_ON}
            connection = http.client.HTTPConnection(
                upstream.hostname or "", upstream.port, timeout=_PATIENCE_SECONDS
            )
            try:
                connection.request(self.command, f"/{path}", body, headers)
                answer = connection.getresponse()
                content = answer.read()
            finally:
                connection.close()
            self._note(urllib.parse.unquote(caller), path, body, content, answer.status)
            self.send_response(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in _NOT_PASSED_ON:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def _note(self, caller: str, path: str, body: bytes, content: bytes, status: int) -> None:
            signed = _CREDENTIAL.search(self.headers.get("Authorization", ""))
            if signed is None:  # no call to AWS
                return
            if not _FIRST_ATTEMPT.search(self.headers.get("amz-sdk-request", "attempt=1")):
                proxy.repeated += 1
                return
            proxy.calls.append(
                Call(
                    caller,
                    signed["service"],
                    self._operation(path, body),
                    _parsed(body),
                    _parsed(content),
                    status,
                    len(body),
                )
            )

        def _operation(self, path: str, body: bytes) -> str:
            """Its name where the request tells; else the method and the path's last word."""
            if target := self.headers.get("X-Amz-Target"):
                return str(target).rpartition(".")[2]
            if action := re.search(rb"(?:^|&)Action=(\w+)", body):
                return action[1].decode()
            last = urlsplit(path).path.rstrip("/").rpartition("/")[2]
            return "Invoke" if last == "invocations" else f"{self.command} {last}"

        do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = _pass_on

    return Handler


def _parsed(content: bytes) -> Mapping[str, Any]:
    try:
        value = json.loads(content)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
