"""GraphQL beside REST, offline: one query for an order's attributes, lines and history, and a list.

REST answers the same in three requests, of which the client makes one after the other, each over
the connection that it has. Both are warm and see the same machine, in turns. On this machine each
half of a resolver is a call of a Node process, and each function a process that is asked over a
pipe: ``details`` says how many milliseconds of a query the halves take, measured by themselves.
AWS runs resolvers inside of AppSync: what they take there cannot be known from here.
"""

import http.client
import json
import tempfile
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import urlsplit

from rich.console import Console

from stacks.order_graph import FIELDS, resolver_code
from tools.emulator.emulator import Emulator
from tools.local import tokens
from tools.local.bring_up import bring_up
from tools.measure.benchmarks.claims import Result, at_most

WARM_UP = 20
SEEN_WITHIN = 60
QUERY = """
query Order($id: ID!) { me {
  order(id: $id) {
    id version status currency total placedAt updatedAt reason
    shipTo { addressId country postcodeArea }
    lines { sku quantity unitPrice }
    history { version type occurredAt reason }
  }
  orders(limit: 20) { orders { id version status } nextPageToken }
} }
"""
BODY = {
    "lines": [{"sku": "MUG-BLUE", "quantity": 2}, {"sku": "TEA-ASSAM", "quantity": 1}],
    "currency": "EUR",
    "ship_to": {"address_id": str(uuid.UUID(int=1)), "country": "DE", "postcode_area": "10"},
}


class Unanswered(Exception):
    """A request was refused, or answered with errors."""


@dataclass
class Caller:
    """A client that keeps one connection."""

    url: str
    token: str

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        self._connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
        self._path = parts.path.rstrip("/")

    def __call__(self, method: str, path: str = "", body: Any = None, **headers: str) -> Any:
        """The answer. Raises Unanswered."""
        content = json.dumps(body) if body is not None else None
        sent = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        self._connection.request(method, self._path + path, content, sent | headers)
        answer = self._connection.getresponse()
        said = json.loads(answer.read())
        if answer.status >= 300 or "errors" in said:
            raise Unanswered(f"{answer.status} {said}")
        return said


def measure(*, quick: bool) -> list[Result]:
    """How many times longer a query takes than the same by REST; both times to inform."""
    rounds = 20 if quick else 100
    with tempfile.TemporaryDirectory() as folder, Emulator(Path(folder)) as emulator:
        outputs = bring_up(emulator, Console(quiet=True))
        urls = {name: it["urls"] for name, it in outputs["services"].items() if "urls" in it}
        token = tokens.token(outputs, emulator.cloud, emulator.workspace)
        orders, views = (Caller(urls[it]["Api"], token) for it in ("orders", "order-views"))
        graph = Caller(urls["order-graph"]["Api"], token)
        order_id = _placed(orders, views)

        def by_rest() -> None:
            views("GET", f"/v1/orders/{order_id}")
            orders("GET", f"/v1/orders/{order_id}/history")
            views("GET", "/v1/orders?limit=20")

        def by_graph() -> None:
            graph("POST", body={"query": QUERY, "variables": {"id": order_id}})

        times: dict[str, list[float]] = {"rest": [], "graph": []}
        for number in range(WARM_UP + rounds):
            for name, ask in (("rest", by_rest), ("graph", by_graph)):
                begun = time.perf_counter()
                ask()
                if number >= WARM_UP:
                    times[name].append((time.perf_counter() - begun) * 1000)
        halves = _halves(emulator.cloud.client("appsync"), rounds)
    ratios = [graph / rest for graph, rest in zip(times["graph"], times["rest"], strict=True)]
    details = {
        "rest_ms": median(times["rest"]),
        "graph_ms": median(times["graph"]),
        "halves_ms": halves,
    }
    return [
        Result(
            "one GraphQL query beside three REST requests",
            median(ratios),
            "x",
            at_most(3, aim=2),
            (min(ratios), max(ratios)),
            details,
        ),
        *(
            Result(what, median(times[name]), "ms", spread=(min(times[name]), max(times[name])))
            for what, name in (("the query", "graph"), ("the three requests", "rest"))
        ),
        Result("the query's resolvers, each half evaluated alone", halves, "ms"),
    ]


def _placed(orders: Caller, views: Caller) -> str:
    headers = {"Idempotency-Key": str(uuid.uuid4())}
    order_id: str = orders("POST", "/v1/orders", BODY, **headers)["order_id"]
    ends = time.monotonic() + SEEN_WITHIN
    while True:
        try:
            views("GET", f"/v1/orders/{order_id}?min_version=2")
        except Unanswered:
            if time.monotonic() > ends:
                raise
            time.sleep(0.5)
        else:
            return order_id


def _halves(appsync: Any, rounds: int) -> float:
    """Milliseconds that one evaluation of both halves of each resolver of a query takes."""
    me = str(uuid.UUID(int=1))
    source = {"owner": me, "id": me, "generation": "g1", "correlationId": me, "traceparent": None}
    context = {
        "identity": {
            "sub": me,
            "claims": {"sub": me, "token_use": "access", "scope": "orders/read"},
        },
        "request": {"headers": {}},
        "arguments": {"id": me, "limit": 20},
        "source": source,
        "result": {"answer": []},
    }
    taken = []
    for _ in range(rounds):
        begun = time.perf_counter()
        for (type_name, _field), (file, _read) in FIELDS.items():
            if type_name in ("Subscription", "Mutation"):
                continue
            for half in ("request", "response"):
                appsync.evaluate_code(
                    runtime={"name": "APPSYNC_JS", "runtimeVersion": "1.0.0"},
                    code=resolver_code(file),
                    context=json.dumps(context),
                    function=half,
                )
        taken.append((time.perf_counter() - begun) * 1000)
    return median(taken)
