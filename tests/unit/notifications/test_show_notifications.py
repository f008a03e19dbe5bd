"""Operators see which events were told, how it ended and when, and not to whom."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from notifications.adapters.dynamodb_ledger import DynamoDbLedger
from notifications.domain.messages import Notification
from notifications.handlers import show_notifications
from shared.runtime import aws, environment
from tests.support.fakes.dynamodb_in_memory import DynamoDbInMemory

FIRST, SECOND, NEVER = (f"5eb1a7e5-0000-4000-8000-00000000000{number}" for number in (1, 2, 3))


@pytest.fixture
def ledger(monkeypatch: pytest.MonkeyPatch) -> Iterator[DynamoDbLedger]:
    database = DynamoDbInMemory({"ledger": ("event_id",)})
    monkeypatch.setenv("LEDGER_TABLE", "ledger")
    monkeypatch.setattr(aws, "client", {"dynamodb": database}.__getitem__)
    environment.forget()
    yield DynamoDbLedger(database, "ledger", claim_seconds=20)
    environment.forget()


def ask(*event_ids: str) -> Any:
    answer = json.loads(json.dumps(show_notifications.handler({"event_ids": event_ids}, None)))
    return {it.pop("event_id"): it for it in answer["told"]}


def test_what_was_told_and_what_is_being_told_is_seen_without_the_customer(
    ledger: DynamoDbLedger,
) -> None:
    sent = Notification(FIRST, "customer-1", "order-confirmed", {"order": "o-1"})
    ledger.claim(sent)
    ledger.settle(sent, "sent")
    ledger.claim(Notification(SECOND, "customer-1", "order-received", {}))
    told = ask(FIRST, SECOND, NEVER, FIRST)
    settled_at = told[FIRST].pop("settled_at")
    assert settled_at.endswith("Z")
    assert told == {
        FIRST: {"template": "order-confirmed", "how": "sent"},
        SECOND: {"template": "order-received", "how": "sending", "settled_at": None},
    }
    assert "customer-1" not in json.dumps(told)


def test_of_no_events_nothing_is_asked(ledger: DynamoDbLedger) -> None:
    assert ask() == {}


@pytest.mark.parametrize("event_ids", [["x"], [FIRST] * (show_notifications.MOST + 1)])
def test_another_form_is_refused(ledger: DynamoDbLedger, event_ids: list[str]) -> None:
    with pytest.raises(msgspec.ValidationError):
        ask(*event_ids)
