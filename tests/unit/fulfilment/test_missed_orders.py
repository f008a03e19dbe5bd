"""An order that was placed before anybody listened is found, and its saga started."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable
from io import BytesIO
from typing import Any

import msgspec
import pytest

from fulfilment import commands
from fulfilment.adapters.published_orders import OrdersUnavailable, PublishedOrders
from fulfilment.domain.saga import SagaState
from fulfilment.environment import MissedEnvironment
from fulfilment.handlers import start_missed
from orders_language.history import OrderHistory
from shared.messaging.envelope import Envelope
from shared.runtime import aws, clock
from tests.support.examples.fulfilment import PLACED
from tests.support.fakes.in_memory_sagas import FakeExecutions, InMemorySagas

NOW = "2026-12-08T10:30:00.000Z"
LIST_EVENTS_SECONDS = 60
"""The time limit of orders' function, in stacks/orders.py."""


class Orders:
    """Implements ``fulfilment.ports.PlacedOrders``, by the hour."""

    def __init__(self, **placed: list[Envelope]) -> None:
        self.hours: list[str] = []
        self._placed = placed

    def placed_in(self, hour: str) -> Iterable[str]:
        self.hours.append(hour)
        return [it.aggregate_id for it in self._placed.get(hour.replace("-", "_"), [])]

    def order_placed(self, order_id: str) -> Envelope | None:
        every = [it for placed in self._placed.values() for it in placed]
        return next((it for it in every if it.aggregate_id == order_id), None)


class Fulfilment:
    def __init__(self) -> None:
        self.store, self.executions = InMemorySagas(), FakeExecutions()
        self.hours_left = 1000

    def looks(self, orders: Any, now: str = NOW) -> int:
        def is_time_left() -> bool:
            self.hours_left -= 1
            return self.hours_left >= 0

        return commands.start_missed(
            self.store, self.executions, orders, lambda: now, 3600, is_time_left
        )


@pytest.fixture
def fulfilment() -> Fulfilment:
    return Fulfilment()


def test_a_placed_order_without_a_saga_gets_one(fulfilment: Fulfilment) -> None:
    assert fulfilment.looks(Orders(**{"2026_12_05T07": [PLACED]})) == 1
    assert [name for name, _ in fulfilment.executions.started] == [PLACED.aggregate_id]
    saga = fulfilment.store.saga(PLACED.aggregate_id)
    assert saga
    assert (saga.state, saga.context.causation_id) == (SagaState.RUNNING, PLACED.event_id)


def test_an_order_with_a_saga_is_left_alone(fulfilment: Fulfilment) -> None:
    commands.start_saga(fulfilment.store, fulfilment.executions, lambda: NOW, 3600, PLACED)
    fulfilment.store.mark_ended(PLACED.aggregate_id)
    assert fulfilment.looks(Orders(**{"2026_12_05T07": [PLACED]})) == 0
    assert len(fulfilment.executions.started) == 1


def test_the_first_look_goes_back_a_week_and_each_hour_is_looked_through_once(
    fulfilment: Fulfilment,
) -> None:
    orders = Orders()
    fulfilment.looks(orders)
    assert (orders.hours[0], orders.hours[-1]) == ("2026-12-01T09", "2026-12-08T08")
    orders.hours.clear()
    fulfilment.looks(orders)
    assert orders.hours == []
    fulfilment.looks(orders, "2026-12-08T12:01:00.000Z")
    assert orders.hours == ["2026-12-08T09", "2026-12-08T10"]


def test_an_hour_that_may_still_get_orders_is_not_looked_through(fulfilment: Fulfilment) -> None:
    orders = Orders()
    fulfilment.looks(orders, "2026-12-08T10:59:59.999Z")
    assert "2026-12-08T09" not in orders.hours


def test_what_one_look_has_no_time_for_the_next_one_takes_up(fulfilment: Fulfilment) -> None:
    orders = Orders()
    fulfilment.hours_left = 2
    fulfilment.looks(orders)
    fulfilment.hours_left = 1000
    fulfilment.looks(orders)
    assert len(orders.hours) == len(set(orders.hours)) == 7 * 24


def test_a_look_that_fails_is_made_again(fulfilment: Fulfilment) -> None:
    class Unavailable(Orders):
        def placed_in(self, hour: str) -> Iterable[str]:
            super().placed_in(hour)
            raise OrdersUnavailable

    orders = Unavailable()
    for _ in range(2):
        with pytest.raises(OrdersUnavailable):
            fulfilment.looks(orders)
    assert orders.hours == ["2026-12-01T09"] * 2


class ListEvents:
    """Orders' function: pages by part and position; what it was asked."""

    def __init__(self, *pages: dict[str, Any]) -> None:
        self.asked: list[dict[str, Any]] = []
        self._pages = list(pages)

    def invoke(self, *, FunctionName: str, Payload: bytes) -> dict[str, Any]:  # noqa: N803
        assert FunctionName == "list-events"
        self.asked.append(json.loads(Payload))
        page = self._pages.pop(0)
        error = {"FunctionError": "Unhandled"} if "errorType" in page else {}
        return {"Payload": BytesIO(json.dumps(page).encode()), **error}


def placed_in(functions: ListEvents) -> list[str]:
    orders = PublishedOrders(functions, "list-events", OrderHistory(functions, "read-events"))
    return list(orders.placed_in("2026-12-01T09"))


def test_every_page_of_every_part_of_an_hour_is_asked_for() -> None:
    ids = [str(uuid.uuid4()) for _ in range(3)]
    position = {"order_id": ids[0], "version": 1}
    functions = ListEvents(
        {"events": [[ids[0], 1, "t", "f"], [ids[0], 2, "t", "f"]], "next": position, "parts": 2},
        {"events": [[ids[1], 1, "t", "f"]], "next": None, "parts": 2},
        {"events": [[ids[2], 1, "t", "f"]], "next": None, "parts": 2},
    )
    assert placed_in(functions) == ids
    assert [(it["part"], it["after"]) for it in functions.asked] == [
        (0, None),
        (0, position),
        (1, None),
    ]


def test_an_error_of_orders_is_no_empty_hour() -> None:
    with pytest.raises(OrdersUnavailable):
        placed_in(ListEvents({"errorType": "TooManyRequests"}))


def test_orders_may_take_as_long_for_a_page_as_its_function_has(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    waits: dict[str, float] = {}

    def patient_client(service: str, seconds: float) -> None:
        waits[service] = seconds

    monkeypatch.setattr(aws, "client", lambda _service: None)
    monkeypatch.setattr(aws, "patient_client", patient_client)
    environment = MissedEnvironment("sagas", "open", "stuck", "machine", 600, "list", "read")
    monkeypatch.setattr(start_missed, "load", lambda _: environment)
    monkeypatch.setattr(commands, "start_missed", lambda *_: 3)
    assert start_missed.handler({}, None) == {"started": 3}
    assert waits["lambda"] > LIST_EVENTS_SECONDS


def test_an_order_that_orders_does_not_know_holds_no_other_back(
    fulfilment: Fulfilment, capsys: pytest.CaptureFixture[str]
) -> None:
    unknown = msgspec.structs.replace(PLACED, aggregate_id=str(uuid.UUID(int=7)))
    orders = Orders(**{"2026_12_05T07": [unknown, PLACED]})
    known = orders.order_placed
    orders.order_placed = lambda it: None if it == unknown.aggregate_id else known(it)  # type: ignore[method-assign,assignment]
    assert fulfilment.looks(orders) == 1
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["SagasMissed"] for line in lines if "SagasMissed" in line] == [1]


@pytest.mark.parametrize(
    ("now", "last"),
    [
        ("2026-12-08T10:00:00.000Z", "2026-12-08T08"),
        ("2026-12-08T09:59:59.999Z", "2026-12-08T07"),
        ("2026-12-08T10:59:59.999Z", "2026-12-08T08"),
    ],
)
def test_an_hour_is_looked_through_when_it_is_an_hour_old(
    fulfilment: Fulfilment, now: str, last: str
) -> None:
    orders = Orders()
    fulfilment.looks(orders, now)
    assert orders.hours[-1] == last
    assert fulfilment.store.looked_until() == clock.later(f"{last}:00:00.000Z", 3600)
