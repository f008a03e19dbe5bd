"""A partner's own system that is told by webhook: it listens on this machine, with TLS.

It does what a partner's system must do: answers the challenge, checks signature and time, and takes
the same notice once.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tools.emulator.loopback_guard import GuardedHandler, GuardedServer

TOLERANCE_SECONDS = 300
NAME = "localhost"
CERTIFICATE = "envoy"
"""The one of `tools.emulator.pricing.certificates` that holds for that name."""


@dataclass
class Receiver:
    """What it was sent. ``says`` are statuses for the next requests that are no challenge; from
    then on it takes what comes.
    """

    port: int
    secret: str
    taken: dict[str, dict[str, Any]] = field(default_factory=dict)
    tries: list[tuple[str, float]] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    says: list[int] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Where it is told."""
        return f"https://{NAME}:{self.port}/orders"

    @property
    def endpoint(self) -> dict[str, str]:
        """As it is registered."""
        return {"url": self.url, "secret": self.secret}

    def of_order(self, order_id: str) -> list[dict[str, Any]]:
        """What it was told of an order, in the order's own order."""
        found = [it for it in self.taken.values() if it["data"]["order_id"] == order_id]
        return sorted(found, key=lambda it: int(it["data"]["version"]))

    def answer(self, headers: Any, body: bytes) -> tuple[int, bytes]:
        """Status and body."""
        if not self._is_ours(headers, body):
            self.refused.append(str(headers.get("webhook-id")))
            return 401, b""
        message = json.loads(body)
        if message["type"] == "endpoint.challenge":
            return 200, message["data"]["challenge"].encode()
        self.tries.append((headers["webhook-id"], time.monotonic()))
        status = self.says.pop(0) if self.says else 200
        if status == 200:
            self.taken.setdefault(headers["webhook-id"], message)
        return status, b""

    def _is_ours(self, headers: Any, body: bytes) -> bool:
        sent = headers.get("webhook-timestamp", "")
        if not sent.isdecimal() or abs(time.time() - int(sent)) > TOLERANCE_SECONDS:
            return False
        key = base64.b64decode(self.secret.removeprefix("whsec_"))
        content = f"{headers.get('webhook-id')}.{sent}.".encode() + body
        digest = hmac.new(key, content, hashlib.sha256).digest()
        expected = "v1," + base64.b64encode(digest).decode()
        return hmac.compare_digest(expected, headers.get("webhook-signature", ""))


@contextmanager
def listening(certificates: Path) -> Iterator[Receiver]:
    """A receiver, until the context ends. `certificates` has the one for localhost."""

    class Handler(GuardedHandler):
        timeout = 30

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status, said = receiver.answer(self.headers, body)
            self.send_response(status)
            if 300 <= status < 400:
                self.send_header("Location", receiver.url)
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

    server = GuardedServer(0, Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    own = certificates / CERTIFICATE
    context.load_cert_chain(own.with_suffix(".pem"), own.with_suffix(".key"))
    # The handshake is the handler's, in a thread of its own: nobody keeps others waiting.
    server.socket = context.wrap_socket(
        server.socket, server_side=True, do_handshake_on_connect=False
    )
    secret = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
    receiver = Receiver(server.server_port, secret)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
