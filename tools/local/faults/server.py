"""The fault process's HTTP interface: /v1/faults, /v1/load, /v1/tour, /v1/traces and
/v1/service-map, for operators alone.

The console's page reaches it at its own origin, through the emulator (``engine_forwarding.py``).
"""

from __future__ import annotations

import json
import math
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from contracts.product import PROBLEM_TYPES
from shared.runtime.patterns import is_uuid
from tools.base.errors import OfflineError
from tools.base.workspace import Workspace
from tools.emulator.loopback_guard import PROBLEM_JSON, GuardedHandler, GuardedServer
from tools.emulator.trace_receiver import TraceReceiver
from tools.local.faults import answers, arrows, traces
from tools.local.faults.customers import MOST
from tools.local.faults.desk import AlreadyOn, NoChoice, NotCaused, UnknownFault
from tools.local.faults.guide import LONGEST_SECONDS, StepRuns, UnknownStep
from tools.local.faults.operator_token import NotAllowed, NoToken, operator_of

if TYPE_CHECKING:
    from tools.local.faults.works import Works

LARGEST = 4096
"""Bytes of a request's body."""
PATIENCE_SECONDS = 30.0
TRACES = "/v1/traces/"
Json = dict[str, Any]
T = TypeVar("T")


class CauseFault(msgspec.Struct, forbid_unknown_fields=True):
    """POST /v1/faults/{name}."""

    choice: str


class ChooseLoad(msgspec.Struct, forbid_unknown_fields=True):
    """POST /v1/load: orders a second."""

    rate: float


class Nothing(msgspec.Struct, forbid_unknown_fields=True):
    """A POST whose path says everything."""


class Problem(Exception):
    """An answer that is an error; ``kind`` is the last segment of its type."""

    def __init__(self, status: int, kind: str, title: str, detail: str = "") -> None:
        super().__init__(title)
        self.status = status
        self.document = {
            "type": PROBLEM_TYPES + kind,
            "title": title,
            "status": status,
            "detail": detail,
        }


class FaultServer(GuardedServer):
    """Listens, and undoes what is over meanwhile."""

    _made: Works | None = None

    def __init__(self, port: int, workspace: Workspace, seconds: float) -> None:
        super().__init__(port, _Handler)
        self.workspace = workspace
        self._of = (workspace, seconds)
        self._making = threading.Lock()
        # In a thread: it takes a moment, and whoever starts the process need not wait for it.
        threading.Thread(target=lambda: self.works, daemon=True).start()

    @property
    def works(self) -> Works:
        """What causes faults; it undoes first what was left on."""
        from tools.local.faults.works import Works

        with self._making:
            if self._made is None:
                self._made = Works(*self._of)
            return self._made

    def end(self) -> None:
        """Undo everything that is on."""
        self.server_close()
        self.works.end()


class _Handler(GuardedHandler):
    server: FaultServer
    timeout = PATIENCE_SECONDS

    def do_GET(self) -> None:
        """What is on."""
        self._answer_with(self._get)

    def do_POST(self) -> None:
        """Cause, undo, choose."""
        self._answer_with(self._post)

    def _answer_with(self, work: Callable[[bytes, str], Json]) -> None:
        try:
            body = self._body()
            operator = self._operator()
            self._send(200, work(body, operator))
        except Exception as error:
            problem = _problem_of(error)
            self._send(problem.status, problem.document)

    def _body(self) -> bytes:
        text = self.headers.get("Content-Length", "0")
        if not text.isascii() or not text.isdigit() or int(text) > LARGEST:
            self.close_connection = True  # its body is not read
            raise Problem(413, "too-large", "The request is too large", f"{LARGEST} bytes at most")
        return self.rfile.read(int(text))

    def _operator(self) -> str:
        deployed = self.server.works.deployed
        return operator_of(self.headers.get("Authorization", ""), deployed.issuer)

    def _get(self, _: bytes, operator: str) -> Json:
        match self.path:
            case "/v1/faults":
                return self._faults(operator)
            case "/v1/tour":
                return self._tour()
            case "/v1/service-map":
                return arrows.told(TraceReceiver(self.server.workspace).edges(), time.time())
        if self.path.startswith(TRACES):
            order_id = self.path.removeprefix(TRACES)
            if not is_uuid(order_id):
                raise Problem(400, "invalid-request", "An order's id is a UUID")
            spans = traces.spans_of(self.server.workspace, order_id)
            return traces.told(order_id, spans, time.time())
        raise _not_found()

    def _post(self, body: bytes, operator: str) -> Json:
        works = self.server.works
        match self.path.split("/")[1:]:
            case ["v1", "faults", name]:
                works.desk.cause(name, _read(body, CauseFault).choice, operator)
            case ["v1", "faults", name, "undo"]:
                _read(body, Nothing)
                works.desk.undo(name)
            case ["v1", "undo"]:
                _read(body, Nothing)
                works.undo_all()
            case ["v1", "load"]:
                works.customers.choose(_rate(_read(body, ChooseLoad).rate))
            case ["v1", "tour", step]:
                _read(body, Nothing)
                works.guide.begin(step, operator)
                return self._tour()
            case _:
                raise _not_found()
        return self._faults(operator)

    def _faults(self, operator: str) -> Json:
        works = self.server.works
        works.watch.want()
        return {
            "as_of": answers.moment(time.time()),
            "operator": operator,
            "seconds": works.seconds,
            "faults": answers.faults(works.cards, works.desk, works.watch.effects),
            "load": answers.load(works.customers.going()),
            "books": answers.books(works.watch.reading, works.watch.problem),
        }

    def _tour(self) -> Json:
        return {
            "as_of": answers.moment(time.time()),
            "longest_seconds": LONGEST_SECONDS,
            "steps": answers.tour(self.server.works.guide),
        }

    def _send(self, status: int, document: Json) -> None:
        content = json.dumps(document).encode()
        self.send_response(status)
        kind = "application/json" if status == 200 else PROBLEM_JSON
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.end_headers()
        self.wfile.write(content)


def _read(body: bytes, form: type[T]) -> T:
    try:
        return msgspec.json.decode(body or b"{}", type=form)
    except (msgspec.DecodeError, RecursionError) as invalid:
        raise Problem(400, "invalid-request", "The body is not as it must be", str(invalid)) from (
            invalid
        )


def _rate(rate: float) -> float:
    if not math.isfinite(rate) or not 0 <= rate <= MOST:
        raise Problem(400, "invalid-request", "The rate is out of bounds", f"0 to {MOST:.0f}")
    return rate


def _not_found() -> Problem:
    return Problem(404, "no-such-resource", "There is no such resource")


def _problem_of(error: Exception) -> Problem:
    """The one place where errors become answers."""
    match error:
        case Problem():
            return error
        case NoToken():
            return Problem(401, "unauthorized", "No valid token of an operator", str(error))
        case NotAllowed():
            return Problem(403, "not-allowed", "You may not cause faults", str(error))
        case UnknownFault():
            return Problem(404, "no-such-resource", "There is no such fault")
        case traces.NoTrace():
            return Problem(404, "no-such-resource", "There is no trace", str(error))
        case UnknownStep():
            return Problem(404, "no-such-resource", "The tour has no such step")
        case StepRuns():
            return Problem(409, "step-runs", "A step is under way", "its end comes first")
        case NoChoice():
            return Problem(400, "invalid-request", "The fault has no such choice")
        case AlreadyOn():
            return Problem(409, "already-on", "It is on already", "undo it first")
        case NotCaused():
            return Problem(503, "not-caused", "The fault could not be caused", str(error))
        case OfflineError() | OSError():
            return Problem(503, "unavailable", "The system does not answer", str(error))
    return Problem(500, "internal", "The fault process failed", type(error).__name__)
