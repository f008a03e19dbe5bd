"""What the GraphQL API's resolvers ask of order views, and what they are told."""

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from order_views import queries
from order_views.handlers import graph_fields, read_model
from shared.messaging.envelope import Envelope
from shared.read_models.history import HistoryUnavailable
from tests.support.examples.order_views import CUSTOMER, GIFT, SOMEBODY_ELSE, a_view, order_id
from tests.support.fakes.in_memory_order_views import InMemoryOrderViews

CORRELATION = "11111111-2222-4333-8444-555555555555"
LINE = {"sku": "MUG-BLUE", "quantity": 2, "unitPrice": 1290}


class Events:
    """Orders' own events; ``gone`` is a function that fails."""

    gone = False
    asked: list[tuple[str, int]] = []  # noqa: RUF012

    def read_events(self, order_id: str, after_version: int) -> Iterator[Envelope]:
        if self.gone:
            raise HistoryUnavailable("ClientError")
        self.asked.append((order_id, after_version))
        return (an_event(order_id, version) for version in range(1, 151))


def an_event(order_id: str, version: int) -> Envelope:
    return msgspec.convert(
        {
            "event_id": f"00000000-0000-5000-8000-{version:012}",
            "type": "OrderPlaced" if version == 1 else "OrderCancelled",
            "schema_version": 1,
            "aggregate_type": "order",
            "aggregate_id": order_id,
            "version": version,
            "occurred_at": "2026-12-01T09:30:00.125Z",
            "correlation_id": CORRELATION,
            "causation_id": CORRELATION,
            "traceparent": "00-11111111111111111111111111111111-2222222222222222-01",
            "data": {"customer_id": CUSTOMER} if version == 1 else {"reason": "changed_mind"},
        },
        Envelope,
    )


@pytest.fixture(autouse=True)
def events(monkeypatch: pytest.MonkeyPatch) -> Events:
    g1 = InMemoryOrderViews(
        [a_view(n) for n in range(1, 31)] + [a_view(40, customer_id=SOMEBODY_ELSE)]
    )
    gifts = (None, GIFT, {"wrapping": "box", "note_code": None})
    g3 = InMemoryOrderViews([a_view(n, gift=gift) for n, gift in enumerate(gifts, 1)])
    kept = {"g1": g1, "g2": InMemoryOrderViews(), "g3": g3}
    monkeypatch.setattr(read_model, "views_of", kept.__getitem__)
    events = Events()
    monkeypatch.setattr(graph_fields, "_order_events", lambda: events)
    return events


def ask(field: str, **more: Any) -> Any:
    return graph_fields.handler(
        {
            "field": field,
            "customer_id": CUSTOMER,
            "generation": "g1",
            "correlation_id": CORRELATION,
            "traceparent": None,
            **more,
        },
        None,
    )


def test_an_orders_lines_are_told_to_its_customer() -> None:
    assert ask("lines", order_id=order_id(1)) == {"answer": [LINE]}


def test_an_orders_history_begins_at_its_first_event_and_ends() -> None:
    answer = ask("history", order_id=order_id(1))["answer"]
    assert answer[:2] == [
        {
            "version": 1,
            "type": "OrderPlaced",
            "occurredAt": "2026-12-01T09:30:00.125Z",
            "reason": None,
        },
        {
            "version": 2,
            "type": "OrderCancelled",
            "occurredAt": "2026-12-01T09:30:00.125Z",
            "reason": "changed_mind",
        },
    ]
    assert len(answer) == queries.MOST_EVENTS


@pytest.mark.parametrize("field", ["lines", "history"])
@pytest.mark.parametrize("number", [40, 99])
def test_somebody_elses_order_is_not_found_like_none(
    field: str, number: int, events: Events
) -> None:
    events.asked.clear()
    problem = {"type": "NotFound", "detail": "you have no such order"}
    assert ask(field, order_id=order_id(number)) == {"problem": problem}
    assert events.asked == []


def test_the_generation_is_the_one_that_the_query_began_with() -> None:
    assert ask("lines", order_id=order_id(1), generation="g2")["problem"]["type"] == "NotFound"


def test_orders_are_listed_page_by_page_without_their_lines() -> None:
    first = ask("orders", limit=20)["answer"]
    rest = ask("orders", page_token=first["nextPageToken"])["answer"]
    listed = [it["id"] for it in first["orders"] + rest["orders"]]
    assert listed == [order_id(n) for n in reversed(range(1, 31))]
    assert rest["nextPageToken"] is None
    assert first["orders"][0]["status"] == "PLACED"
    assert "lines" not in first["orders"][0]


def test_a_list_says_which_orders_are_gifts() -> None:
    listed = ask("orders", generation="g3")["answer"]["orders"]
    assert [it["gift"] for it in listed] == [
        {"wrapping": "box", "noteCode": None},
        {"wrapping": "paper", "noteCode": "happy-birthday"},
        None,
    ]


@pytest.mark.parametrize(
    "asked",
    [
        {"limit": 0},
        {"limit": -1},
        {"limit": 101},
        {"page_token": "x"},
        {"page_token": order_id(40)},
    ],
)
def test_a_list_that_there_is_not_is_refused_with_words(asked: dict[str, Any]) -> None:
    problem = ask("orders", **asked)["problem"]
    assert problem["type"] == "InvalidRequest"
    assert ("limit" in problem["detail"]) == ("limit" in asked)


def test_a_history_that_cannot_be_read_fails_and_lines_do_not(events: Events) -> None:
    events.gone = True
    with pytest.raises(HistoryUnavailable):
        ask("history", order_id=order_id(1))
    assert ask("lines", order_id=order_id(1)) == {"answer": [LINE]}


@pytest.mark.parametrize(
    "wrong",
    [
        {"field": "everything"},
        {"order_id": "pointer"},
        {"customer_id": ""},
        {"generation": ""},
        {"correlation_id": "somebody@example.com"},
        {"more": 1},
    ],
)
def test_what_no_resolver_asks_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        ask(**{"field": "lines", "order_id": order_id(1), **wrong})


def owned(number: int) -> Any:
    asked = {"field": "owned", "customer_id": CUSTOMER, "order_id": order_id(number)}
    return graph_fields.handler({**asked, "correlation_id": CORRELATION, "traceparent": None}, None)


def test_who_subscribes_is_told_whether_the_order_is_theirs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(read_model, "views", lambda: read_model.views_of("g1"))
    problem = {"type": "NotFound", "detail": "you have no such order"}
    assert [owned(it) for it in (1, 40, 99)] == [
        {"answer": True},
        {"problem": problem},
        {"problem": problem},
    ]
