"""What an open console asks in an hour, and what that is billed as.

The page's own files say how often it asks. What a question reads is counted: the console's own
queries run against a table in memory, for which bus messages are kept as time goes by. An order has
as many messages as were counted for orders that went through the whole system.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

from console import queries
from console.adapters.dynamodb_activity import KEY, SORT, DynamoDbActivity
from console.commands import recording
from console.domain.activity import Activity
from console.domain.cursor import cursor_of
from shared.runtime import clock
from tests.support.examples.activity import HEARD, NOON
from tests.support.fakes.dynamodb_in_memory import DynamoDbInMemory
from tools.base.workspace import CHECKOUT
from tools.measure.costs import assumptions, prices, survey, units
from tools.measure.costs.counting import Call
from tools.measure.costs.errors import CostError
from tools.measure.costs.page import PAGE, in_place, table
from tools.measure.costs.prices import Charge

BEGIN = "<!-- {}: written by `make generate` -->\n"
WEB = CHECKOUT / "web" / "src"
HEADINGS = (
    *("while", "asks for news every"),
    *("questions an hour", "read units an hour", "USD an hour"),
)
HOUR = 3600
ORDERS_A_SECOND = 1.0
"""While something happens; an order begins and ends so often."""
FUNCTION_GB = 0.5
BUSY_SECONDS = 60
"""Of an hour in which something happens, so much is played; it is the same all the time."""
TABLE = "activity"


@dataclass(frozen=True, slots=True)
class Asking:
    """How often the page asks, in seconds: for news by how much happens, for the rest always."""

    busy: int
    quiet: int
    idle: int
    orders: int
    alarms: int
    services: int


@dataclass(frozen=True, slots=True)
class Hour:
    """One hour of an open page: questions to the API, what they read, and what they cost."""

    every: int
    questions: float
    read_units: float
    usd: float


def asking() -> Asking:
    """As the page's files say it.

    Raises:
        CostError: they do not say it any more where this looks.
    """
    pace = (WEB / "logic" / "pace.ts").read_text("utf-8")
    home = (WEB / "screens" / "home.tsx").read_text("utf-8")
    orders = (WEB / "state" / "orders.ts").read_text("utf-8")
    return Asking(
        busy=_number(r"const BUSY = (\d+) \* SECOND;", pace),
        quiet=_number(r"const QUIET = (\d+) \* SECOND;", pace),
        idle=_number(r"const IDLE = (\d+) \* SECOND;", pace),
        orders=_number(r'"v1/orders", \{\s*every: ([\d_]+),', orders) // 1000,
        alarms=_number(r'"v1/alarms", \{ every: ([\d_]+) \}', home) // 1000,
        services=_number(r'"v1/services", \{ every: ([\d_]+) \}', home) // 1000,
    )


def hours() -> dict[str, Hour]:
    """Of an hour in which orders come all the time, and of hours in which nothing happens."""
    every = asking()
    found = {
        "orders come": _hour(every.busy, every, ORDERS_A_SECOND, BUSY_SECONDS),
        "nothing has happened for 15 seconds": _hour(every.quiet, every, 0, HOUR),
        "nothing has happened for two minutes": _hour(every.idle, every, 0, HOUR),
    }
    return {**found, "its tab is hidden": Hour(0, 0, 0, 0)}


def write() -> None:
    """Put the figures into docs/costs.md. Raises CostError: it has no place for them."""
    PAGE.write_text(page(PAGE.read_text("utf-8")), "utf-8")


def is_fresh() -> bool:
    """Whether docs/costs.md has these figures. Raises as ``write`` does."""
    text = PAGE.read_text("utf-8")
    return text == page(text)


def page(text: str) -> str:
    """docs/costs.md with these figures in their place. Raises CostError: it has none for them."""
    rows = [
        [
            name,
            f"{it.every} s" if it.every else "never",
            *(f"{it.questions:,.0f}", f"{it.read_units:,.0f}", f"{it.usd:.4f}"),
        ]
        for name, it in hours().items()
    ]
    return in_place(text, "open console", table(HEADINGS, rows), BEGIN)


def _hour(every: int, asking: Asking, orders_a_second: float, played: int) -> Hour:
    reads = list(_pulses(every, orders_a_second, played))
    news = HOUR / every
    lists = HOUR / asking.orders
    functions = news + lists + 2 * HOUR / asking.alarms + HOUR / asking.services
    questions = functions - HOUR / asking.alarms  # the second function is the alarms' owner's
    calls = news + 2 * lists + 2 * HOUR / asking.alarms + HOUR / asking.services
    assumed, listed = assumptions.read(), prices.read()
    milliseconds = functions * assumed.own_milliseconds + calls * assumed.call_milliseconds
    read_units = news * sum(reads) / len(reads) + lists * _units_of_a_list()
    charges = [
        Charge("API", "api-requests", questions),
        Charge("function requests", "lambda-requests", functions),
        Charge("function time", "lambda-compute", FUNCTION_GB * milliseconds / 1000),
        Charge("traces", "traces", functions * assumed.sampled),
        Charge("DynamoDB reads", "dynamodb-reads", read_units),
    ]
    return Hour(every, questions, read_units, listed.cost(charges))


def _pulses(every: int, orders_a_second: float, played: int) -> Iterator[float]:
    """Read units of one question for news after the other."""
    client = _Recorded()
    activity = DynamoDbActivity(client, TABLE)
    messages = iter(_said(orders_a_second * _messages_an_order()))
    said = next(messages, None)
    now = NOON
    after = cursor_of(queries.pulse(activity, None, now).cursor)
    for _ in range(played // every):
        now += timedelta(seconds=every)
        while said is not None and said.recorded_at < clock.format_time(now):
            activity.keep([said])
            said = next(messages, None)
        client.units = 0.0
        after = cursor_of(queries.pulse(activity, after, now).cursor)
        yield client.units


def _said(a_second: float) -> Iterator[Activity]:
    """So many messages a second, evenly, for ever."""
    at = NOON
    while a_second:
        moment = clock.format_time(at)
        yield replace(HEARD, id=_identifier(at), occurred_at=moment, recorded_at=moment)
        at += timedelta(seconds=1 / a_second)


@cache
def _units_of_a_list() -> float:
    """Read units of the newest page of orders, when there are more than it shows."""
    client = _Recorded()
    activity = DynamoDbActivity(client, TABLE)
    for number in range(queries.PAGE + 1):
        at = NOON - timedelta(seconds=number)
        said = clock.format_time(at)
        its_id = _identifier(at)
        message = replace(HEARD, id=its_id, order_id=its_id, occurred_at=said, recorded_at=said)
        recording.record(activity, activity, [message])
    client.units = 0.0
    queries.orders(activity, None, NOON)
    return client.units


def _messages_an_order() -> float:
    charges = survey.read().order(survey.MANY)
    return sum(it.quantity for it in charges if it.price == "bus-events")


class _Recorded(DynamoDbInMemory):
    """A table that reckons what is read from it."""

    def __init__(self) -> None:
        super().__init__({TABLE: [KEY, SORT]})
        self.units = 0.0

    def query(self, **request: Any) -> Any:
        return self._reckoned("Query", request, super().query(**request))

    def batch_get_item(self, **request: Any) -> Any:
        return self._reckoned("BatchGetItem", request, super().batch_get_item(**request))

    def _reckoned(self, operation: str, request: Any, answer: Any) -> Any:
        call = Call(TABLE, "dynamodb", operation, request, answer, 200, 0)
        charges = units.charges(call, TABLE, lambda _table, _key: None, {})
        self.units += sum(it.quantity for it in charges)
        return answer


def _number(pattern: str, text: str) -> int:
    found = re.search(pattern, text)
    if found is None:
        raise CostError(f"the console's page says nowhere {pattern!r}")
    return int(found[1].replace("_", ""))


def _identifier(at: datetime) -> str:
    return str(UUID(int=int(at.timestamp() * 1_000_000)))
