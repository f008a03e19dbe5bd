"""The command that places an order, ours beside the usual way, each counted at work."""

from __future__ import annotations

import json
import os
import subprocess
from collections import Counter
from dataclasses import dataclass, field

from tools.base.endpoint import ACCOUNT, REGION, Cloud
from tools.measure import peers
from tools.measure.costs.assumptions import Assumptions
from tools.measure.costs.counting import Call
from tools.measure.costs.errors import MeasurementError
from tools.measure.costs.orders import billed_calls
from tools.measure.costs.prices import Charge
from tools.measure.costs.shop import ORDER, Shop

CALLER = "baseline"
MEMORY = 512
"""MB of either function."""
TABLES = {"UsualOrders": "order_id", "UsualOutbox": "event_id", "UsualIdempotency": "id"}


@dataclass
class Command:
    """``orders`` times the same command: its calls, and what they are billed as."""

    orders: int
    calls: Counter[str] = field(default_factory=Counter)
    charges: list[Charge] = field(default_factory=list)


def ours(calls: list[Call], orders: int, shop: Shop, assumed: Assumptions) -> Command:
    """What the function PlaceOrder did among these calls."""
    return _command([it for it in calls if it.caller == "orders/PlaceOrder"], orders, shop, assumed)


def baseline(shop: Shop, orders: int, assumed: Assumptions) -> Command:
    """Place as many orders with Powertools' idempotency and an order with its outbox entry.

    Raises:
        MeasurementError: the baseline's handler failed.
    """
    _make_tables(shop.cloud)
    shop.proxy.forget()
    done = subprocess.run(
        [str(peers.interpreter()), "-m", "place_order_once", str(orders)],
        cwd=peers.peer_handlers(),
        env={
            "PATH": os.defpath,
            "AWS_ENDPOINT_URL": shop.proxy.address_for(CALLER),
            "AWS_ACCESS_KEY_ID": ACCOUNT,
            "AWS_SECRET_ACCESS_KEY": "offline",
            "AWS_DEFAULT_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            "ORDER": json.dumps(ORDER),
            "EVENT_STORE_TABLE": "UsualOrders",
            "OUTBOX_TABLE": "UsualOutbox",
            "IDEMPOTENCY_TABLE": "UsualIdempotency",
            "POWERTOOLS_TRACE_DISABLED": "true",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise MeasurementError(f"the usual way did not work: {done.stderr[-2000:]}")
    calls = [call for call in shop.proxy.calls if call.caller == CALLER]
    answers = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    if sum(answer.get("statusCode") == 202 for answer in answers) != orders:
        raise MeasurementError("the usual way did not accept each order")
    return _command(calls, orders, shop, assumed)


def _command(calls: list[Call], orders: int, shop: Shop, assumed: Assumptions) -> Command:
    found = Command(orders, Counter(f"{it.service}:{it.operation}" for it in calls))
    if not calls:
        raise MeasurementError("the command made no call that could be counted")
    milliseconds = orders * assumed.own_milliseconds + len(calls) * assumed.call_milliseconds
    found.charges = [
        Charge("API", "api-requests", orders),
        Charge("function requests", "lambda-requests", orders),
        Charge("function time (assumed)", "lambda-compute", MEMORY / 1024 * milliseconds / 1000),
        *billed_calls(calls, shop.cloud),
    ]
    return found


def _make_tables(cloud: Cloud) -> None:
    client = cloud.client("dynamodb")
    for name, key in TABLES.items():
        client.create_table(
            TableName=name,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"}],
            KeySchema=[{"AttributeName": key, "KeyType": "HASH"}],
        )
