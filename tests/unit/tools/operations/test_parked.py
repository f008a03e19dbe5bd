"""All that is parked is shown and applied, whatever it says of itself."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass, field
from typing import Any

import pytest

from shared.messaging.log_records import LogRecord
from shared.read_models import redrive
from shared.read_models.parked_records import ParkedRecord, ParkedRecords
from tests.support.examples.hostile_records import TEXTS
from tests.support.examples.log_of_orders import (
    ORDERS,
    Histories,
    TableInMemory,
    event,
    projector,
    record,
)
from tests.support.fakes.dynamodb_in_memory import DynamoDbInMemory
from tools.base.errors import OperationFailed
from tools.base.target import Target
from tools.base.terminal import Terminal
from tools.operations import parked

MANY = 1005


NOTHING = LogRecord("shardId-0", "0", b"")


@dataclass
class Account:
    """A function that redrives, and a log with one record, in place of an account."""

    database: DynamoDbInMemory = field(
        default_factory=lambda: DynamoDbInMemory({"parked": ("consumer", "record")})
    )
    calls: int = 0
    log: LogRecord = NOTHING

    @property
    def records(self) -> ParkedRecords:
        return ParkedRecords(self.database, "parked", "sales")

    def call(self, service: str, resource: str, request: dict[str, Any]) -> Any:
        self.calls += 1
        histories = Histories()
        histories.add(*(event(order_id, 1, "OrderPlaced") for order_id in ORDERS))
        table = TableInMemory()
        table.park = self.records.park  # type: ignore[method-assign]
        applied = projector(table, histories)
        answer = redrive.answer(
            json.loads(json.dumps(request)), [applied], self.records, lambda *_: self.log
        )
        return json.loads(json.dumps(answer))


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Account:
    made = Account()
    monkeypatch.setattr(Target, "call", lambda _target, *asked: made.call(*asked))
    return made


def park(account: Account, count: int) -> None:
    for number in range(count):
        placed = record(event(ORDERS[number % len(ORDERS)], 1, "OrderPlaced"), number)
        account.records.park(ParkedRecord.of(placed, "because", ORDERS[number % len(ORDERS)], 1))


def redriven(*, confirm: bool) -> tuple[bool, str]:
    file = io.StringIO()
    target = Target("here", "dev", lambda _: None, is_offline=True)
    done = parked.redrive(target, Terminal(file=file, width=240), consumer="sales", confirm=confirm)
    return done, file.getvalue()


def test_every_parked_record_is_shown_however_many_there_are(account: Account) -> None:
    park(account, MANY)
    done, said = redriven(confirm=False)
    assert done
    assert said.count("because") == MANY
    assert account.calls == 2
    assert len(account.database.items("parked")) == MANY


def test_every_parked_record_is_applied_however_many_there_are(account: Account) -> None:
    park(account, MANY)
    done, said = redriven(confirm=True)
    assert (done, said.count("redriven")) == (True, MANY)
    assert account.database.items("parked") == []


def test_a_call_that_has_no_more_time_says_where_to_go_on(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redrive, "WORK_SECONDS", -1)
    park(account, 5)
    done, said = redriven(confirm=True)
    assert (done, said.count("redriven"), account.calls) == (True, 5, 5)
    assert account.database.items("parked") == []


@pytest.mark.parametrize("text", TEXTS, ids=repr)
def test_what_a_record_says_of_itself_locks_nobody_out(account: Account, text: str) -> None:
    """As records are that were parked before anybody judged them."""
    account.records.park(
        ParkedRecord(
            "shard-0" + text[:300], "1" + text[:300], text, "digest", b"x", text, None, text
        )
    )
    done, said = redriven(confirm=False)
    assert done
    assert said.replace("\n", "").isprintable()
    done, said = redriven(confirm=True)
    assert said.replace("\n", "").isprintable()
    assert "failed" in said or account.database.items("parked") == []


def test_parking_shows_what_is_parked_then(account: Account) -> None:
    account.log = LogRecord("shardId-0", "7", b"\xff" * 36)
    file = io.StringIO()
    parked.park(
        Target("here", "dev", lambda _: None, is_offline=True),
        Terminal(file=file, width=240),
        consumer="sales",
        shard="shardId-0",
        sequence="7",
        reason="[/x] crashes",
    )
    assert "[/x] crashes" in file.getvalue()


def discarded(*, sequence: str = "7", confirm: bool) -> tuple[bool, str]:
    file = io.StringIO()
    done = parked.discard(
        Target("here", "dev", lambda _: None, is_offline=True),
        Terminal(file=file, width=240),
        consumer="sales",
        shard="shard-0",
        sequence=sequence,
        confirm=confirm,
    )
    return done, file.getvalue()


def test_discarding_says_first_what_it_means(account: Account) -> None:
    account.records.park(ParkedRecord.of(LogRecord("shard-0", "7", b"\xff"), "not an envelope"))
    done, said = discarded(confirm=False)
    assert done
    assert "can be discarded" in said
    assert "nothing was changed; CONFIRM=yes takes it off the list. sales will then never" in said
    assert len(account.database.items("parked")) == 1
    done, said = discarded(confirm=True)
    assert done
    assert "discarded" in said
    assert "nothing was changed" not in said
    assert account.database.items("parked") == []


@pytest.mark.parametrize("confirm", [False, True])
def test_a_record_that_is_still_needed_waits_for_a_decision(
    account: Account, confirm: bool
) -> None:
    placed = record(event(ORDERS[0], 1, "OrderPlaced"), 7)
    account.records.park(ParkedRecord.of(placed, "not an envelope"))
    done, said = discarded(confirm=confirm)
    assert not done
    assert "refused: it can be read by now; redrive it" in said
    assert "CONFIRM" not in said
    assert len(account.database.items("parked")) == 1


def test_a_record_that_is_not_parked_is_no_success(account: Account) -> None:
    with pytest.raises(OperationFailed, match=r"has not parked shard-0 8: `make redrive CONSUMER="):
        discarded(sequence="8", confirm=True)
