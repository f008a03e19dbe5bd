"""Orders at a steady rate, a live view of them, and the invariants at the end."""

from __future__ import annotations

import random
import time
import uuid
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from math import inf
from statistics import quantiles
from typing import Any

from rich.console import Console
from rich.live import Live
from rich.table import Table

from tools.base.errors import OfflineError
from tools.base.outputs import Outputs
from tools.emulator.emulator import Emulator
from tools.emulator.payment_provider import PaymentProvider
from tools.local import books, tokens
from tools.local.demo_order import DemoOrder
from tools.local.invariants import ENDED, Report, examine
from tools.local.progress import OrderProgress, Progress

CLIENTS = 16
REFRESH_SECONDS = 2.0
UNDOING_SECONDS = 30.0
TOKEN_SECONDS = 1200.0
"""A customer's token is good for an hour."""
DECLINED_AMOUNT = 7 * 5490
"""Seven iron teapots in minor units of EUR: no other order here has this total."""
KINDS: Mapping[str, dict[str, Any]] = {
    "good": {"lines": [{"sku": "TEA-SENCHA", "quantity": 2}, {"sku": "MUG-BLUE", "quantity": 1}]},
    "declined": {"lines": [{"sku": "TEAPOT-IRON", "quantity": 7}]},
    "out-of-stock": {"lines": [{"sku": "TABLE-OAK", "quantity": 999}]},
    "nowhere": {"lines": [{"sku": "TEA-ASSAM", "quantity": 1}], "country": "ZZ"},
    "cancelled": {"lines": [{"sku": "TEA-ASSAM", "quantity": 3}]},
}
"""What customers do; ``country`` is DE unless it is given. ``cancelled`` cancels at once."""


def body_of(kind: str) -> dict[str, Any]:
    """What a customer of that kind sends to ``POST /v1/orders``."""
    order = KINDS[kind]
    return {
        "lines": order["lines"],
        "currency": "EUR",
        "ship_to": {
            "address_id": str(uuid.uuid4()),
            "country": order.get("country", "DE"),
            "postcode_area": "10",
        },
    }


def parse_mix(text: str) -> dict[str, float]:
    """Weights by kind, from text such as ``good=90,declined=10``.

    Raises:
        OfflineError: a kind that there is not, or a weight that is no positive number.
    """
    mix = {}
    for part in text.split(","):
        kind, _, weight = part.strip().partition("=")
        if kind not in KINDS:
            raise OfflineError(f"no kind of order {kind!r}; there are {', '.join(KINDS)}")
        try:
            mix[kind] = float(weight)
        except ValueError as malformed:
            raise OfflineError(f"{part!r}: a weight is a number, as in good=90") from malformed
        if not 0 < mix[kind] < inf:
            raise OfflineError(f"{part!r}: a weight is greater than 0, and finite")
    return mix


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a load went. Seconds; ``confirmed_after`` is from placed to confirmed, for each order.

    ``settled_after`` is from the last order placed to the last one ended.
    """

    placed: int
    failed_requests: int
    statuses: Counter[str]
    confirmed_after: tuple[float, ...]
    settled_after: float
    report: Report

    def percentile(self, percent: int) -> float:
        """Of the seconds from placed to confirmed."""
        if len(self.confirmed_after) < 2:
            return self.confirmed_after[0] if self.confirmed_after else 0.0
        return quantiles(self.confirmed_after, n=100)[percent - 1]


@dataclass
class Load:
    """One run against a running deployment."""

    emulator: Emulator
    outputs: Outputs
    rate: float
    duration: float
    mix: Mapping[str, float]
    patience: float = 120.0
    placed: dict[str, str] = field(default_factory=dict)
    """Kinds of the orders that were accepted, by id."""
    failed_requests: int = 0
    _progress: OrderProgress = field(init=False, repr=False)
    _logged_in: tuple[float, str] = field(default=(-inf, ""), init=False, repr=False)

    def run(self, console: Console) -> Outcome:
        """Place orders, wait until all have ended, and hold the books against the invariants.

        Raises:
            OfflineError: nothing was accepted, or orders had not ended when patience did.
        """
        self._progress = OrderProgress(self.outputs, self.emulator.cloud)
        providers = PaymentProvider.all_of(self.emulator.workspace)
        if "declined" in self.mix:
            for provider in providers:
                provider.add_fault("decline", amount=DECLINED_AMOUNT)
        kinds = random.choices(  # noqa: S311 - customers are no secret
            list(self.mix), list(self.mix.values()), k=max(1, round(self.rate * self.duration))
        )
        with Live(console=console, refresh_per_second=4, transient=True) as live:
            begun = time.monotonic()
            with ThreadPoolExecutor(CLIENTS) as clients:
                requests = [
                    clients.submit(self._place, kind, self._token())
                    for kind in self._at_the_rate(kinds, live, begun)
                ]
                self._await(requests)
            ended = self._wait_until_all_ended(live, begun)
        if not self.placed:
            raise OfflineError("no order was accepted")
        with console.status("until sagas have undone what they must"):
            report = self._report(providers)
        return self._outcome(ended, report)

    def _at_the_rate(self, kinds: list[str], live: Live, begun: float) -> Iterator[str]:
        shown = 0.0
        for number, kind in enumerate(kinds):
            due = begun + number / self.rate
            time.sleep(max(0.0, due - time.monotonic()))
            if time.monotonic() - shown > REFRESH_SECONDS:
                shown = time.monotonic()
                live.update(self._view(self._orders(), begun))
            yield kind

    def _token(self) -> str:
        """Of a customer, who logs in again before it expires."""
        since, token = self._logged_in
        if time.monotonic() - since > TOKEN_SECONDS:
            token = tokens.token(self.outputs, self.emulator.cloud, self.emulator.workspace)
            self._logged_in = time.monotonic(), token
        return token

    def _await(self, requests: list[Future[None]]) -> None:
        for placing in requests:
            placing.result()

    def _place(self, kind: str, token: str) -> None:
        caller = DemoOrder(self.outputs, self.emulator.cloud, token)
        status, answer = caller.call("POST", "orders", "/v1/orders", body_of(kind))
        if status != 202:
            self.failed_requests += 1
            return
        order_id = answer["order_id"]
        self.placed[order_id] = kind
        if kind == "cancelled":
            path = f"/v1/orders/{order_id}/cancellation"
            caller.call("POST", "orders", path, {"reason": "changed_mind"})

    def _wait_until_all_ended(self, live: Live, begun: float) -> dict[str, Progress]:
        deadline = time.monotonic() + self.patience
        while True:
            orders = self._orders()
            live.update(self._view(orders, begun))
            open_orders = [
                order
                for order in self.placed
                if order not in orders or orders[order].status not in ENDED
            ]
            if not open_orders:
                return orders
            if time.monotonic() > deadline:
                raise OfflineError(
                    f"{len(open_orders)} of {len(self.placed)} orders have not ended "
                    f"{self.patience:.0f} s after the last one was placed",
                    tuple(open_orders[:10]),
                )
            time.sleep(REFRESH_SECONDS)

    def _orders(self) -> dict[str, Progress]:
        """Of each order that was placed here, as far as the event log tells."""
        seen = self._progress.look()
        return {id: seen[id] for id in list(self.placed) if id in seen}

    def _view(self, orders: Mapping[str, Progress], begun: float) -> Table:
        statuses = Counter(order.status for order in orders.values())
        table = Table(box=None, pad_edge=False)
        for heading in ("seconds", "placed", "open", "confirmed", "rejected", "cancelled"):
            table.add_column(heading, justify="right")
        table.add_column("p50")
        table.add_column("p95")
        seconds = _confirmed_after(orders)
        cuts = quantiles(seconds, n=100) if len(seconds) > 1 else None
        table.add_row(
            f"{time.monotonic() - begun:.0f}",
            str(len(self.placed)),
            str(statuses["placed"]),
            *(str(statuses[status]) for status in ("confirmed", "rejected", "cancelled")),
            *((f"{cuts[49]:.2f} s", f"{cuts[94]:.2f} s") if cuts else ("", "")),
        )
        return table

    def _outcome(self, orders: Mapping[str, Progress], report: Report) -> Outcome:
        last_placed = max(order.placed_at for order in orders.values())
        last_ended = max(order.ended_at for order in orders.values())
        return Outcome(
            placed=len(self.placed),
            failed_requests=self.failed_requests,
            statuses=Counter(order.status for order in orders.values()),
            confirmed_after=tuple(_confirmed_after(orders)),
            settled_after=max(0.0, (last_ended - last_placed).total_seconds()),
            report=report,
        )

    def _report(self, providers: Sequence[PaymentProvider]) -> Report:
        """What holds when sagas have had time to undo: a cancelled order ends before its saga."""
        deadline = time.monotonic() + UNDOING_SECONDS
        while True:
            report = examine(books.read(self.outputs, self.emulator.cloud, providers))
            if report.holds or time.monotonic() > deadline:
                return report
            time.sleep(REFRESH_SECONDS)


def _confirmed_after(orders: Mapping[str, Progress]) -> list[float]:
    return [
        (order.ended_at - order.placed_at).total_seconds()
        for order in orders.values()
        if order.status == "confirmed"
    ]


def show(outcome: Outcome, console: Console) -> bool:
    """Print how it went; whether nothing failed and every invariant holds."""
    ended = ", ".join(f"{count} {status}" for status, count in sorted(outcome.statuses.items()))
    console.print(f"{outcome.placed} orders: {ended}")
    console.print(
        f"from placed to confirmed: p50 {outcome.percentile(50):.2f} s, "
        f"p95 {outcome.percentile(95):.2f} s; "
        f"all ended {outcome.settled_after:.1f} s after the last one was placed"
    )
    if outcome.failed_requests:
        console.print(f"{outcome.failed_requests} requests failed", style="red")
    report = outcome.report
    for finding in report.violations:
        console.print(f"violated: {finding}", style="red")
    for order_id, undo in report.failed_undos:
        console.print(f"waits for an operator: {undo} of order {order_id}", style="yellow")
    if report.holds:
        console.print(
            "invariants: stock, money and shipments are where the confirmed orders say",
            style="green",
        )
    return report.holds and not outcome.failed_requests
