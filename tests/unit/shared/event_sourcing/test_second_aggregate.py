"""A second aggregate uses the whole of the kit: API, queue, store, relay, reading for others."""

from __future__ import annotations

import io
import json
import uuid
from typing import Any

import msgspec
import pytest

from shared.event_sourcing import changing, messages, read_events, relay
from shared.event_sourcing.changing import AppendConflict
from shared.event_sourcing.environment import event_store
from shared.event_sourcing.recorded import digest
from shared.event_sourcing.requests import errors_about, id_in_path, idempotency_key, metadata
from shared.messaging.envelope import Envelope
from shared.read_models.history import AggregateHistory
from shared.runtime import clock, environment, problems
from shared.runtime.api import Request, Response, endpoint
from shared.runtime.environment import MissingVariable
from tests.support.examples.parcels import (
    CODEC,
    PARCEL,
    SENDER,
    AlreadyThere,
    Parcel,
    ParcelEvent,
    Sent,
    recorded,
)
from tests.support.fakes.dynamodb_in_memory import DynamoDbInMemory
from tests.support.fakes.fake_kinesis import FakeKinesis

SPACE = uuid.UUID("0a3b0a0e-6d0f-5a53-9d2e-0b9f6a0c7a55")
JOURNEY = "0d6f2a4e-58b1-4f1c-9a51-3c1f6f1d2e3b"
pytestmark = pytest.mark.usefixtures("kinesis")


class SendForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    depot: str


def errors() -> dict[type[Exception], Any]:
    return {
        **errors_about("parcel"),
        AlreadyThere: lambda _e: problems.Problem(409, "already-there", "It is there", "already"),
    }


def _send(request: Request) -> Response:
    key, form = idempotency_key(request), request.json(SendForm)
    recorded = changing.begin(
        event_store(CODEC),
        clock.now,
        changing.id_for(SPACE, request.customer_id, key),
        metadata(request, key, form),
        lambda: Sent(request.customer_id, form.depot),
    )
    return Response(202, {"parcel_id": recorded.aggregate_id, "version": recorded.version})


def _scan(request: Request) -> Response:
    parcel_id, key = id_in_path(request, "parcel"), idempotency_key(request)
    form = request.json(SendForm)
    recorded = changing.change(
        event_store(CODEC),
        clock.now,
        parcel_id,
        metadata(request, key, form),
        Parcel.replay,
        lambda parcel: parcel.scan(form.depot),
        is_callers=lambda first: isinstance(first, Sent) and first.sender == request.customer_id,
    )
    return Response(202, {"version": recorded.version})


def _lose_twice(_request: Request) -> Response:
    raise AppendConflict(PARCEL)


def send(event: dict[str, Any]) -> dict[str, Any]:
    return endpoint(errors=errors())(_send)(event, None)


def scan(event: dict[str, Any]) -> dict[str, Any]:
    return endpoint(errors=errors())(_scan)(event, None)


def lose_twice(event: dict[str, Any]) -> dict[str, Any]:
    return endpoint(errors=errors())(_lose_twice)(event, None)


class ParcelHistory(AggregateHistory):
    id_name = "parcel_id"


class OwnersFunction:
    """Lambda, as whoever reads the history calls it."""

    def invoke(self, FunctionName: str, Payload: bytes) -> dict[str, Any]:  # noqa: N803
        answer = read_events.handler_of(CODEC)(msgspec.json.decode(Payload), None)
        return {"Payload": io.BytesIO(msgspec.json.encode(answer))}


def asked(
    depot: str = "north",
    *,
    key: str | None = "key-1",
    parcel_id: str | None = None,
    customer_id: str = SENDER,
) -> dict[str, Any]:
    return {
        "httpMethod": "POST",
        "path": "/v1/parcels",
        "headers": {"X-Correlation-Id": JOURNEY, "Content-Type": "application/json"}
        | ({} if key is None else {"Idempotency-Key": key}),
        "pathParameters": {"parcel_id": parcel_id} if parcel_id is not None else None,
        "queryStringParameters": None,
        "requestContext": {
            "requestId": "request-1",
            "authorizer": {"claims": {"sub": customer_id}},
        },
        "body": json.dumps({"depot": depot}),
        "isBase64Encoded": False,
    }


def body(answer: dict[str, Any], status: int) -> dict[str, Any]:
    assert answer["statusCode"] == status, answer
    document: dict[str, Any] = json.loads(answer["body"])
    return document


def sent() -> str:
    parcel_id: str = body(send(asked()), 202)["parcel_id"]
    return parcel_id


def test_what_begins_at_its_api_is_on_the_log_and_in_its_history(
    database: DynamoDbInMemory, kinesis: FakeKinesis
) -> None:
    parcel_id = sent()
    assert body(scan(asked("south", parcel_id=parcel_id)), 202) == {"version": 2}
    inserted = [
        {"eventName": "INSERT", "dynamodb": {"NewImage": item}}
        for item in database.items("parcels")
    ]
    relay.handler_of(CODEC)({"Records": inserted}, None)
    assert kinesis.versions(parcel_id) == [1, 2]
    history = list(ParcelHistory(OwnersFunction(), "arn").read_events(parcel_id, 0))
    assert history == kinesis.acknowledged
    assert [event.type for event in history] == ["Sent", "Scanned"]
    assert {event.correlation_id for event in history} == {JOURNEY}


def test_a_new_aggregate_is_one_call_to_aws(database: DynamoDbInMemory) -> None:
    sent()
    assert database.names() == ["put_item"]


def test_a_request_that_comes_again_gets_the_first_answer(database: DynamoDbInMemory) -> None:
    assert body(send(asked()), 202) == body(send(asked()), 202)
    assert len(database.items("parcels")) == 1


def test_what_a_request_says_of_itself_is_kept_and_its_key_only_as_a_digest(
    database: DynamoDbInMemory,
) -> None:
    parcel_id = body(send(asked(key="jane@example.com")), 202)["parcel_id"]
    (stored,) = event_store(CODEC).history(parcel_id)
    assert stored.command.key == digest(SENDER, "jane@example.com")
    assert stored.command.request_hash == digest({"depot": "north"})
    assert stored.command.correlation_id == JOURNEY
    assert stored.command.causation_id == "request-1"
    assert stored.command.traceparent.startswith("00-")
    assert "jane" not in json.dumps(database.items("parcels"))


def test_a_command_from_a_queue_is_recognised_by_its_message() -> None:
    message = Envelope(
        event_id="m-1",
        type="ScanParcel",
        schema_version=1,
        aggregate_type="parcel",
        aggregate_id=PARCEL,
        version=None,
        occurred_at="2026-12-01T09:00:00.000Z",
        correlation_id="journey",
        causation_id="what caused it",
        traceparent="00-trace",
        data={"parcel_id": PARCEL},
    )
    command = messages.metadata(message)
    assert (command.key, command.causation_id) == ("m-1", "m-1")
    assert command.request_hash == digest("ScanParcel", {"parcel_id": PARCEL})
    assert (command.correlation_id, command.traceparent) == ("journey", "00-trace")


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        (None, "idempotency-key-missing"),
        ("", "invalid-request"),
        ("two words", "invalid-request"),
        ("k" * 256, "invalid-request"),
        ("schlüssel", "invalid-request"),
        ("key\n", "invalid-request"),
    ],
)
def test_a_request_without_a_usable_key_is_refused(
    key: str | None, kind: str, database: DynamoDbInMemory
) -> None:
    assert body(send(asked(key=key)), 400)["type"].endswith(f"/{kind}")
    assert database.calls == []


@pytest.mark.parametrize("key", ["!", "~", "k" * 255])
def test_any_visible_characters_are_a_key(key: str) -> None:
    body(send(asked(key=key)), 202)


@pytest.mark.parametrize("parcel_id", ["1", "", "x" * 5000, PARCEL.upper(), f"{PARCEL}\n"])
def test_an_id_of_a_foreign_shape_is_of_nothing_that_exists(
    parcel_id: str, database: DynamoDbInMemory
) -> None:
    problem = body(scan(asked(parcel_id=parcel_id)), 404)
    assert problem["type"].endswith("/parcel-not-found")
    assert len(problem["detail"]) < 100
    assert database.calls == []


def test_a_path_without_an_id_names_nothing() -> None:
    body(scan(asked()), 404)


def test_what_is_somebody_elses_reads_like_what_nobody_has() -> None:
    theirs = sent()
    answers = [
        body(scan(asked("south", parcel_id=it, customer_id=PARCEL)), 404) for it in (theirs, PARCEL)
    ]
    assert answers[0]["type"] == answers[1]["type"]
    assert answers[0]["type"].endswith("/parcel-not-found")
    assert answers[0]["detail"] == f"you have no parcel {theirs!r}"
    assert answers[0]["detail"].replace(theirs, PARCEL) == answers[1]["detail"]


def test_a_key_with_another_body_is_refused() -> None:
    sent()
    problem = body(send(asked("south")), 422)
    assert problem["type"].endswith("/idempotency-key-reused")


def test_the_aggregates_own_refusals_stay_its_own() -> None:
    body(scan(asked("north", parcel_id=sent())), 409)


def test_whoever_lost_twice_is_told_to_come_again() -> None:
    answer = lose_twice(asked())
    problem = body(answer, 409)
    assert problem["type"].endswith("/conflict")
    assert problem["title"] == "The parcel is being changed by others"
    assert problem["detail"] == f"parcel {PARCEL!r} kept changing; try again"
    assert answer["headers"]["Retry-After"] == "1"


def test_a_store_without_a_table_is_no_store(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EVENT_STORE_TABLE")
    environment.forget()
    with pytest.raises(MissingVariable, match="EVENT_STORE_TABLE"):
        event_store(CODEC)


def test_what_the_store_keeps_is_found_in_the_table_that_the_environment_names(
    database: DynamoDbInMemory,
) -> None:
    event: ParcelEvent = Sent(SENDER, "north")
    event_store(CODEC).append(recorded(event, 1))
    assert [item["parcel_id"] for item in database.items("parcels")] == [{"S": PARCEL}]
