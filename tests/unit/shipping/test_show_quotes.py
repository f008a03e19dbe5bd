"""Operators see which carriers were asked and who has answered: no price, and no address."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from shared.runtime import aws, environment
from shipping.adapters.aggregation_codec import to_item
from shipping.domain.carriers import Parcel
from shipping.domain.quote_aggregation import Quote, QuoteAggregation, Status
from shipping.handlers import show_quotes
from tests.support.fakes.dynamodb_in_memory import DynamoDbInMemory

ORDER = "5eb1a7e5-0000-4000-8000-000000000001"
DEADLINE = "2026-12-01T12:00:05.000Z"
BEFORE, AFTER = "2026-12-01T12:00:04.999Z", DEADLINE
HERON = Quote("heron", "q-1", 1299, "EUR", 2, "2026-12-02T12:00:00.000Z")
ASKED = QuoteAggregation(ORDER, "r-1", "{}", Parcel(700, "NL", "10"), "EUR", ("heron", "tern-post"))


@pytest.fixture
def database(monkeypatch: pytest.MonkeyPatch) -> Iterator[DynamoDbInMemory]:
    database = DynamoDbInMemory({"gatherings": ("order_id", "request_id")})
    monkeypatch.setenv("GATHERINGS_TABLE", "gatherings")
    monkeypatch.setattr(aws, "client", {"dynamodb": database}.__getitem__)
    environment.forget()
    yield database
    environment.forget()


def keep(
    database: DynamoDbInMemory,
    aggregation: QuoteAggregation,
    deadline: str | None = DEADLINE,
    best: str | None = None,
) -> None:
    item = to_item(aggregation)
    for name, value in (("deadline", deadline), ("best", best)):
        item |= {name: {"S": value}} if value else {}
    database.put_item(TableName="gatherings", Item=item)


def ask(monkeypatch: pytest.MonkeyPatch, now: str = BEFORE, order_id: str = ORDER) -> Any:
    monkeypatch.setattr("shared.runtime.clock.now", lambda: now)
    return json.loads(json.dumps(show_quotes.handler({"order_id": order_id}, None)))


def states(answer: Any) -> dict[str, str]:
    return {it["name"]: it["state"] for it in answer["requests"][0]["carriers"]}


def test_who_has_answered_is_told_from_who_is_awaited_and_who_is_late(
    database: DynamoDbInMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(database, ASKED, deadline=None)
    assert ask(monkeypatch)["requests"][0]["deadline"] is None
    keep(database, replace(ASKED, quotes={"heron": HERON}))
    answer = ask(monkeypatch)
    assert states(answer) == {"heron": "answered", "tern-post": "awaited"}
    assert (answer["requests"][0]["deadline"], answer["capped"]) == (DEADLINE, False)
    assert states(ask(monkeypatch, AFTER)) == {"heron": "answered", "tern-post": "late"}
    for hidden in ("1299", "q-1", "NL", "EUR"):
        assert hidden not in json.dumps(answer)


def test_a_request_that_is_closed_awaits_nobody_and_says_whom_it_chose(
    database: DynamoDbInMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = replace(ASKED, status=Status.CLOSED, quotes={"heron": HERON})
    keep(database, closed, best="heron")
    (request,) = ask(monkeypatch)["requests"]
    assert request["status"] == "closed"
    assert [(it["state"], it["chosen"]) for it in request["carriers"]] == [
        ("answered", True),
        ("late", False),
    ]


def test_of_an_order_without_a_request_there_is_none(
    database: DynamoDbInMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ask(monkeypatch) == {"requests": [], "capped": False}


def test_no_more_requests_than_a_page_shows_are_told(
    database: DynamoDbInMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(show_quotes.MOST + 1):
        keep(database, replace(ASKED, request_id=f"r-{number:02}"))
    answer = ask(monkeypatch)
    assert (len(answer["requests"]), answer["capped"]) == (show_quotes.MOST, True)


def test_another_form_is_refused(
    database: DynamoDbInMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(msgspec.ValidationError):
        ask(monkeypatch, order_id="x")
