"""Shows one real order on its way: each hop is read back from where it really is."""

from __future__ import annotations

import http.client
import json
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import urlsplit

from rich.console import Console
from rich.table import Table

from tools.base.endpoint import Cloud, assert_loopback
from tools.base.errors import OfflineError
from tools.base.outputs import Outputs
from tools.base.workspace import Workspace
from tools.local import tokens
from tools.local.log_reader import LogReader

T = TypeVar("T")
PATIENCE_SECONDS = 20.0
ORDER = {
    "lines": [{"sku": "TEAPOT-IRON", "quantity": 1}, {"sku": "TEA-SENCHA", "quantity": 2}],
    "currency": "EUR",
    "ship_to": {"address_id": str(uuid.uuid4()), "country": "DE", "postcode_area": "10"},
}


@dataclass
class DemoOrder:
    """One order, placed and followed. ``hops`` are (milliseconds, where, what was found)."""

    outputs: Outputs
    cloud: Cloud
    token: str
    hops: list[tuple[float, str, str]] = field(default_factory=list)
    begun: float = field(default_factory=time.monotonic)

    def note(self, where: str, what: str) -> None:
        """Remember that the order was seen somewhere."""
        self.hops.append(((time.monotonic() - self.begun) * 1000, where, what))

    def call(self, method: str, service: str, path: str, body: Any = None) -> tuple[int, Any]:
        """One request to a service's API: status and parsed body. It goes there and nowhere else.

        A client that knows proxies or redirections would hand the token to whoever they name.
        """
        url = self.outputs["services"][service]["urls"]["Api"] + path
        assert_loopback(url)
        headers = {"Authorization": f"Bearer {self.token}", "Idempotency-Key": str(uuid.uuid4())}
        data = None if body is None else json.dumps(body).encode()
        if data is not None:
            headers["Content-Type"] = "application/json"
        parts = urlsplit(url)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
        try:
            connection.request(method, parts._replace(scheme="", netloc="").geturl(), data, headers)
            response = connection.getresponse()
            return response.status, json.load(response)
        finally:
            connection.close()

    def wait_for(self, look: Callable[[], T | None], what: str) -> T:
        """Look until there is something. Raises OfflineError when patience ends."""
        while time.monotonic() - self.begun < PATIENCE_SECONDS:
            found = look()
            if found is not None:
                return found
            time.sleep(0.02)
        raise OfflineError(f"the order did not reach {what} within {PATIENCE_SECONDS:.0f} s")


def show_order(outputs: Outputs, cloud: Cloud, workspace: Workspace, console: Console) -> None:
    """Place an order, follow it to every place where it leaves a trace, and print them.

    Raises:
        OfflineError: it did not arrive somewhere.
    """
    demo = DemoOrder(outputs, cloud, tokens.token(outputs, cloud, workspace, user="demo"))
    demo.begun = time.monotonic()
    status, placed = demo.call("POST", "orders", "/v1/orders", ORDER)
    if status != 202:
        raise OfflineError(f"the order was not accepted: {placed}")
    order_id = placed["order_id"]
    total = f"{placed['total'] / 100:.2f} {placed['currency']}"
    demo.note("API Gateway", f"202 Accepted, {total}")
    demo.note("event store", _in_event_store(demo, order_id))
    log = LogReader(outputs, cloud, "TRIM_HORIZON")
    demo.note("event log", demo.wait_for(lambda: _in_log(log, order_id), "the log"))
    demo.note("read model", demo.wait_for(lambda: _in_view(demo, order_id), "its view"))
    demo.note("archive", demo.wait_for(lambda: _in_archive(demo, order_id), "the archive"))
    _print(demo, order_id, console)


def show_history(outputs: Outputs, cloud: Cloud, workspace: Workspace, console: Console) -> None:
    """Cancel an order and print what its history says before and after."""
    demo = DemoOrder(outputs, cloud, tokens.token(outputs, cloud, workspace, user="demo"))
    _, placed = demo.call("POST", "orders", "/v1/orders", ORDER)
    path = f"/v1/orders/{placed['order_id']}"
    demo.call("POST", "orders", f"{path}/cancellation", {"reason": "changed_mind"})
    _, history = demo.call("GET", "orders", f"{path}/history")
    _, before = demo.call("GET", "orders", f"{path}/history?version=1")
    table = Table("version", "event", "occurred at", "caused by", box=None, pad_edge=False)
    for event in history["events"]:
        table.add_row(
            str(event["version"]), event["type"], event["occurred_at"], event["causation_id"][:8]
        )
    console.print()
    console.print("Another order, cancelled at once", style="bold")
    console.print(table)
    console.print(
        f"as of version 1 it is {before['state']['status']}, "
        f"as of version {history['as_of']['version']} it is {history['state']['status']}"
    )


def _in_event_store(demo: DemoOrder, order_id: str) -> str:
    table = demo.outputs["services"]["orders"]["tables"]["EventStore"]
    item = demo.cloud.client("dynamodb").get_item(
        TableName=table, Key={"order_id": {"S": order_id}, "version": {"N": "1"}}
    )["Item"]
    return f"{item['type']['S']}, version {item['version']['N']}, by one conditional put"


def _in_log(log: LogReader, order_id: str) -> str | None:
    for record in log.new():
        if record.partition_key == order_id:
            return f"{record.shard}, keyed by the order's id"
    return None


def _in_view(demo: DemoOrder, order_id: str) -> str | None:
    status, view = demo.call("GET", "order-views", f"/v1/orders/{order_id}?min_version=1")
    if status != 200:
        return None
    return f"200 OK: {view['status']}, version {view['version']}, {len(view['lines'])} lines"


def _in_archive(demo: DemoOrder, order_id: str) -> str | None:
    bucket = demo.outputs["services"]["event-log"]["buckets"]["Archive"]
    s3 = demo.cloud.client("s3")
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix="events/"):
        for entry in reversed(page.get("Contents", [])):
            body = s3.get_object(Bucket=bucket, Key=entry["Key"])["Body"].read()
            if order_id.encode() in body:
                return entry["Key"]
    return None


def _print(demo: DemoOrder, order_id: str, console: Console) -> None:
    table = Table(box=None, pad_edge=False)
    table.add_column("after", justify="right", no_wrap=True)
    table.add_column("seen in", style="cyan", no_wrap=True)
    table.add_column("what is there", overflow="fold")
    for milliseconds, where, what in demo.hops:
        table.add_row(f"{milliseconds:,.0f} ms", where, what)
    console.print()
    console.print(f"Order {order_id} goes through", style="bold")
    console.print(table)
