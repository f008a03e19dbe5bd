"""Partners' service behind its gateway, both as processes, with stand-ins for whom they call."""

from __future__ import annotations

import http.client
import json
import socket
import subprocess
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.support.drivers.offline import Answer, call, eventually
from tools.base.workspace import CHECKOUT, Workspace, write_private
from tools.containers import environment
from tools.emulator.loopback_guard import HOST
from tools.emulator.partners.processes import PartnersGateway, PartnersService
from tools.emulator.ports import listens

OTHER_PRICING = CHECKOUT / "tests" / "support" / "drivers" / "other_pricing.py"
NOT_PASSED_ON = ("host", "Host", "connection", "Connection", "traceparent")
KEYS = {"northwind": "key-of-northwind", "tailspin": "key-of-tailspin"}
PLAN_KEY = "key-of-the-plan"
"""By which the other services' APIs know the service for partners."""
SHIP_TO = {
    "address_id": "0d9a5a10-6f0a-4e57-9f1d-4f3a54d9c001",
    "country": "DE",
    "postcode_area": "10",
}


def order(**other: Any) -> dict[str, Any]:
    """A partner's order that is right, but for what is said."""
    return {
        "reference": f"po-{uuid.uuid4().hex[:12]}",
        "customer": "shopper-4711",
        "lines": [{"sku": "TEA-SENCHA", "quantity": 2}],
        "currency": "EUR",
        "ship_to": SHIP_TO,
        **other,
    }


@dataclass
class Others:
    """Login, orders, order views, customers and Secrets Manager, in one server; what they were
    asked, and how they answer. ``orders_say`` is a status in place of an answer.
    """

    keys: dict[str, str] = field(default_factory=lambda: dict(KEYS))
    orders: dict[str, dict[str, Any]] = field(default_factory=dict)
    asked: list[tuple[str, str, Mapping[str, str], Any]] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    orders_say: int | None = None
    slow_seconds: float = 0.0
    token_seconds: int = 3600
    refused_tokens: set[str] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, Mapping[str, str], Any]:
        """Status, headers and document."""
        if "x-amz-target" in headers:
            return 200, {}, {"SecretString": json.dumps(self.keys), "VersionId": "v"}
        if path == "/oauth2/token":
            time.sleep(0.05)  # so that others ask meanwhile
            with self.lock:
                self.counts["tokens"] += 1
                token = f"token-{self.counts['tokens']}"
            return 200, {}, {"access_token": token, "expires_in": self.token_seconds}
        document = json.loads(body) if body else None
        with self.lock:
            self.asked.append((method, path, headers, document))
        time.sleep(self.slow_seconds)  # as a test says, so that its caller meets somebody slow
        if headers.get("authorization", "").removeprefix("Bearer ") in self.refused_tokens:
            return 401, {}, {"title": "no"}
        if path == "/v1/partner-orders" and method == "POST":
            return self._place(headers, document)
        if path.startswith("/v1/partner-customers/"):
            return (201, {"ETag": '"1"'}, {"name": "kept"}) if method == "PUT" else (204, {}, None)
        if path.startswith("/v1/partner-endpoints/"):
            return self._tell(method, path, document)
        return 200, {}, {"status": "confirmed", "asked": path}

    def _tell(self, method: str, path: str, document: Any) -> tuple[int, Mapping[str, str], Any]:
        if method == "DELETE" or "/customers/" in path:
            return 204, {}, None
        if "nobody" in document["url"]:
            kind = "https://shop.example/problems/endpoint-refused"
            return 422, {}, {"type": kind, "title": "The endpoint cannot be used"}
        return 201, {}, {"url": document["url"]}

    def _place(
        self, headers: Mapping[str, str], document: Any
    ) -> tuple[int, Mapping[str, str], Any]:
        if self.orders_say is not None:
            kind = "https://shop.example/problems/orders-not-accepted"
            return self.orders_say, {"Retry-After": "7"}, {"type": kind, "title": "Not at present"}
        key = headers["idempotency-key"]
        with self.lock:
            made = self.orders.setdefault(
                key,
                {
                    "order_id": str(uuid.uuid4()),
                    "version": 1,
                    "status": "placed",
                    "currency": document["currency"],
                    "total": 100,
                },
            )
        where = f"/v1/partner-orders/{made['order_id']}?customer={document['customer']}"
        return 202, {"Location": f"{where}&min_version=1"}, made


@contextmanager
def served(others: Others) -> Iterator[str]:
    """Their address."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, more, document = others.answer(self.command, self.path, headers, body)
            content = b"" if document is None else json.dumps(document).encode()
            self.send_response(status)
            for name, value in {**more, "Content-Length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_DELETE = _any

        def log_message(self, *_: Any) -> None:
            """Nothing."""

    class Server(ThreadingHTTPServer):
        request_queue_size = 128
        daemon_threads = True

        def handle_error(self, *_: Any) -> None:
            """Who goes away has its reasons."""

    server = Server((HOST, 0), Handler)
    with _serving(server) as url:
        yield url


@contextmanager
def _serving(server: ThreadingHTTPServer) -> Iterator[str]:
    """Its address, while it answers in a thread of its own."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://{HOST}:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass(frozen=True)
class Partners:
    """The service, the gateway before it, and whom they call."""

    service: PartnersService
    gateway: PartnersGateway
    others: Others

    def call(
        self, method: str, path: str, body: Any = None, key: str | None = "", **headers: str
    ) -> Answer:
        """One request through the gateway; ``key`` is northwind's if none is named."""
        key = KEYS["northwind"] if key == "" else key
        sent = {**({"apikey": key} if key is not None else {}), **headers}
        return call(method, f"{self.gateway.url}{path}", body=body, headers=sent)

    def place(self, key: str | None = "", **other: Any) -> Answer:
        """Place an order."""
        return self.call("POST", "/v1/partner-orders", order(**other), key)


@contextmanager
def running(folder: Path, others: Others, **variables: str) -> Iterator[Partners]:
    """Both processes in a workspace of their own; pricing is nobody at all unless it is named."""
    workspace = Workspace(folder)
    workspace.prepare()
    workspace.partners.mkdir(exist_ok=True, mode=0o700)
    certificates = folder / "pricing"
    certificates.mkdir(exist_ok=True)
    module = "tools.emulator.pricing.certificates"
    named = "partners=spiffe://shop.example/partners"
    environment.run((environment.PYTHON, "-m", module, certificates, named))
    service, gateway = PartnersService(workspace), PartnersGateway(workspace)
    with served(others) as url, nobody() as pricing:
        know(service, url, api_key=PLAN_KEY)
        try:
            service.start(
                {
                    "ORDERS_URL": url,
                    "ORDER_VIEWS_URL": url,
                    "CUSTOMERS_URL": url,
                    "WEBHOOKS_URL": url,
                    "PRICING_HOST": pricing,
                    "AVAILABILITY_HOST": pricing,
                    "MESH_CERTIFICATES": str(certificates),
                    **variables,
                }
            )
            gateway.start(service, url)
            yield Partners(service, gateway, others)
        finally:
            for process in (gateway, service):
                process.stop()
                process.wait_until_gone()


def know(service: PartnersService, url: str, *, api_key: str) -> None:
    """Write the machine client as Secrets Manager has it."""
    client = {"client_id": "machine", "secret": "s", "token_url": f"{url}/oauth2/token"}
    write_private(service.machine_client, json.dumps({**client, "api_key": api_key}))


@contextmanager
def nobody() -> Iterator[str]:
    """An address that takes connections and never says a word."""
    with socket.socket() as silent:
        silent.bind((HOST, 0))
        silent.listen(64)
        yield f"{HOST}:{silent.getsockname()[1]}"


@contextmanager
def other_pricing(certificates: Path, port: int, how: str) -> Iterator[None]:
    """One that answers by another contract or passes calls on, until the context ends."""
    command = (environment.PYTHON, OTHER_PRICING, certificates, str(port), how)
    with subprocess.Popen(command) as process:
        try:
            eventually(lambda: listens(port))
            yield
        finally:
            process.kill()


@contextmanager
def without_trace(url: str) -> Iterator[str]:
    """An address that passes requests on to ``url`` as they are, but for their trace."""
    target = urlsplit(url)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name: it for name, it in self.headers.items() if name not in NOT_PASSED_ON}
            there = http.client.HTTPConnection(target.hostname or "", target.port, timeout=10)
            there.request(self.command, target.path.rstrip("/") + self.path, body, headers)
            answer = there.getresponse()
            content = answer.read()
            there.close()
            self.send_response(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_DELETE = _any

        def log_message(self, *_: Any) -> None:
            """Nothing."""

    server = ThreadingHTTPServer((HOST, 0), Handler)
    server.daemon_threads = True
    with _serving(server) as url:
        yield url
