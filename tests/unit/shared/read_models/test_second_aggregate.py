"""A second event-sourced aggregate uses the kit as it is: its own events, ids, history and view."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from shared.messaging.envelope import Envelope, encode
from shared.messaging.event_schemas import EventSchemas
from shared.read_models import rebuild, redrive, show
from shared.read_models.environment import ConsumerEnvironment
from shared.read_models.history import PATIENCE, AggregateHistory
from shared.read_models.parked_records import ParkedRecords
from shared.read_models.partitions import by_aggregate, split
from shared.read_models.read_model import ReadModel
from shared.read_models.versioned_table import VersionedTable
from shared.runtime import aws, environment
from tests.support.examples.log_of_orders import ORDERS, event
from tests.support.fakes.dynamodb_in_memory import DynamoDbInMemory, refusing

PARCEL = "5eb1a7e5-0000-4000-8000-000000000001"
Steps = tuple[str, ...]


class Sent(msgspec.Struct, frozen=True):
    depot: str


class Scanned(msgspec.Struct, frozen=True):
    depot: str
    by: str


PARCEL_EVENTS = EventSchemas(
    "parcel",
    {"Sent": 1, "Scanned": 2},
    {"Sent": Sent, "Scanned": Scanned},
    {("Scanned", 1): lambda data: {**data, "by": "hand"}},
)


class ParcelHistory(AggregateHistory):
    id_name = "parcel_id"


class DepotEnvironment(ConsumerEnvironment, frozen=True):
    depots_table: str


class StepsCodec:
    def to_item(self, state: Steps, generation: str) -> dict[str, Any]:
        return {"steps": {"L": [{"S": step} for step in state]}}

    def from_item(self, item: dict[str, Any]) -> Steps | None:
        return tuple(step["S"] for step in item["steps"]["L"]) if "steps" in item else None


def fold(steps: Steps | None, happened: Envelope) -> Steps:
    data = happened.data
    return (*(steps or ()), f"{happened.type} {data['depot']} by {data.get('by')}")


def table(client: Any, name: str, generation: str, parked: ParkedRecords) -> VersionedTable[Steps]:
    return VersionedTable(client, name, "parcel", generation, StepsCodec(), parked)


DEPOTS = ReadModel(
    consumer="depots",
    events=PARCEL_EVENTS,
    history=ParcelHistory,
    fold=fold,
    environment=DepotEnvironment,
    table_name="depots_table",
    table=table,
    key=("parcel",),
)


def of_parcel(version: int, type: str, schema_version: int = 1, **data: Any) -> Envelope:
    return msgspec.structs.replace(
        event(PARCEL, version, type, data=data),
        aggregate_type="parcel",
        schema_version=schema_version,
    )


SENT = of_parcel(1, "Sent", depot="north")
SCANNED = of_parcel(2, "Scanned", depot="south")  # as the older schema had it
SCANNED_AGAIN = of_parcel(3, "Scanned", schema_version=2, depot="east", by="belt")


class ParcelsFunction:
    """The owner's function; it knows what the log did not bring."""

    def __init__(self, *events: Envelope) -> None:
        self.events, self.asked = events, list[dict[str, Any]]()

    def invoke(self, FunctionName: str, Payload: bytes) -> dict[str, Any]:  # noqa: N803
        asked = msgspec.json.decode(Payload)
        self.asked.append(asked)
        later = [it for it in self.events if (it.version or 0) > asked["after_version"]]
        answer = {"events": later, "next_version": None}
        return {"Payload": io.BytesIO(msgspec.json.encode(answer))}


@pytest.fixture
def parcels(monkeypatch: pytest.MonkeyPatch) -> ParcelsFunction:
    return ParcelsFunction(SENT, SCANNED)


@pytest.fixture(autouse=True)
def database(
    parcels: ParcelsFunction, monkeypatch: pytest.MonkeyPatch
) -> Iterator[DynamoDbInMemory]:
    for name in ("DEPOTS_TABLE", "PARKED_TABLE", "READ_EVENTS_ARN"):
        monkeypatch.setenv(name, name.lower())
    environment.forget()
    database = DynamoDbInMemory(
        {"depots_table": ("parcel",), "parked_table": ("consumer", "record")}
    )
    monkeypatch.setattr(aws, "client", {"dynamodb": database}.__getitem__)
    patient = {("lambda", PATIENCE): parcels}
    monkeypatch.setattr(aws, "patient_client", lambda *asked: patient[asked])
    vars(DEPOTS).pop("parked_records", None)
    vars(DEPOTS).pop("_generations", None)
    vars(DEPOTS).pop("positions", None)
    yield database
    environment.forget()


def log_of(*events: Envelope) -> dict[str, Any]:
    return {
        "Records": [
            {
                "eventID": f"shard-0:{number}",
                "kinesis": {"data": base64.b64encode(encode(it)).decode()},
            }
            for number, it in enumerate(events)
        ]
    }


def seen(database: DynamoDbInMemory) -> dict[str, Any]:
    return {
        item["parcel"]["S"]: [step["S"] for step in item["steps"]["L"]]
        for item in database.items("depots_table")
    }


def test_its_events_are_folded_and_others_are_passed_over(
    database: DynamoDbInMemory, parcels: ParcelsFunction, capsys: pytest.CaptureFixture[str]
) -> None:
    DEPOTS.follow_the_log(log_of(event(ORDERS[0], 1, "OrderPlaced"), SENT), None)
    metrics = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    counted = {name: it[name] for it in metrics for name in ("RecordsProjected", "ViewWrites")
               if name in it}  # fmt: skip
    assert counted == {"RecordsProjected": 2, "ViewWrites": 1}
    assert seen(database) == {f"g1#{PARCEL}": ["Sent north by None"]}
    assert parcels.asked == []


def test_a_gap_is_filled_from_its_own_history_and_old_events_are_upcast(
    database: DynamoDbInMemory, parcels: ParcelsFunction
) -> None:
    DEPOTS.follow_the_log(log_of(SCANNED_AGAIN), None)
    assert seen(database) == {
        f"g1#{PARCEL}": ["Sent north by None", "Scanned south by hand", "Scanned east by belt"]
    }
    assert [it["parcel_id"] for it in parcels.asked] == [PARCEL]


def test_what_cannot_be_folded_is_parked_and_redriven(database: DynamoDbInMemory) -> None:
    broken = of_parcel(1, "Sent")  # without a depot
    DEPOTS.follow_the_log(log_of(broken), None)
    handler = redrive.handler_of(DEPOTS)
    (parked,) = handler({}, None)["parked"]
    assert parked["aggregate_id"] == PARCEL
    assert "cannot be applied" in parked["reason"]
    (redriven,) = handler({"dry_run": False}, None)["parked"]
    assert redriven["outcome"] == "redriven"
    assert seen(database)[f"g1#{PARCEL}"][-1] == "Scanned south by hand"


def test_operators_see_how_far_it_is_and_not_what_it_keeps(database: DynamoDbInMemory) -> None:
    DEPOTS.follow_the_log(log_of(SENT, SCANNED), None)
    look = show.handler_of(DEPOTS)
    assert [it["sequence"] for it in look({}, None)["positions"]] == ["1"]
    kept = {"version": 2, "stalled_at_version": None}
    assert look({"aggregate_id": PARCEL}, None) == {"consumer": "depots", "kept": kept}
    assert look({"aggregate_id": ORDERS[0]}, None)["kept"] is None


def test_a_batch_that_fails_moves_no_position(database: DynamoDbInMemory) -> None:
    database.breaks = ["InternalServerError"]  # of both together; then of each by itself
    database.before = refusing("InternalServerError", on="put_item")
    with pytest.raises(Exception, match="InternalServerError"):
        DEPOTS.follow_the_log(log_of(SENT, SCANNED), None)
    assert show.handler_of(DEPOTS)({}, None)["positions"] == []


def test_the_archive_is_divided_by_parcel() -> None:
    lines = [encode(it) for it in (SENT, event(ORDERS[0], 1, "OrderPlaced"), SCANNED)]
    parts: list[bytes] = []
    found = split("parcel", lines, 1, lambda _partition, _number, body: parts.append(body))
    assert (found.events, found.passed_over) == (2, 1)
    assert list(by_aggregate(parts)) == [(PARCEL, [lines[0], lines[2]])]


@pytest.mark.parametrize(
    ("current", "upcasters"),
    [({"Sent": 2}, {}), ({"Sent": 1}, {("Sent", 1): dict}), ({"Sent": 1, "Lost": 1}, {})],
)
def test_schemas_with_a_version_that_nobody_can_read_are_refused(
    current: dict[str, int], upcasters: dict[tuple[str, int], Any]
) -> None:
    with pytest.raises(ValueError, match=r"upcasters|a form"):
        EventSchemas("parcel", current, {"Sent": Sent}, upcasters)


def test_its_view_is_rebuilt_with_its_own_table_archive_and_log(
    database: DynamoDbInMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: dict[str, Any] = {}

    class Recorded:
        def __init__(self, **parts: Any) -> None:
            made.update(parts)

        def answer(self, event: dict[str, Any]) -> dict[str, Any]:
            return {"asked": event}

    for name in ("ARCHIVE_BUCKET", "SCRATCH_BUCKET", "EVENT_STREAM_ARN"):
        monkeypatch.setenv(name, name.lower())
    clients = {"s3": object(), "kinesis": object()}
    monkeypatch.setattr(aws, "patient_client", lambda service, _seconds: clients[service])
    monkeypatch.setattr(rebuild, "Rebuild", Recorded)
    handler = rebuild.handler_of(DEPOTS)
    assert handler({"step": "status"}, None) == {"asked": {"step": "status"}}
    assert made["aggregate_type"] == "parcel"
    assert made["projector"] == DEPOTS.projector
    for name, client, place in (
        ("pointer", database, ("_table", "depots_table")),
        ("items", database, ("_table", "depots_table")),
        ("archive", clients["s3"], ("_bucket", "archive_bucket")),
        ("scratch", clients["s3"], ("bucket", "scratch_bucket")),
        ("log", clients["kinesis"], ("_stream_arn", "event_stream_arn")),
    ):
        attributes = vars(made[name])
        assert attributes["_client"] is client, name
        assert attributes[place[0]] == place[1], name
    assert vars(made["pointer"])["_key"] == {"parcel": {"S": "pointer"}}
