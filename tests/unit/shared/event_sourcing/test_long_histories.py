"""An aggregate of ten thousand versions: it still changes, is read and is published in order."""

from __future__ import annotations

import pytest

from shared.event_sourcing import read_events
from shared.event_sourcing.changing import change
from shared.event_sourcing.dynamodb_event_store import DynamoDbEventStore
from shared.event_sourcing.read_events import MAX_EVENTS
from shared.read_models.projector import Projector
from tests.support.examples.log_of_orders import TableInMemory, collect, record
from tests.support.examples.parcels import (
    CODEC,
    PARCEL,
    SCHEMAS,
    SENT,
    Parcel,
    ParcelEvent,
    Scanned,
    recorded,
)
from tests.support.examples.recorded import NINE, metadata
from tests.support.fakes.dynamodb_in_memory import DynamoDbInMemory

pytestmark = pytest.mark.nightly

VERSIONS = 10_000
PAGE = 1500
"""Events of about 700 bytes that DynamoDB gives at once: a megabyte."""


@pytest.fixture(scope="module")
def filled() -> DynamoDbInMemory:
    database = DynamoDbInMemory({"parcels": ("parcel_id", "version")}, page=PAGE)
    for version in range(1, VERSIONS + 1):
        event = recorded(SENT if version == 1 else Scanned(f"depot-{version}", "belt"), version)
        database.put_item(TableName="parcels", Item=CODEC.to_item(event))
    return database


@pytest.fixture
def database(filled: DynamoDbInMemory) -> DynamoDbInMemory:
    """The functions of the aggregate find it."""
    filled.calls.clear()
    return filled


@pytest.mark.usefixtures("kinesis")
def test_other_services_read_its_end_in_bounded_answers(database: DynamoDbInMemory) -> None:
    read = read_events.handler_of(CODEC)
    seen: list[int] = []
    after: int | None = VERSIONS - 1200
    while after is not None:
        answer = read({"parcel_id": PARCEL, "after_version": after}, None)
        assert len(answer["events"]) <= MAX_EVENTS
        seen += [event["version"] for event in answer["events"]]
        after = answer["next_version"]
    assert seen == list(range(VERSIONS - 1199, VERSIONS + 1))
    assert len(database.calls) < 20


def test_a_view_that_missed_all_of_it_takes_it_in_with_one_write(
    database: DynamoDbInMemory,
) -> None:
    store = DynamoDbEventStore[ParcelEvent](database, "parcels", CODEC)
    table = TableInMemory()
    projector = Projector(
        SCHEMAS, table, collect, lambda parcel, after: store.following(parcel, after, PAGE)
    )
    (last,) = store.envelopes(PARCEL, VERSIONS - 1, 1)
    assert projector.apply([record(last)]) == 1
    kept = table.kept[PARCEL]
    assert (kept.version, len(kept.state or ())) == (VERSIONS, VERSIONS)


def test_a_command_reads_it_in_pages_and_appends_the_next_version(
    database: DynamoDbInMemory,
) -> None:
    store = DynamoDbEventStore[ParcelEvent](database, "parcels", CODEC)
    appended = change(
        store, lambda: NINE, PARCEL, metadata(), Parcel.replay, lambda it: it.scan("depot-last")
    )
    assert appended.version == VERSIONS + 1
    assert database.names() == ["query"] * (VERSIONS // PAGE + 1) + ["put_item"]
