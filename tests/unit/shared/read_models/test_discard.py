"""Discarding a parked record: what nobody needs goes, with a line that says so; the rest stays."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from shared.messaging.envelope import encode
from shared.messaging.log_records import LogRecord
from shared.read_models import redrive
from shared.read_models.parked_records import MAX_BODY, MAX_PLACE, ParkedRecord, ParkedRecords
from shared.read_models.projector import Checkpoint, Projector
from tests.support.examples.log_of_orders import (
    ORDERS,
    Histories,
    TableInMemory,
    event,
    projector,
)
from tests.support.fakes.dynamodb_in_memory import DynamoDbInMemory, refusing

ORDER = ORDERS[0]
SHARD = "shardId-000000000000"
UNREADABLE = ParkedRecord.of(LogRecord(SHARD, "7", b"\xff not an envelope"), "not an envelope")
TOO_LARGE = ParkedRecord.of(LogRecord(SHARD, "7", b" " * (MAX_BODY + 1)), "not an envelope")
FORGED = ParkedRecord.of(
    LogRecord(SHARD, "7", encode(event(ORDER, 7, "OrderConfirmed"))),
    f"its history has no version 7 of {ORDER}",
    ORDER,
    7,
)


@pytest.fixture
def database() -> DynamoDbInMemory:
    return DynamoDbInMemory({"parked": ("consumer", "record")})


@pytest.fixture
def parked(database: DynamoDbInMemory) -> ParkedRecords:
    return ParkedRecords(database, "parked", "sales")


def over(*stalled_at: int | None) -> list[Projector[Any]]:
    """A projector for each generation, whose order is stalled at that version."""
    tables = [TableInMemory({ORDER: Checkpoint(0, None, version)}) for version in stalled_at]
    return [projector(table, Histories()) for table in tables]


def discard(
    parked: ParkedRecords,
    projectors: Sequence[Projector[Any]] = (),
    *,
    sequence: str = "7",
    dry_run: bool = False,
) -> str | None:
    """The outcome, or None if there is no such record."""
    asked = {"discard": {"shard": SHARD, "sequence": sequence}, "dry_run": dry_run}
    answer = redrive.answer(asked, projectors, parked)
    assert answer["next"] is None
    return next((line["outcome"] for line in answer["parked"]), None)


@pytest.mark.parametrize("kept", [UNREADABLE, TOO_LARGE, FORGED], ids=lambda it: it.reason[:20])
def test_what_no_order_waits_for_is_taken_off_the_list_once_it_is_confirmed(
    parked: ParkedRecords, kept: ParkedRecord
) -> None:
    parked.park(kept)
    neighbour = replace(kept, sequence="77")
    parked.park(neighbour)
    projectors = over(None, None)
    assert discard(parked, projectors, dry_run=True) == "can be discarded"
    assert list(parked.all()) == [kept, neighbour]
    assert discard(parked, projectors) == "discarded"
    assert list(parked.all()) == [neighbour]
    assert discard(parked, projectors) is None


def test_without_a_word_about_it_nothing_is_discarded(parked: ParkedRecords) -> None:
    parked.park(UNREADABLE)
    redrive.answer({"discard": {"shard": SHARD, "sequence": "7"}}, [], parked)
    assert list(parked.all()) == [UNREADABLE]


def test_the_functions_log_says_what_an_operator_has_discarded(
    parked: ParkedRecords, capsys: pytest.CaptureFixture[str]
) -> None:
    parked.park(FORGED)
    capsys.readouterr()
    assert discard(parked, dry_run=True)
    assert capsys.readouterr().out == ""
    discard(parked)
    said = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    [line] = [it for it in said if it.get("message") == "parked record discarded by an operator"]
    assert line["level"] == "WARNING"
    for name in ("shard", "sequence", "reason", "digest", "parked_at", "aggregate_id", "version"):
        assert line[name] == getattr(FORGED, name)
    assert line["consumer"] == "sales"
    assert sum(it.get("RecordsDiscarded", 0) for it in said) == 1


@pytest.mark.parametrize("stalled_at", [(1, None), (None, 1), (9, 1)], ids=str)
def test_a_record_whose_order_is_stalled_in_any_generation_stays(
    parked: ParkedRecords, stalled_at: tuple[int | None, ...]
) -> None:
    """Nothing else leads to that order: its later events pass it by."""
    parked.park(FORGED)
    for dry_run in (True, False):
        outcome = discard(parked, over(*stalled_at), dry_run=dry_run)
        first = next(version for version in stalled_at if version)
        assert outcome is not None
        assert outcome.startswith(f"refused: {ORDER} is stalled at version {first}, ")
        assert "redrive" in outcome
    assert list(parked.all()) == [FORGED]


def test_a_record_that_can_be_read_by_now_is_for_a_redrive(parked: ParkedRecords) -> None:
    body = encode(event(ORDER, 1, "OrderPlaced"))
    readable = ParkedRecord.of(LogRecord(SHARD, "7", body), "not an envelope: of an older decoder")
    parked.park(readable)
    assert discard(parked, over(None)) == "refused: it can be read by now; redrive it"
    assert list(parked.all()) == [readable]


@pytest.mark.parametrize(
    "change",
    [{"reason": "cannot be applied"}, {"parked_at": "2026-12-01T00:00:00.000Z"}, {"digest": "d"}],
    ids=str,
)
def test_a_record_that_is_parked_anew_in_this_moment_stays(
    parked: ParkedRecords, database: DynamoDbInMemory, change: dict[str, Any]
) -> None:
    parked.park(UNREADABLE)
    anew = replace(UNREADABLE, **change)

    def park_again(operation: str, _request: object) -> None:
        if operation == "delete_item":
            database.tables["parked"].clear()
            database.before = lambda _operation, _request: None
            parked.park(anew)

    database.before = park_again
    assert discard(parked) == "refused: it has changed in this moment; look at it again"
    assert list(parked.all()) == [anew]


def test_a_table_that_refuses_is_an_error(
    parked: ParkedRecords, database: DynamoDbInMemory
) -> None:
    parked.park(UNREADABLE)
    database.before = refusing("ThrottlingException", on="delete_item")
    with pytest.raises(ClientError):
        discard(parked)
    assert list(parked.all()) == [UNREADABLE]


def test_another_consumers_record_at_the_same_place_stays(
    parked: ParkedRecords, database: DynamoDbInMemory
) -> None:
    ParkedRecords(database, "parked", "views").park(UNREADABLE)
    assert discard(parked) is None
    assert len(database.items("parked")) == 1


def test_a_record_is_looked_for_where_it_was_parked_a_moment_ago(
    parked: ParkedRecords, database: DynamoDbInMemory
) -> None:
    parked.park(UNREADABLE)
    assert parked.find(SHARD, "7") == UNREADABLE
    _, query = database.calls[-1]
    assert query["ConsistentRead"]


PLACE = {"shard": SHARD, "sequence": "7"}


@pytest.mark.parametrize(
    "request_",
    [
        {"discard": {"shard": SHARD}},
        {"discard": {**PLACE, "shard": ""}},
        {"discard": {**PLACE, "sequence": ""}},
        {"discard": {**PLACE, "sequence": "7" * (MAX_PLACE + 1)}},
        {"discard": {**PLACE, "force": True}},
        {"discard": PLACE, "set_aside": {**PLACE, "body": "", "reason": "r"}},
    ],
    ids=str,
)
def test_a_request_of_another_form_is_refused(
    parked: ParkedRecords, request_: dict[str, Any]
) -> None:
    with pytest.raises(ValueError, match=r".+"):
        redrive.answer(request_, [], parked)
