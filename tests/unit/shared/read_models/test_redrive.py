"""Parked records: kept once with all that is known, listed to the last, redriven or kept."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import msgspec
import pytest
from botocore.exceptions import ClientError

from orders_language.schemas import ORDER_EVENTS
from shared.messaging.envelope import LARGEST_VERSION, Envelope, encode
from shared.messaging.log_reader import RecordNotFound
from shared.messaging.log_records import LogRecord
from shared.read_models import redrive
from shared.read_models.parked_records import MAX_BODY, ParkedRecord, ParkedRecords
from shared.read_models.projector import Checkpoint, Projector
from shared.read_models.versioned_table import VersionedTable
from shared.runtime.tracing import invocations
from shared.runtime.tracing.context import parse
from tests.support.examples.log_of_orders import (
    ORDERS,
    Histories,
    TableInMemory,
    event,
    projector,
)
from tests.support.fakes.dynamodb_expressions import refusal
from tests.support.fakes.dynamodb_in_memory import DynamoDbInMemory, refusing
from tests.support.fakes.kept_spans import KeptSpans

ORDER, OTHER = ORDERS[:2]
PLACED = event(ORDER, 1, "OrderPlaced")


@pytest.fixture
def database() -> DynamoDbInMemory:
    return DynamoDbInMemory({"parked": ("consumer", "record")}, page=2)


@pytest.fixture
def parked(database: DynamoDbInMemory) -> ParkedRecords:
    return ParkedRecords(database, "parked", "sales")


@pytest.fixture
def histories() -> Histories:
    return Histories()


def of(order_id: str | None, number: int, shard: str = "shard-0") -> ParkedRecord:
    body = encode(event(order_id or ORDER, 1, "OrderPlaced"))
    kept = ParkedRecord.of(LogRecord(shard, str(number), body), "why", order_id, 1)
    return kept if order_id else replace(kept, version=None)


def ask(
    parked: ParkedRecords, projectors: Iterable[Projector[Any]] = (), **request: Any
) -> tuple[list[str], str | None]:
    """The outcomes, and where to go on."""
    answer = redrive.answer(request, list(projectors), parked)
    return [line["outcome"] for line in answer["parked"]], answer["next"]


@pytest.mark.parametrize("kept", [of(ORDER, 1), of(None, 2)], ids=["of an order", "of nobody"])
def test_what_is_parked_is_found_with_all_that_is_known(
    parked: ParkedRecords, database: DynamoDbInMemory, kept: ParkedRecord
) -> None:
    parked.park(kept)
    assert list(parked.all()) == [kept]
    _, query = database.calls[-1]
    assert query["ConsistentRead"], "what was parked a moment ago is in the list"


@pytest.mark.parametrize(("size", "is_kept"), [(MAX_BODY, True), (MAX_BODY + 1, False)])
def test_a_body_that_is_too_large_is_kept_by_its_digest_alone(size: int, is_kept: bool) -> None:
    kept = ParkedRecord.of(LogRecord("shard-0", "1", b"x" * size), "why")
    assert (kept.body is not None) == is_kept
    assert len(kept.digest) == 64


@pytest.mark.parametrize(
    ("version", "is_kept"),
    [(0, False), (1, True), (LARGEST_VERSION, True), (LARGEST_VERSION + 1, False), (-1, False)],
)
def test_a_version_that_cannot_be_one_is_told_in_the_reason(version: int, is_kept: bool) -> None:
    kept = ParkedRecord.of(LogRecord("shard-0", "1", b"x"), "why", ORDER, version)
    assert kept.version == (version if is_kept else None)
    assert kept.aggregate_id == ORDER
    assert kept.reason == ("why" if is_kept else "why (its version is out of bounds)")


def test_an_id_that_is_no_order_is_told_in_the_reason() -> None:
    kept = ParkedRecord.of(LogRecord("shard-0", "1", b"x"), "why", "no order", 1)
    assert (kept.aggregate_id, kept.reason) == (None, "why (of 'no order')")


def test_what_is_dealt_with_is_taken_off_the_list_and_no_other(parked: ParkedRecords) -> None:
    for number in (1, 2):
        parked.park(of(ORDER, number))
    parked.forget(of(ORDER, 1))
    assert [each.sequence for each in parked.all()] == ["2"]


def test_what_is_parked_again_is_told_once(
    parked: ParkedRecords, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(3):
        parked.park(of(None, 1))
    said = capsys.readouterr().out
    assert said.count('"RecordsParked":1') == 1
    assert '"consumer":"sales"' in said
    assert len(list(parked.all())) == 1


def test_a_table_that_refuses_is_an_error(
    parked: ParkedRecords, database: DynamoDbInMemory
) -> None:
    database.before = refusing("ThrottlingException", on="put_item")
    with pytest.raises(ClientError):
        parked.park(of(None, 1))


def test_another_consumers_records_are_its_own(
    parked: ParkedRecords, database: DynamoDbInMemory
) -> None:
    ParkedRecords(database, "parked", "views").park(of(ORDER, 1))
    assert list(parked.all()) == []


def test_records_are_listed_by_shard_in_the_order_of_the_log(parked: ParkedRecords) -> None:
    for shard, number in (("shard-1", 3), ("shard-0", 100), ("shard-0", 20), ("shard-0", 3)):
        parked.park(of(ORDER, number, shard))
    found = [(each.shard, each.sequence) for each in parked.all()]
    assert found == [
        ("shard-0", "3"),
        ("shard-0", "20"),
        ("shard-0", "100"),
        ("shard-1", "3"),
    ]
    after = of(ORDER, 20).place
    assert [each.sequence for each in parked.all(after)] == ["100", "3"]


def test_looking_changes_nothing(
    parked: ParkedRecords, database: DynamoDbInMemory, histories: Histories
) -> None:
    kept = of(ORDER, 1)
    parked.park(kept)
    table = TableInMemory()
    answer = redrive.answer({}, [projector(table, histories)], parked)
    assert answer == {
        "parked": [
            {
                "shard": "shard-0",
                "sequence": "1",
                "reason": "why",
                "aggregate_id": ORDER,
                "version": 1,
                "parked_at": kept.parked_at,
                "outcome": "parked",
            }
        ],
        "next": None,
    }
    assert not table.kept
    assert len(list(parked.all())) == 1


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 5])
def test_no_list_ends_without_saying_where_it_goes_on(parked: ParkedRecords, limit: int) -> None:
    for number in range(5):
        parked.park(of(ORDER, number))
    seen, after = 0, None
    while True:
        outcomes, after = ask(parked, limit=limit, after=after)
        seen += len(outcomes)
        assert len(outcomes) <= limit
        if after is None:
            break
        assert len(outcomes) == limit
    assert seen == 5


def test_a_call_that_has_taken_its_time_says_where_to_go_on(
    parked: ParkedRecords, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redrive, "WORK_SECONDS", -1)
    for number in range(2):
        parked.park(of(ORDER, number))
    outcomes, after = ask(parked)
    assert (len(outcomes), after) == (1, of(ORDER, 0).place), "one at least, so that it goes on"


def test_an_order_is_folded_again_in_every_generation_and_taken_off_the_list(
    parked: ParkedRecords, histories: Histories, capsys: pytest.CaptureFixture[str]
) -> None:
    histories.add(PLACED)
    parked.park(of(ORDER, 1))
    tables = [TableInMemory({ORDER: Checkpoint(0, None, 1)}) for _ in range(2)]
    projectors = [projector(table, histories) for table in tables]
    assert ask(parked, projectors, dry_run=False) == (["redriven"], None)
    for table in tables:
        assert table.kept[ORDER] == Checkpoint(1, ("1:OrderPlaced",))
    assert list(parked.all()) == []
    assert '"RecordsRedriven":1' in capsys.readouterr().out


def test_a_record_of_nobody_is_applied_as_it_was_kept(
    parked: ParkedRecords, histories: Histories
) -> None:
    parked.park(of(None, 1))
    table = TableInMemory()
    assert ask(parked, [projector(table, histories)], dry_run=False) == (["redriven"], None)
    assert table.kept[ORDER] == Checkpoint(1, ("1:OrderPlaced",))


class Codec:
    """The state as one text."""

    def to_item(self, state: tuple[str, ...], generation: str) -> dict[str, Any]:
        return {"applied": {"S": ",".join(state)}}

    def from_item(self, item: dict[str, Any]) -> tuple[str, ...] | None:
        return tuple(item["applied"]["S"].split(",")) if "applied" in item else None


def test_a_record_that_is_read_at_last_and_parked_again_stays_on_the_list(
    histories: Histories,
) -> None:
    """A table and a list in one database: it is parked again at the same place in the list."""
    database = DynamoDbInMemory({"parked": ("consumer", "record"), "views": ("pk",)})
    parked = ParkedRecords(database, "parked", "sales")
    table = VersionedTable(database, "views", "pk", "g1", Codec(), parked)
    views = Projector(
        ORDER_EVENTS, table, lambda _, event: (event.data["currency"],), histories.read_events
    )
    wrong = event(ORDER, 1, "OrderPlaced", data={})
    parked.park(ParkedRecord.of(LogRecord("shard-7", "12", encode(wrong)), "not an envelope"))
    outcomes, _ = ask(parked, [views], dry_run=False)
    assert outcomes == [f"failed: StillStalled: {ORDER} is stalled at version 1"]
    [found] = parked.all()
    assert (found.shard, found.sequence) == ("shard-7", "12")
    assert found.reason.startswith("OrderPlaced cannot be applied: ")
    assert found.aggregate_id == ORDER, "so that the order's history is read the next time"


def test_a_message_of_no_order_that_is_read_at_last_is_taken_off_the_list(
    parked: ParkedRecords, histories: Histories
) -> None:
    integration_event = msgspec.structs.replace(
        event(ORDER, 1, "StockReserved"), version=None, aggregate_type="inventory"
    )
    parked.park(
        ParkedRecord.of(LogRecord("shard-7", "12", encode(integration_event)), "not an envelope")
    )
    assert ask(parked, [projector(TableInMemory(), histories)], dry_run=False)[0] == ["redriven"]
    assert list(parked.all()) == []


def test_an_event_that_was_applied_long_ago_is_taken_off_the_list(
    parked: ParkedRecords, histories: Histories
) -> None:
    parked.park(of(None, 1))
    table = TableInMemory({ORDER: Checkpoint(3, ("1:OrderPlaced",))})
    assert ask(parked, [projector(table, histories)], dry_run=False)[0] == ["redriven"]


def test_what_fails_again_says_why_and_stays_and_the_others_go_on(
    parked: ParkedRecords, histories: Histories
) -> None:
    histories.add(event(OTHER, 1, "OrderPlaced"))
    histories.unreachable = {ORDER}
    unreadable = ParkedRecord.of(LogRecord("shard-0", "2", b"not json"), "why")
    for kept in (of(ORDER, 1), unreadable, replace(of(None, 3), body=None), of(OTHER, 4)):
        parked.park(kept)
    table = TableInMemory()
    outcomes, after = ask(parked, [projector(table, histories)], dry_run=False)
    assert after is None
    assert outcomes[0] == "failed: ConnectionError: orders does not answer"
    assert outcomes[1].startswith("failed: not an envelope")
    assert outcomes[2] == "failed: its body was too large to keep; read it from the archive"
    assert outcomes[3] == "redriven"
    assert [each.sequence for each in parked.all()] == ["1", "2", "3"]


def test_a_record_that_one_generation_cannot_apply_stays(
    parked: ParkedRecords, histories: Histories
) -> None:
    histories.add(PLACED)
    parked.park(of(ORDER, 1))

    def refuse(_change: object) -> None:
        raise refusal("ThrottlingException")

    tables = [TableInMemory(), TableInMemory(before_save=refuse)]
    outcomes, _ = ask(parked, [projector(it, histories) for it in tables], dry_run=False)
    assert outcomes[0].startswith("failed: ClientError")
    assert len(list(parked.all())) == 1


def test_setting_one_aside_redrives_nothing(parked: ParkedRecords, histories: Histories) -> None:
    histories.add(PLACED)
    parked.park(of(ORDER, 1))
    tables = [TableInMemory(), TableInMemory()]
    projectors = [projector(table, histories) for table in tables]
    crashing = encode(event(OTHER, 1, "OrderPlaced"))
    assert setting_aside(parked, projectors, crashing, dry_run=False) == ["set aside"]
    for table in tables:
        assert table.kept == {OTHER: Checkpoint(0, None, stalled_at_version=1)}
        found = [(it.shard, it.sequence, it.reason) for it in table.parked.values()]
        assert found == [("shard-0", "7", "crashes")]


@pytest.mark.parametrize(
    "request_",
    [
        {"limit": 0},
        {"limit": redrive.MAX_RECORDS + 1},
        {"after": ""},
        {"dry_run": "no"},
        {"all": True},
        {"set_aside": {"shard": "s", "sequence": "1", "reason": ""}},
    ],
    ids=str,
)
def test_a_request_of_another_form_is_refused(
    parked: ParkedRecords, request_: dict[str, Any]
) -> None:
    with pytest.raises(msgspec.ValidationError):
        redrive.answer(request_, [], parked)


def test_an_envelope_reads_as_it_was_parked(parked: ParkedRecords) -> None:
    parked.park(of(ORDER, 1))
    [found] = parked.all()
    assert found.body
    assert msgspec.json.decode(found.body, type=Envelope) == PLACED


def setting_aside(
    parked: ParkedRecords, projectors: Iterable[Projector[Any]], body: bytes | None, **request: Any
) -> list[str]:
    """The outcomes; the log has that record, or none."""

    def find(shard: str, sequence: str) -> LogRecord:
        if body is None:
            raise RecordNotFound(sequence)
        return LogRecord(shard, sequence, body)

    asked = {"set_aside": {"shard": "shard-0", "sequence": "7", "reason": "crashes"}, **request}
    answer = redrive.answer(asked, list(projectors), parked, find)
    return [it["outcome"] for it in answer["parked"]]


def test_a_record_is_set_aside_once_and_not_by_a_dry_run(
    parked: ParkedRecords, histories: Histories
) -> None:
    table = TableInMemory()
    sales = [projector(table, histories)]
    assert setting_aside(parked, sales, encode(PLACED)) == ["can be set aside"]
    assert (table.parked, table.kept) == ({}, {})
    assert setting_aside(parked, sales, encode(PLACED), dry_run=False) == ["set aside"]
    assert [it.reason for it in table.parked.values()] == ["crashes"]
    assert table.kept[ORDER].stalled_at_version == 1
    parked.park(of(None, 7))
    again = setting_aside(parked, sales, encode(PLACED), dry_run=False)
    assert again == ["refused: it is parked already"]
    assert len(table.parked) == 1


def test_what_the_log_has_not_got_is_not_set_aside(parked: ParkedRecords) -> None:
    assert setting_aside(parked, [], None, dry_run=False) == []


def test_a_redrive_is_a_trace_of_its_own_that_links_to_the_records(
    parked: ParkedRecords, kept_spans: KeptSpans
) -> None:
    parked.park(of(ORDER, 1))
    applied: Any = projector(TableInMemory(), Histories({ORDER: [PLACED]}))
    assert ask(parked, [applied], dry_run=False)[0] == ["redriven"]
    invocations.flush()
    made_in = parse(PLACED.traceparent)
    assert made_in is not None
    (span,) = kept_spans.named("redrive")
    assert (span.parent_id, [it.trace_id for it in span.links]) == ("", [made_in.trace_id])
    assert span.trace_id != made_in.trace_id
