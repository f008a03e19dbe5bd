"""Shows an order of another company's system: from its key to the confirmation, with its trace."""

from __future__ import annotations

import http.client
import json
import time
import uuid
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from rich.console import Console
from rich.table import Table

from tools.base.endpoint import Cloud, assert_loopback
from tools.base.errors import OfflineError
from tools.base.outputs import Outputs
from tools.base.workspace import Workspace
from tools.emulator.partners.receiver import Receiver, listening
from tools.emulator.partners.system import PartnersSystem
from tools.emulator.trace_receiver import TraceReceiver
from tools.emulator.trace_receiver.spans import ReceivedSpan

PARTNER = "northwind"
PATIENCE_SECONDS = 90.0
TOLD = ("order.placed", "order.confirmed")
ON_THE_WAY = ("gateway", "partners", "pricing", "orders")
"""Services that a partner's order goes through until it is placed."""


@dataclass(frozen=True)
class PartnersClient:
    """Another company's system: it has an address and a key, and repeats what it is told to."""

    url: str
    key: str

    def call(self, method: str, path: str, body: Any = None) -> tuple[int, Any, dict[str, str]]:
        """Status, document and headers, by names in lower case; 429 and 503 after patience only."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            answer = self._call(method, path, body)
            if answer[0] not in (429, 503) or time.monotonic() > deadline:
                return answer
            time.sleep(float(answer[2].get("retry-after", 1)))

    def _call(self, method: str, path: str, body: Any) -> tuple[int, Any, dict[str, str]]:
        """The key goes to this machine and nowhere else."""
        assert_loopback(self.url)
        parts = urlsplit(self.url)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
        headers = {"apikey": self.key, "Content-Type": "application/json"}
        try:
            content = None if body is None else json.dumps(body)
            connection.request(method, path, content, headers)
            answer = connection.getresponse()
            text = answer.read()
            found = {name.lower(): value for name, value in answer.headers.items()}
            return answer.status, json.loads(text) if text else None, found
        finally:
            connection.close()


@dataclass(frozen=True, slots=True)
class Followed:
    """A partner's order at its end: its id, its state, the spans until it was placed, what the
    partner's own system was told by webhook, and what was on the shelf before.
    """

    order_id: str
    order: dict[str, Any]
    placed: dict[str, Any]
    spans: list[ReceivedSpan]
    told: list[dict[str, Any]]
    shelf: dict[str, str]


def show(outputs: Outputs, cloud: Cloud, workspace: Workspace, console: Console) -> None:
    """Place a partner's order, follow it to its end, and print which services it went through.

    Raises:
        OfflineError: it was refused, or is not confirmed in time.
    """
    with console.status("a partner's order"):
        followed = follow(outputs, cloud, workspace)
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column("service", style="cyan", no_wrap=True)
    table.add_column("what it did")
    table.add_column("took", justify="right")
    for it in followed.spans:
        took = f"{(it.ended - it.started) / 1e6:,.0f} ms"
        table.add_row(it.service, it.name, took)
    console.print()
    console.print(f"An order of the partner {PARTNER}, by its key", style="bold")
    console.print(table)
    shelf = ", ".join(f"{sku}: {it}" for sku, it in followed.shelf.items())
    console.print(f"on the shelf, says inventory's function in the mesh: {shelf}")
    total = f"{followed.placed['total'] / 100:.2f} {followed.placed['currency']}"
    console.print(f"order {followed.order_id}, {total}: {followed.order['status']}", style="green")
    told = ", ".join(it["type"] for it in followed.told)
    console.print(f"{PARTNER}'s own system was told by webhook, signed: {told}")


def follow(outputs: Outputs, cloud: Cloud, workspace: Workspace) -> Followed:
    """Register a customer, order for it, wait until the order is confirmed.

    Raises:
        OfflineError: it was refused, or is not confirmed in time.
    """
    system = PartnersSystem(workspace)
    partner = PartnersClient(system.gateway.url, system.keys(cloud)[PARTNER])
    with listening(workspace.receivers_authority.parent) as receiver:
        kept = partner.call("PUT", "/v1/partner-webhook", receiver.endpoint)
        if kept[0] not in (200, 201):
            raise OfflineError(f"the partner's webhook was answered {kept[0]}: {kept[1]}")
        try:
            return _ordered(outputs, cloud, workspace, partner, receiver)
        finally:
            partner.call("DELETE", "/v1/partner-webhook")


def _ordered(
    outputs: Outputs,
    cloud: Cloud,
    workspace: Workspace,
    partner: PartnersClient,
    receiver: Receiver,
) -> Followed:
    customer = f"shopper-{uuid.uuid4().hex[:8]}"
    person = {"name": "A Shopper", "email": "shopper@example.com"}
    _expected(201, partner.call("PUT", f"/v1/partner-customers/{customer}", person))
    wish: dict[str, Any] = {
        "reference": f"po-{uuid.uuid4().hex[:8]}",
        "customer": customer,
        "lines": [{"sku": "TEA-SENCHA", "quantity": 2}],
        "currency": "EUR",
        "ship_to": {"address_id": str(uuid.uuid4()), "country": "DE", "postcode_area": "10"},
    }
    shelf = _on_the_shelf(partner, [it["sku"] for it in wish["lines"]])
    placed, headers = _expected(202, partner.call("POST", "/v1/partner-orders", wish))
    order = _confirmed(partner, headers["location"])
    spans = _spans_until_placed(outputs, cloud, TraceReceiver(workspace), placed["order_id"])
    told = _told(receiver, placed["order_id"])
    return Followed(placed["order_id"], order, placed, spans, told, shelf)


def _on_the_shelf(partner: PartnersClient, skus: list[str]) -> dict[str, str]:
    """What is said by SKU; a function that starts gets time, and an order needs no answer."""
    for _attempt in range(5):
        path = f"/v1/partner-availability?skus={','.join(skus)}"
        found, _ = _expected(200, partner.call("GET", path))
        shelf = {it["sku"]: it["availability"] for it in found["items"]}
        if "unknown" not in shelf.values():
            break
        time.sleep(1)
    return shelf


def _expected(
    status: int, answer: tuple[int, Any, dict[str, str]]
) -> tuple[dict[str, Any], dict[str, str]]:
    if answer[0] != status:
        raise OfflineError(f"the partner's request was answered {answer[0]}: {answer[1]}")
    return answer[1], answer[2]


def _confirmed(partner: PartnersClient, path: str) -> dict[str, Any]:
    deadline = time.monotonic() + PATIENCE_SECONDS
    found: Any = None
    while time.monotonic() < deadline:
        status, found, _ = partner.call("GET", path)
        if status == 200 and found["status"] == "confirmed":
            confirmed: dict[str, Any] = found
            return confirmed
        if status == 200 and found["status"] != "placed":
            break
        time.sleep(0.5)  # a partner has its limit, too
    raise OfflineError(f"the partner's order was not confirmed; last: {found}")


def _told(receiver: Receiver, order_id: str) -> list[dict[str, Any]]:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        told = receiver.of_order(order_id)
        if len(told) == len(TOLD):
            return told
        time.sleep(0.2)
    raise OfflineError(f"the partner's webhook was told of the order: {told}")


def _spans_until_placed(
    outputs: Outputs, cloud: Cloud, receiver: TraceReceiver, order_id: str
) -> list[ReceivedSpan]:
    """What was done in the order's trace by those whom it goes through, from the gateway on."""
    table = outputs["services"]["orders"]["tables"]["EventStore"]
    key = {"order_id": {"S": order_id}, "version": {"N": "1"}}
    item = cloud.client("dynamodb").get_item(TableName=table, Key=key)["Item"]
    trace_id = item["traceparent"]["S"].split("-")[1]
    deadline = time.monotonic() + 10
    while True:
        found = [it for it in receiver.spans_of([trace_id]) if _is_before_placed(it)]
        if {it.service for it in found} >= set(ON_THE_WAY) or time.monotonic() > deadline:
            return sorted(found, key=lambda it: it.started)
        time.sleep(0.2)


def _is_before_placed(span: ReceivedSpan) -> bool:
    """Orders has more to do with an order: it publishes and confirms it."""
    return span.service in ON_THE_WAY and (span.service != "orders" or span.kind == "server")
