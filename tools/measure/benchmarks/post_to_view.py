"""Freshness offline: from sending POST /v1/orders until GET /v1/orders/{id} shows the order.

Everything is deployed to an emulator of its own on the loopback interface. No saga is started:
each would make some forty calls of one engine on the same machine, and has figures of its own.
Orders are due 20 times a second whether or not earlier ones are answered, and each one's time runs
from the moment it was due. After the 202 the client reads the ``Location`` every 400 ms until it
answers 200, so a figure may be that much too high.
"""

import http.client
import json
import tempfile
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles
from typing import Any
from urllib.parse import urlsplit

from rich.console import Console

from tools.emulator.emulator import Emulator
from tools.local import tokens
from tools.local.bring_up import bring_up
from tools.measure.benchmarks.claims import Result, at_most

ORDERS_PER_SECOND = 20
POLL_SECONDS = 0.4
DEADLINE_SECONDS = 60.0
WARM_UP_ORDERS = 60
WARM_UP_ORDERS_PER_SECOND = 6  # each function's first process starts here
BODY = {
    "lines": [{"sku": "MUG-BLUE", "quantity": 2}, {"sku": "TEA-ASSAM", "quantity": 1}],
    "currency": "EUR",
    "ship_to": {"address_id": str(uuid.UUID(int=1)), "country": "DE", "postcode_area": "10"},
}


class OrderLost(Exception):
    """An order was refused, or was not to be seen before the deadline."""


@dataclass(frozen=True, slots=True)
class Shop:
    """A client of the two APIs."""

    orders: str
    views: str
    token: str

    def place_and_see(self, due: float) -> tuple[float, float]:
        """Seconds from ``due`` (of ``time.monotonic``) to the 202, and to the first 200.

        Raises:
            OrderLost: with the last answer.
        """
        time.sleep(max(0.0, due - time.monotonic()))
        key = {"Idempotency-Key": str(uuid.uuid4())}
        status, location, document = self._call("POST", self.orders + "/v1/orders", key)
        if status != 202:
            raise OrderLost(f"{status} {document}")
        accepted = time.monotonic()
        while time.monotonic() < due + DEADLINE_SECONDS:
            status, _, document = self._call("GET", self.views + location)
            if status == 200:
                return accepted - due, time.monotonic() - due
            time.sleep(POLL_SECONDS)
        raise OrderLost(f"not visible after {DEADLINE_SECONDS:.0f} s: {status} {document}")

    def _call(
        self, method: str, url: str, headers: dict[str, str] | None = None
    ) -> tuple[int, str, Any]:
        parts = urlsplit(url)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
        try:
            connection.request(
                method,
                f"{parts.path}?{parts.query}",
                json.dumps(BODY) if method == "POST" else None,
                {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
                | (headers or {}),
            )
            answer = connection.getresponse()
            return answer.status, answer.headers["Location"] or "", json.loads(answer.read())
        finally:
            connection.close()


def measure(*, quick: bool) -> list[Result]:
    """The 95th percentile until the order is seen; until the 202 to inform."""
    count = ORDERS_PER_SECOND * (8 if quick else 30)
    with tempfile.TemporaryDirectory() as folder, Emulator(Path(folder)) as emulator:
        outputs = bring_up(emulator, Console(quiet=True))
        hold_back_sagas(emulator, outputs)
        urls = {
            name: service["urls"].get("Api", "") for name, service in outputs["services"].items()
        }
        token = tokens.token(outputs, emulator.cloud, emulator.workspace)
        shop = Shop(urls["orders"], urls["order-views"], token)
        _place(shop, WARM_UP_ORDERS, per_second=WARM_UP_ORDERS_PER_SECOND)
        times = _place(shop, count, per_second=ORDERS_PER_SECOND)
    accepted, seen = zip(*times, strict=True)
    details = {"orders": count, "orders_per_second": ORDERS_PER_SECOND}
    return [
        _percentile(f"POST to visible view at {ORDERS_PER_SECOND} orders/s, p95", seen, details),
        _percentile("POST to 202, p95", accepted, details, limited=False),
    ]


def hold_back_sagas(emulator: Emulator, outputs: dict[str, Any]) -> None:
    """Let placed orders wait, so that no saga is at work on the same machine."""
    functions = emulator.cloud.client("lambda")
    starter = outputs["services"]["fulfilment"]["functions"]["StartSaga"]
    for mapping in functions.list_event_source_mappings(FunctionName=starter)[
        "EventSourceMappings"
    ]:
        functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)


def _place(shop: Shop, count: int, *, per_second: float) -> list[tuple[float, float]]:
    begun = time.monotonic() + 0.5
    with ThreadPoolExecutor(64) as pool:
        due = [begun + number / per_second for number in range(count)]
        return list(pool.map(shop.place_and_see, due))


def _percentile(
    claim: str, seconds: tuple[float, ...], details: dict[str, Any], *, limited: bool = True
) -> Result:
    cuts = quantiles(seconds, n=100)
    return Result(
        claim,
        cuts[94],
        "s",
        at_most(1.5) if limited else None,
        (min(seconds), max(seconds)),
        {**details, "p50": cuts[49], "p95": cuts[94], "p99": cuts[98]},
    )
