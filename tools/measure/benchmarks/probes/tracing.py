"""What tracing adds to a function: imports and first spans of a cold start, and warm orders.

Arguments: ``ours``, how many orders to warm up with, and how many rounds to measure.
"""

import importlib
import os
import socket
import time
from contextlib import contextmanager, suppress
from types import SimpleNamespace
from typing import Any

from answer import answer_with
from botocore_stub import answer_below_signing
from place_order import Context, check, request

ORDERS = 40
"""Of each kind in a round: short, so that all kinds see the same machine."""
KINDS = ("untraced", "unsampled", "sampled")


def measure(arguments: list[str]) -> dict[str, Any]:
    warm_up, rounds = int(arguments[1]), int(arguments[2])
    daemon = place_of_a_daemon()
    cold_ms = import_tracing()
    handler = importlib.import_module("orders.handlers.place_order").handler
    answer_below_signing(
        importlib.import_module("shared.runtime.aws").client("dynamodb"), {"PutItem": {}}
    )
    cold_ms += first_spans()
    spent = dict.fromkeys(KINDS, 0.0)
    for number in range(warm_up):
        handler(request(number), Context())
    for number in range(rounds):
        for kind in (*KINDS[number % 3 :], *KINDS[: number % 3]):
            requests = [request(it) for it in range(ORDERS)]
            with at_work(kind):
                begun = time.process_time()
                answers = [handler(it, Context()) for it in requests]
                spent[kind] += time.process_time() - begun
            for answer in answers:
                check(answer)
            drain(daemon)
    return {"cold_ms": cold_ms, **spent}


def place_of_a_daemon() -> socket.socket:
    """A daemon's place: on Lambda there is one, and a datagram to nobody costs more."""
    daemon = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    daemon.bind(("127.0.0.1", 0))
    daemon.setblocking(False)
    os.environ["AWS_XRAY_DAEMON_ADDRESS"] = f"127.0.0.1:{daemon.getsockname()[1]}"
    return daemon


def drain(daemon: socket.socket) -> None:
    """Take what has come, outside of what is measured."""
    with suppress(BlockingIOError):
        while True:
            daemon.recv(1 << 16)


def import_tracing() -> float:
    """Milliseconds, with all loaded that the kit loads without tracing."""
    for name in ("botocore.session", "shared.runtime.log", "shared.runtime.environment", "uuid"):
        importlib.import_module(name)
    begun = time.perf_counter()
    importlib.import_module("shared.runtime.tracing.invocations")
    return (time.perf_counter() - begun) * 1000


def first_spans() -> float:
    """Milliseconds until the first span of a process has been sent, the socket included."""
    spans = importlib.import_module("shared.runtime.tracing.spans")
    begun = time.perf_counter()
    with spans.root("first", spans.SERVER, "journey"):
        pass
    importlib.import_module("shared.runtime.tracing.invocations").flush()
    return (time.perf_counter() - begun) * 1000


@contextmanager
def at_work(kind: str) -> Any:
    """Orders are placed so: without any span, in one that is not sampled, or in one that is."""
    context = importlib.import_module("shared.runtime.tracing.context")
    api = importlib.import_module("shared.runtime.api")
    log = importlib.import_module("shared.runtime.log")
    sampled, span, ids = context.is_sampled, api._span, log._Lines.ids
    context.is_sampled = lambda _trace_id: kind == "sampled"
    if kind == "untraced":
        api._span = _Untraced
        log.name_lines(dict)
    try:
        yield
    finally:
        context.is_sampled, api._span = sampled, span
        log.name_lines(ids)


class _Untraced:
    """The same ids as before there were spans: a correlation id and a trace context."""

    context = SimpleNamespace(traceparent="00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
    error = None

    def __init__(self, event: dict[str, Any]) -> None:
        api = importlib.import_module("shared.runtime.api")
        self.correlation_id = api.correlation_id_in(api._lower_case(event.get("headers")))
        self.attributes: dict[str, Any] = {}

    def __enter__(self) -> "_Untraced":
        return self

    def __exit__(self, *_error: object) -> None:
        return None


if __name__ == "__main__":
    answer_with(measure)
