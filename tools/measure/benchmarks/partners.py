"""Partners: what the gateway adds to a request, and a partner's order beside a direct one.

Everything is deployed to an emulator of its own, and no saga is started. Requests are made in
turns, one after the other, on connections that stay open. The one that passes the gateway and calls
nobody is for an order whose id has not the form of one. A direct order brings the machine client's
token to orders' API; a partner's has a key, and pricing's quote, on top.
"""

import http.client
import json
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles
from typing import Any
from urllib.parse import urlsplit

from rich.console import Console

from tools.base.endpoint import Cloud
from tools.base.outputs import Outputs
from tools.base.partners_key import key_of_partners
from tools.base.workspace import Workspace
from tools.containers.environment import HOW, is_there
from tools.emulator.emulator import Emulator
from tools.emulator.partners.system import PartnersSystem
from tools.local import tokens
from tools.local.bring_up import bring_up
from tools.measure.benchmarks.claims import Result, absolute, at_most, ratio
from tools.measure.benchmarks.post_to_view import hold_back_sagas

PARTNER, CUSTOMER = "tailspin", "measured"
UNKNOWN = f"/v1/partner-orders/no-id?customer={CUSTOMER}"
PAUSE = 0.03
"""Between two requests of the partner: less than its limit of fifty a second."""
ORDER: dict[str, Any] = {
    "customer": CUSTOMER,
    "lines": [{"sku": "TEA-SENCHA", "quantity": 1}],
    "currency": "EUR",
    "ship_to": {"address_id": str(uuid.UUID(int=1)), "country": "DE", "postcode_area": "10"},
}


def measure(*, quick: bool) -> list[Result]:
    """Milliseconds, and a ratio."""
    if not is_there():
        sys.exit(f"the tools for containers are not installed: {HOW}")
    with tempfile.TemporaryDirectory() as folder, Emulator(Path(folder)) as emulator:
        outputs = bring_up(emulator, Console(quiet=True), with_containers=True)
        hold_back_sagas(emulator, outputs)
        return compared(emulator.workspace, outputs, emulator.cloud, quick=quick)


def compared(workspace: Workspace, outputs: Outputs, cloud: Cloud, *, quick: bool) -> list[Result]:
    """The figures of what is up."""
    rounds, requests, orders = (2, 60, 10) if quick else (5, 200, 40)
    system = PartnersSystem(workspace)
    key = {"apikey": system.keys(cloud)[PARTNER]}
    token = {
        "Authorization": f"Bearer {tokens.of_a_machine(outputs, cloud)}",
        "x-api-key": key_of_partners(cloud),
    }
    api = outputs["services"]["orders"]["urls"]["Api"]
    with (
        _Client.of(system.gateway.url, key) as gateway,
        _Client.of(system.service.url, {"X-Consumer-Custom-Id": f"partner-{PARTNER}"}) as service,
        _Client.of(api, token) as direct,
    ):
        person = {"name": "A Shopper", "email": "shopper@example.com"}
        gateway.expect((200, 201), "PUT", f"/v1/partner-customers/{CUSTOMER}", person)
        customers = outputs["services"]["customers"]["urls"]["Api"]
        with _Client.of(customers, token) as registered:
            registered.expect((200, 201), "PUT", f"/v1/partner-customers/{CUSTOMER}", person)
        _warm(lambda: _order(direct))
        _warm(lambda: _order(gateway, reference=str(uuid.uuid4())))
        added, partners, directly = [], [], []
        for _ in range(rounds):
            behind, past = [], []
            for _ in range(requests):
                behind.append(gateway.expect((404,), "GET", UNKNOWN))
                past.append(service.expect((404,), "GET", UNKNOWN))
                time.sleep(PAUSE)
            added.append((_p95(behind) - _p95(past)) * 1000)
            theirs, ours = [], []
            for _ in range(orders):
                theirs.append(_order(gateway, reference=str(uuid.uuid4())))
                ours.append(_order(direct))
            partners.append(median(theirs))
            directly.append(median(ours))
    return [
        absolute("what the gateway adds, 95 % of requests", added, "ms", at_most(3, aim=1.5)),
        ratio(
            "a partner's order to 202 beside a direct one",
            partners,
            directly,
            at_most(2, 1.5),
            both_in="s",
        ),
        absolute("a partner's order to 202, median", [it * 1000 for it in partners], "ms"),
    ]


@dataclass
class _Client:
    """One connection that stays open."""

    base: str
    headers: Mapping[str, str]
    connection: http.client.HTTPConnection
    last: bytes = field(default=b"")

    @classmethod
    @contextmanager
    def of(cls, url: str, headers: Mapping[str, str]) -> Iterator["_Client"]:
        parts = urlsplit(url)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
        try:
            yield cls(parts.path.rstrip("/"), headers, connection)
        finally:
            connection.close()

    def expect(
        self, statuses: tuple[int, ...], method: str, path: str, body: Any = None, **more: str
    ) -> float:
        """Seconds until the answer was read. Raises RuntimeError: it is another one."""
        content = None if body is None else json.dumps(body)
        headers = {**self.headers, "Content-Type": "application/json", **more}
        begun = time.perf_counter()
        self.connection.request(method, self.base + path, content, headers)
        answer = self.connection.getresponse()
        self.last = answer.read()
        taken = time.perf_counter() - begun
        if answer.status not in statuses:
            raise RuntimeError(f"{method} {path}: {answer.status} {self.last!r}")
        return taken


def _order(client: _Client, **more: Any) -> float:
    keyed = {"Idempotency-Key": str(uuid.uuid4())} if not more else {}
    return client.expect((202,), "POST", "/v1/partner-orders", {**ORDER, **more}, **keyed)


def _warm(call: Callable[[], float]) -> None:
    """Until it was answered five times in a row: first processes of functions take their time.

    Raises:
        RuntimeError: it never is.
    """
    answered = 0
    for _ in range(60):
        try:
            call()
            answered += 1
        except RuntimeError:
            answered = 0
            time.sleep(1.0)  # an open circuit, too, closes again
        if answered == 5:
            return
    raise RuntimeError("nothing is answered five times in a row")


def _p95(seconds: list[float]) -> float:
    return quantiles(seconds, n=20)[-1]
