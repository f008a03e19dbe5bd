"""What a web page could send to a process on this machine is refused, and what clients send passes.

The last tests hold that there is no other way to listen than through the guard.
"""

from __future__ import annotations

import ast
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from contracts.product import PROBLEM_TYPES
from tools.base.workspace import CHECKOUT
from tools.emulator.loopback_guard import (
    Guard,
    GuardedHandler,
    GuardedServer,
    Judge,
    Message,
    Refusal,
)

PORT = 4566
OWN = f"127.0.0.1:{PORT}"
ORIGIN = f"http://{OWN}"
JUDGE = Judge(PORT, control=("/_ministack/",))
JSON = "application/json"


def judged(
    method: str = "GET", path: str = "/", *, target: str = "", **headers: str | None
) -> Refusal | None:
    """With a host of its own unless another is named; None leaves it out."""
    named = {"host": OWN, **{name.replace("_", "-"): value for name, value in headers.items()}}
    return JUDGE.refusal(
        method,
        path,
        (target or path).encode(),
        [(name.encode(), value.encode()) for name, value in named.items() if value is not None],
    )


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"host": f"localhost:{PORT}"},
        {"host": f"LocalHost:{PORT}"},
        {"origin": ORIGIN, "sec_fetch_site": "same-origin", "referer": f"{ORIGIN}/login"},
        {"host": f"localhost:{PORT}", "origin": f"http://localhost:{PORT}"},
        {"sec_fetch_site": "none"},
        {"sec_fetch_site": "same-origin", "user_agent": "Mozilla/5.0 (X11; Linux x86_64)"},
        {"user_agent": "Boto3/1.42.0 md/Botocore#1.42.0"},
        {"user_agent": "curl/8.5.0"},
        {"referer": ORIGIN},
    ],
    ids=str,
)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS"])
def test_programs_and_pages_of_its_own_origin_pass(method: str, headers: dict[str, str]) -> None:
    assert judged(method, **headers) is None


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        # A name that a page pointed at this machine, and forms that no client of ours uses.
        ({"host": f"rebound.example:{PORT}"}, 421),
        ({"host": "rebound.example"}, 421),
        ({"host": f"127.0.0.1.rebound.example:{PORT}"}, 421),
        ({"host": f"localhost.rebound.example:{PORT}"}, 421),
        ({"host": f"bucket.localhost:{PORT}"}, 421),
        ({"host": f"api.execute-api.localhost:{PORT}"}, 421),
        ({"host": f"bucket.s3.eu-west-1.amazonaws.com:{PORT}"}, 421),
        ({"host": f"0.0.0.0:{PORT}"}, 421),
        ({"host": f"[::1]:{PORT}"}, 421),
        ({"host": f"127.0.0.1:{PORT}, rebound.example"}, 421),
        ({"host": f"somebody@127.0.0.1:{PORT}"}, 421),
        ({"host": "127.0.0.1"}, 421),
        ({"host": "127.0.0.1:4567"}, 421),
        ({"host": f"127.0.0.1:0{PORT}"}, 421),
        ({"host": f"localhost.:{PORT}"}, 421),
        ({"host": ""}, 400),
        ({"host": None}, 400),
        # fetch(), forms and WebSockets name the page's origin.
        ({"origin": "https://page.example"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": ""}, 403),
        ({"origin": f"https://{OWN}"}, 403),
        ({"origin": "http://127.0.0.1"}, 403),
        ({"origin": "http://127.0.0.1:3000"}, 403),
        ({"origin": f"http://localhost:{PORT}"}, 403),
        ({"origin": f"{ORIGIN}.page.example"}, 403),
        ({"origin": f"{ORIGIN} https://page.example"}, 403),
        # <img>, <script>, links and frames name none, but say how far away the page is.
        ({"sec_fetch_site": "cross-site"}, 403),
        ({"sec_fetch_site": "same-site"}, 403),
        ({"sec_fetch_site": "cross-site", "origin": ORIGIN}, 403),
        ({"sec_fetch_site": "cross-site", "sec_fetch_mode": "navigate"}, 403),
        ({"sec_fetch_site": "whatever"}, 403),
        # A browser that does not say it may be showing any page.
        ({"user_agent": "Mozilla/5.0 (Macintosh) Version/16.3 Safari/605.1.15"}, 403),
        ({"referer": "https://page.example/"}, 403),
        ({"referer": f"{ORIGIN}0/"}, 403),
        ({"referer": f"{ORIGIN}@page.example/"}, 403),
    ],
    ids=str,
)
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
def test_what_a_page_can_send_is_refused(method: str, headers: dict[str, Any], status: int) -> None:
    refused = judged(method, **headers)
    assert refused is not None
    assert refused.status == status


@pytest.mark.parametrize("name", ["host", "origin", "sec-fetch-site", "content-length"])
def test_a_header_that_decides_may_not_come_twice(name: str) -> None:
    value = {"host": OWN, "origin": ORIGIN, "sec-fetch-site": "none"}.get(name, "0").encode()
    headers = [(b"host", OWN.encode())] * (name != "host") + [(name.encode(), value)] * 2
    refused = JUDGE.refusal("GET", "/", b"/", headers)
    assert refused is not None
    assert refused.status == 400
    assert name in refused.detail


@pytest.mark.parametrize("target", ["http://page.example/", f"{ORIGIN}/", "*", OWN])
def test_a_target_that_names_a_host_of_its_own_is_refused(target: str) -> None:
    refused = judged(target=target)
    assert refused is not None
    assert refused.status == 400


@pytest.mark.parametrize(
    ("content_type", "passes"),
    [
        (JSON, True),
        (f"{JSON}; charset=utf-8", True),
        ("Application/JSON", True),
        (None, False),
        ("", False),
        ("text/plain", False),
        ("text/plain; application/json", False),
        ("application/jsonp", False),
        ("application/x-www-form-urlencoded", False),
        ("multipart/form-data; boundary=x", False),
    ],
    ids=str,
)
def test_only_json_tells_the_emulator_itself_what_to_do(
    content_type: str | None, passes: bool
) -> None:
    refused = judged("POST", "/_ministack/reset", content_type=content_type)
    assert (refused is None) == passes
    assert refused is None or refused.status == 415
    assert judged("POST", "/", content_type=content_type) is None


def test_a_control_path_is_known_in_disguise() -> None:
    assert judged("POST", "/_ministack/reset", target="/%5fministack/reset") is not None


def test_a_refusal_is_a_problem_document_that_says_why() -> None:
    refused = judged(origin="https://page.example")
    assert refused is not None
    assert json.loads(refused.content) == {
        "type": PROBLEM_TYPES + "foreign-page",
        "title": "Only this machine's own clients may call",
        "status": 403,
        "detail": "it comes from a page of the origin https://page.example; "
        "open the address by hand, or call it from a program",
    }


class Application:
    """An ASGI application that allows everybody everything, as the emulator does."""

    def __init__(self, *headers: tuple[bytes, bytes]) -> None:
        self.headers = [(b"X-Request-Id", b"r-1"), *headers]
        self.reached = 0

    async def __call__(self, scope: Message, receive: Any, send: Any) -> None:
        self.reached += 1
        kind = "websocket.accept" if scope["type"] == "websocket" else "http.response.start"
        await send({"type": kind, "status": 200, "headers": self.headers})


def asked(application: Application, kind: str = "http", **scope: Any) -> list[Message]:
    """What the server is told to send for one request through the guard."""
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": f"{kind}.connect"}

    async def send(message: Message) -> None:
        sent.append(message)

    whole = {"type": kind, "method": "GET", "path": "/", "headers": [(b"host", OWN.encode())]}
    if kind == "websocket":
        del whole["method"]
    guard = Guard(application, JUDGE)
    serving = guard({**whole, **scope}, receive, send)
    with pytest.raises(StopIteration):  # it never waits, so that no loop is needed
        serving.send(None)
    return sent


FOREIGN = [(b"host", OWN.encode()), (b"origin", b"https://page.example")]
WILDCARDS = [
    (b"Access-Control-Allow-Origin", b"*"),
    (b"access-control-allow-headers", b"*"),
    (b"Access-Control-Expose-Headers", b"*"),
]


def test_an_answer_loses_its_wildcards_and_nothing_else() -> None:
    (start,) = asked(Application(*WILDCARDS))
    assert start["headers"] == [(b"X-Request-Id", b"r-1")]


def test_what_an_api_allows_its_own_origin_stays() -> None:
    allowed = [(b"access-control-allow-origin", ORIGIN.encode()), WILDCARDS[1]]
    own = [(b"host", OWN.encode()), (b"origin", ORIGIN.encode())]
    (start,) = asked(Application(*allowed), headers=own)
    assert start["headers"][1:] == allowed
    (start,) = asked(Application(*allowed))
    assert start["headers"] == [(b"X-Request-Id", b"r-1")]


def test_a_refused_request_does_not_reach_the_application() -> None:
    application = Application()
    start, body = asked(application, headers=FOREIGN)
    assert (start["status"], application.reached) == (403, 0)
    assert dict(start["headers"])[b"content-type"] == b"application/problem+json"
    assert json.loads(body["body"])["status"] == 403


def test_a_page_opens_no_websocket_and_a_program_does() -> None:
    application = Application()
    (closed,) = asked(application, "websocket", headers=FOREIGN)
    assert (closed["type"], closed["code"]) == ("websocket.close", 1008)
    extensions: dict[str, Any] = {"websocket.http.response": {}}
    start, _ = asked(application, "websocket", headers=FOREIGN, extensions=extensions)
    assert (start["type"], start["status"]) == ("websocket.http.response.start", 403)
    assert application.reached == 0
    assert asked(application, "websocket")[0]["type"] == "websocket.accept"


def test_the_target_is_judged_as_the_client_sent_it() -> None:
    scope: dict[str, Any] = {"loopback.target": b"http://page.example/"}
    start, _ = asked(Application(), **scope)
    assert start["status"] == 400


class Handler(GuardedHandler):
    """Over two buffers in place of a connection; counts what reaches it."""

    reached: list[str]

    def __init__(self, request: str) -> None:
        self.rfile = io.BytesIO(request.encode())
        self.wfile = io.BytesIO()
        self.reached = []
        self.client_address = ("127.0.0.1", 1)
        self.close_connection = False
        self.server = GuardedServer.__new__(GuardedServer)
        self.server.judge = Judge(PORT, GuardedServer.control)
        self.handle()

    def do_POST(self) -> None:
        self.reached.append(self.path)
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(204)
        self.end_headers()

    do_GET = do_HEAD = do_POST

    @property
    def answer(self) -> str:
        assert isinstance(self.wfile, io.BytesIO)
        return self.wfile.getvalue().decode()


def request(method: str = "POST", target: str = "/_faults", body: str = "", *headers: str) -> str:
    named = [f"Host: {OWN}", f"Content-Type: {JSON}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join([f"{method} {target} HTTP/1.1", *named, "", body])


def test_a_processes_own_clients_reach_it() -> None:
    assert Handler(request() + request(target="/_keys")).reached == ["/_faults", "/_keys"]


@pytest.mark.parametrize(
    ("asked_for", "status"),
    [
        (request("POST", "/_faults", "", "Origin: null"), 403),
        (request("GET", "/_ledger", "", "Sec-Fetch-Site: cross-site"), 403),
        (request("GET", "http://page.example/"), 400),
        (request("GET", "/_ledger", "", "Host: page.example"), 400),
        (request("POST", "/_faults", "", "Transfer-Encoding: chunked"), 400),
        (request().replace(OWN, f"rebound.example:{PORT}"), 421),
        (request().replace(JSON, "text/plain"), 415),
        ("POST /_faults HTTP/1.0\r\nContent-Length: 0\r\n\r\n", 400),
    ],
)
def test_a_page_reaches_no_process_of_ours(asked_for: str, status: int) -> None:
    handler = Handler(asked_for)
    assert handler.reached == []
    assert handler.answer.startswith(f"HTTP/1.1 {status} ")
    assert json.loads(handler.answer.partition("\r\n\r\n")[2])["status"] == status


def test_the_body_of_a_refused_request_is_not_taken_for_the_next_one() -> None:
    hidden = request(target="/hidden")
    handler = Handler(request("POST", "/_faults", hidden, "Origin: https://page.example"))
    assert handler.reached == []
    assert handler.answer.count("HTTP/1.1") == 1


# What listens, by the names that the standard library and the usual servers give it.
_LISTENS = {
    "HTTPServer",
    "ThreadingHTTPServer",
    "TCPServer",
    "ThreadingTCPServer",
    "UDPServer",
    "BaseHTTPRequestHandler",
    "SimpleHTTPRequestHandler",
    "make_server",
    "create_server",
    "start_server",
    "create_datagram_endpoint",
    "listen",
    "bind",
    "uvicorn",
    "hypercorn",
    "aiohttp",
    "socketserver",
}
_MAY = {
    "tools/emulator/loopback_guard.py": _LISTENS,
    # Whether a port is free; they never listen.
    "tools/doctor/machine.py": {"bind"},
    "tools/emulator/ports.py": {"bind"},
    # On loopback offline; it refuses whom its gateway has not named, and allows no other origin.
    "containers/partners/handlers/serve.py": {"uvicorn"},
    # Datagrams on loopback, as X-Ray's daemon takes them; nobody is answered.
    "tools/measure/benchmarks/probes/tracing.py": {"bind"},
}
_NOT_OURS = {"tests", "node_modules"}


def sources() -> Iterator[Path]:
    for file in CHECKOUT.rglob("*.py"):
        parts = file.relative_to(CHECKOUT).parts
        if parts[0] not in _NOT_OURS and not any(it.startswith((".", "cdk.out")) for it in parts):
            yield file


def listeners_in(source: str) -> set[str]:
    named = set()
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names) | ast.ImportFrom(names=names):
                modules = [getattr(node, "module", None) or "", *(it.name for it in names)]
                named |= {part for it in modules for part in it.split(".")}
            case ast.Attribute(attr=name) | ast.Name(id=name):
                named.add(name)
    return named & _LISTENS


def test_nothing_listens_but_through_the_guard() -> None:
    files = {file.relative_to(CHECKOUT).as_posix(): file for file in sources()}
    assert "tools/emulator/payment_provider/server.py" in files
    found = {
        name: listeners_in(file.read_text()) - _MAY.get(name, set()) for name, file in files.items()
    }
    assert {name: listeners for name, listeners in found.items() if listeners} == {}


@pytest.mark.parametrize(
    "source",
    [
        "from http.server import ThreadingHTTPServer",
        "import http.server\nhttp.server.HTTPServer(('', 1), object)",
        "import socket\nsocket.create_server(('127.0.0.1', 1))",
        "import asyncio\nasyncio.start_server(print, '127.0.0.1', 1)",
        "import uvicorn",
        "from uvicorn import run",
    ],
)
def test_a_listener_of_its_own_is_found(source: str) -> None:
    assert listeners_in(source)
