"""A console's API for the screens' own tests: recorded answers, a login, and failures to order.

It serves the built app with the policy that a strict deployment has, under a folder, as API
Gateway does.
"""

from __future__ import annotations

import json
import secrets
import threading
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from bundling.web import MANIFEST, app_files
from tests.support import (
    console_alarms,
    console_configuration,
    console_faults,
    console_releases,
    console_traces,
)
from tests.support import console_answers as recorded
from tests.support import console_sagas as recorded_sagas
from tests.support import console_views as recorded_views
from tests.support.console_answers import Document
from tests.support.console_changes import RecordedChanges
from tests.support.console_log import RecordedLog
from tools.emulator.loopback_guard import GuardedHandler, GuardedServer

FOLDER = "/dev/"
FAULTS = "/_faults/v1/"
"""Where the fault process answers, at the same origin."""
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
MOST = 200
TWICE = 3
"""Messages that each answer tells again: the real one tells them at least once, too."""


@dataclass
class ConsoleApi:
    """What the API knows, and how it fails; a test changes any of it while a page is open."""

    services: list[Document] = field(default_factory=recorded.services)
    activity: list[Document] = field(default_factory=list)
    orders: list[Document] = field(default_factory=list)
    timelines: dict[str, Document] = field(default_factory=dict)
    consumers: list[Document] = field(default_factory=recorded.consumers)
    parked: list[Document] = field(default_factory=recorded.parked)
    sagas: Document = field(default_factory=recorded_sagas.sagas)
    quotes: Document = field(default_factory=recorded_sagas.quotes)
    log: RecordedLog = field(default_factory=RecordedLog)
    faults: Document = field(default_factory=console_faults.faults)
    tour: Document = field(default_factory=console_faults.tour)
    views: list[Document] = field(default_factory=recorded_views.views)
    changes: RecordedChanges = field(default_factory=RecordedChanges)
    configuration: list[Document] = field(default_factory=console_configuration.configuration)
    alarms: Document = field(default_factory=console_alarms.alarms)
    queues: list[Document] = field(default_factory=console_alarms.queues)
    releases: Document = field(default_factory=console_releases.releases)
    operator: str = "operator"
    may_operate: bool = True
    traced: bool = True
    """Whether the spans of its orders are kept."""
    down: bool = False
    """It answers 503 to everything that an operator asks."""
    slow: float = 0
    """Seconds that each answer takes."""
    tokens: set[str] = field(default_factory=set)
    refreshes: bool = True
    logins: int = 0
    logouts: int = 0
    calls: list[str] = field(default_factory=list)
    url: str = ""
    _asked: dict[str, tuple[str, str]] = field(default_factory=dict)

    def fill(self) -> None:
        """Some orders that were placed before the page is opened."""
        statuses = ("placed", "confirmed", "confirmed", "rejected", "cancelled")
        for index in range(12):
            order, at = recorded.identifier(f"order {index}"), -60.0 * index
            status = statuses[index % len(statuses)]
            self.orders.append(recorded.order_row(order, at, status))
            self.timelines[order] = recorded.timeline(order)
            self.activity = recorded.story(order, at, declined=status == "rejected") + self.activity
        for message in self.activity:
            self.log.say(message)

    def place(self, name: str) -> str:
        """Another order goes through, at once; its id."""
        return self.place_all([name])[0]

    def place_all(self, names: Iterable[str]) -> list[str]:
        """Several orders go through between two questions; their ids."""
        orders = [recorded.identifier(name) for name in names]
        for order in orders:
            self.orders.insert(0, recorded.order_row(order, 7200))
            self.timelines[order] = recorded.timeline(order)
        told = [message for order in orders for message in recorded.story(order, 7200)]
        self.activity = [*self.activity, *told]
        for message in told:
            self.log.say(message)
        return orders

    def pulse(self, after: str | None) -> tuple[int, Document]:
        """What is new since a cursor, as the API tells it."""
        known = self.activity
        if after is not None and not after.isdecimal():
            return 400, _problem(400, "The cursor is not one of ours")
        new = known[-50:] if after is None else known[max(0, int(after) - TWICE) :]
        counts: dict[str, int] = {}
        for message in new:
            counts[message["type"]] = counts.get(message["type"], 0) + 1
        return 200, {
            "as_of": recorded.moment(7300),
            "cursor": str(len(known)),
            "activity": new[-MOST:],
            "left_out": max(0, len(new) - MOST),
            "counts": counts,
            "gap": False,
            "environment": "dev",
            "operator": {"name": self.operator, "may_operate": self.may_operate},
        }

    def answer(self, path: str, query: dict[str, str]) -> tuple[int, Document]:
        """Status and document for one path below v1/."""
        as_of = {"as_of": recorded.moment(7300)}
        match path.split("/"):
            case ["pulse"]:
                return self.pulse(query.get("after"))
            case ["services"]:
                return 200, as_of | {"services": self.services}
            case ["orders"]:
                first = int(query.get("after", "0"))
                more = str(first + 50) if len(self.orders) > first + 50 else None
                page = self.orders[first : first + 50]
                return 200, as_of | {"orders": page, "next": more, "kept_hours": 24}
            case ["orders", order, "timeline"]:
                known = self.timelines.get(order)
                return (200, known) if known else (404, _problem(404, "There is no such order"))
            case ["consumers"]:
                return 200, as_of | {"consumers": self.consumers}
            case ["consumers", _, "parked"]:
                return 200, as_of | {"parked": self.parked, "capped": False}
            case ["configuration"]:
                return 200, as_of | {"services": self.configuration}
            case ["alarms"]:
                return 200, as_of | self.alarms
            case ["queues"]:
                return 200, as_of | {"queues": self.queues, "capped": False}
            case ["releases"]:
                return 200, as_of | self.releases
            case ["sagas"]:
                return 200, self.sagas
            case ["sagas", order]:
                return recorded_sagas.one(self.sagas, order, self.quotes)
            case ["log"]:
                return self.log.answer(query)
            case ["views"]:
                return 200, as_of | {"views": self.views}
        return 404, _problem(404, "There is no such resource")

    def of_this_machine(self, path: str) -> tuple[int, Document]:
        """What the fault process tells."""
        match path.split("/"):
            case ["tour"]:
                return 200, self.tour
            case ["service-map"]:
                return 200, console_traces.service_map(traced=self.traced)
            case ["traces", order]:
                known = order in self.timelines and self.traced
                told = console_traces.traces(order)
                return (200, told) if known else (404, _problem(404, "There is no trace"))
        return 200, self.faults

    def act(self, path: str, asked: Document) -> tuple[int, Document]:
        """What the fault process does when it is asked to."""
        if path.startswith("tour/"):
            return console_faults.begin(self.tour, path.removeprefix("tour/"))
        return console_faults.answer(self.faults, path, asked)

    def authorize(self, query: dict[str, str]) -> str:
        """The address that the login leads back to: nobody is asked for a password here."""
        self.logins += 1
        code = secrets.token_urlsafe(8)
        self._asked[code] = (query["code_challenge"], query["redirect_uri"])
        return f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state']})}"

    def token(self, form: dict[str, str]) -> tuple[int, Document]:
        """Tokens for a code with its verifier, or for a refresh token."""
        if form.get("grant_type") == "refresh_token":
            if not self.refreshes:
                return 400, {"error": "invalid_grant"}
        else:
            challenge, redirect = self._asked.pop(form["code"], ("", ""))
            digest = sha256(form["code_verifier"].encode()).digest()
            given = urlsafe_b64encode(digest).decode().rstrip("=")
            if (given, form["redirect_uri"]) != (challenge, redirect):
                return 400, {"error": "invalid_grant"}
        access = secrets.token_urlsafe(8)
        self.tokens.add(access)
        return 200, {"access_token": access, "refresh_token": "r", "token_type": "Bearer"}


def _problem(status: int, title: str) -> Document:
    return {
        "type": "https://problems.example/any",
        "title": title,
        "status": status,
        "detail": "",
        "correlation_id": recorded.identifier(title),
    }


class _Handler(GuardedHandler):
    server: _Server

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(address.query).items()}
        if address.path == "/oauth2/authorize":
            self._send(302, b"", Location=self.server.api.authorize(query))
        elif address.path == "/logout":
            self.server.api.logouts += 1
            known = query == {"client_id": "console", "logout_uri": self.server.api.url}
            self._send(302 if known else 400, b"", Location=self.server.api.url)
        elif address.path == f"{FOLDER}config.json":
            config = {
                "environment": "dev",
                "login_url": self.server.api.url.removesuffix(FOLDER),
                "client_id": "console",
                "scopes": ["console/read", "console/operate"],
            }
            self._document(200, config)
        elif address.path.startswith(f"{FOLDER}v1/"):
            path = address.path.removeprefix(f"{FOLDER}v1/")
            self._answer(path, lambda: self.server.api.answer(path, query))
        elif address.path.startswith(FAULTS):
            api = self.server.api
            path = address.path.removeprefix(FAULTS)
            self._answer(path, lambda: api.of_this_machine(path))
        else:
            self._file(address.path.removeprefix(FOLDER) or "index.html")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path.startswith(FAULTS):
            path = self.path.removeprefix(FAULTS)
            self._answer(self.path, lambda: self.server.api.act(path, json.loads(body)))
            return
        if self.path.startswith(f"{FOLDER}v1/"):
            path = self.path.removeprefix(f"{FOLDER}v1/")
            asked = json.loads(body)
            self._answer(path, lambda: self.server.api.changes.answer(path, asked))
            return
        form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        self._document(*self.server.api.token(form))

    def _answer(self, path: str, told: Callable[[], tuple[int, Document]]) -> None:
        api = self.server.api
        api.calls.append(path)
        time.sleep(api.slow)
        if api.down:
            self._document(503, _problem(503, "The service is not there"))
        elif self.headers.get("Authorization", "").removeprefix("Bearer ") not in api.tokens:
            self._document(401, _problem(401, "Unauthorized"))
        else:
            self._document(*told())

    def _file(self, name: str) -> None:
        files = self.server.files
        if name not in files or name == MANIFEST:
            self._document(404, _problem(404, "There is no such file"))
            return
        type = json.loads(files[MANIFEST])["files"][name]["type"]
        self._send(200, files[name], **{"Content-Type": type, "Content-Security-Policy": POLICY})

    def _document(self, status: int, document: Document) -> None:
        self._send(status, json.dumps(document).encode(), **{"Content-Type": "application/json"})

    def _send(self, status: int, content: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in ({"Cache-Control": "no-store"} | headers).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


class _Server(GuardedServer):
    control = ("/never",)
    api: ConsoleApi
    files: dict[str, bytes]


@contextmanager
def serving(api: ConsoleApi, port: int = 0) -> Iterator[ConsoleApi]:
    """The API at an address of this machine; its `url` is the app's."""
    server = _Server(port, _Handler)
    server.api, server.files = api, app_files()
    api.url = f"http://127.0.0.1:{server.server_port}{FOLDER}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield api
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def hostile(text: str) -> Any:
    """A change that puts a text into every string of a document, and leaves ids and times."""

    def change(it: Any, name: str = "") -> Any:
        if isinstance(it, dict):
            return {key: change(value, key) for key, value in it.items()}
        if isinstance(it, list):
            return [change(value, name) for value in it]
        if not isinstance(it, str) or name in _KEPT or name.endswith("_at"):
            return it
        return text

    return change


_KEPT = {"order_id", "sequence", "as_of", "at", "id", "cursor", "kind", "lane", "version", "next"}
