"""Nothing about a person gets into a log, an error, an integration event or a tombstone."""

import dataclasses
import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from contracts.product import PRODUCT
from customers.adapters import tombstone_codec
from customers.adapters.dynamodb_profiles import DynamoDbProfiles
from customers.domain.customer import Tombstone
from customers.handlers import announce_forgotten, storage
from shared.messaging.envelope import decode
from shared.runtime import aws
from shared.runtime.environment import forget
from tests.support.drivers.customers_api import HANDLERS, call
from tests.support.examples.people import HOME, LATER, PERSONAL, WORK, new_id, registered, tombstone
from tests.support.fakes.profiles_in_memory import ProfilesInMemory

ADDRESS_ID = "6f1c3f0e-6d0f-4a53-9d2e-0b9f6a0c7a55"
BAD_BODIES = [
    '{"name": "Ada Quillfeather", "email": "ada@quillfeather"}',
    '{"name": "Ada Quillfeather\\n", "email": "ada@quillfeather.example"}',
    '{"name": ["Ada Quillfeather"], "email": 7}',
    '{"name": "Ada Quillfeather", "email": "ada@quillfeather.example"',
    '{"name": "\\qQuillfeather"}',
    '{"name": "Quillfeather\\ud800"}',
    '"Ada Quillfeather, Wisteria Row 7"',
    "Ada Quillfeather, Wisteria Row 7",
    '{"street": "Wisteria Row 7", "city": 1}',
    '{"street": "Wisteria Row 7", "city": "B", "postcode": "ada@quill", "country": "Wisteria"}',
    '{"street": "Wisteria Row 7", "city": "B", "postcode": "1", "country": "ZZ"}',
]


def names_nobody(text: str) -> bool:
    return not any(word in text for word in PERSONAL)


def test_an_object_that_is_printed_names_nobody() -> None:
    customer = registered(new_id())
    for address in (HOME, WORK):
        customer = customer.with_new_address(new_id(), address, LATER)
    assert names_nobody(repr(customer))
    assert names_nobody(str([customer, customer.contact, *customer.addresses.values()]))


def test_a_tombstone_has_room_for_ids_and_a_time_only() -> None:
    fields = {field.name for field in dataclasses.fields(Tombstone)}
    ids = {"customer_id", "correlation_id", "causation_id", "traceparent"}
    assert fields == ids | {"forgotten_at"}
    assert set(tombstone_codec.to_item(tombstone(new_id()))) == fields


@pytest.mark.parametrize("operation", ["register", "add", "replace"])
@pytest.mark.parametrize("body", BAD_BODIES)
def test_a_refusal_quotes_nothing_that_was_sent(
    kept: ProfilesInMemory, capsys: pytest.CaptureFixture[str], operation: str, body: str
) -> None:
    customer_id = new_id()
    kept.save(registered(customer_id), 0)
    status, problem, _ = call(operation, customer_id, body, address_id=ADDRESS_ID)
    assert 400 <= status < 500
    assert names_nobody(json.dumps(problem, ensure_ascii=False))
    assert names_nobody("".join(capsys.readouterr()))


def test_the_log_of_a_whole_life_names_nobody(
    kept: ProfilesInMemory, capsys: pytest.CaptureFixture[str]
) -> None:
    customer_id = new_id()
    contact = {"name": "Ada Quillfeather", "email": "ada@quillfeather.example"}
    home = {"street": HOME.street, "city": "Bristol", "postcode": "BS1", "country": "GB"}
    call("register", customer_id, contact)
    _, profile, _ = call("add", customer_id, home)
    its_id = profile["addresses"][0]["address_id"]
    call("replace", customer_id, {**home, "extra": WORK.extra}, address_id=its_id)
    call("read", customer_id)
    call("forget", customer_id)
    logged = "".join(capsys.readouterr())
    assert logged.count(customer_id) == 4
    assert names_nobody(logged)


class TalkativeTables:
    """A DynamoDB client that fails, and quotes what is kept and what is sent in its error."""

    def get_item(self, **request: Any) -> Any:
        raise self._error(request)

    def transact_write_items(self, **request: Any) -> Any:
        raise self._error(request)

    def _error(self, request: Any) -> ClientError:
        words = f"{PERSONAL} {request}"
        return ClientError({"Error": {"Code": "ValidationException", "Message": words}}, "Any")


@pytest.mark.parametrize("operation", HANDLERS)
def test_a_failure_that_quotes_a_person_is_logged_without_its_words(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], operation: str
) -> None:
    tables = DynamoDbProfiles(TalkativeTables(), "profiles", "tombstones")
    monkeypatch.setattr(storage, "profiles", lambda: tables)
    body = {
        "register": {"name": "Ada Quillfeather", "email": "ada@quillfeather.example"},
        "add": {"street": "Wisteria Row", "city": "B", "postcode": "1", "country": "GB"},
        "replace": {"street": "Wisteria Row", "city": "B", "postcode": "1", "country": "GB"},
    }.get(operation)
    status, problem, _ = call(operation, new_id(), body, address_id=ADDRESS_ID)
    logged = "".join(capsys.readouterr())
    assert status == 500
    assert names_nobody(json.dumps(problem))
    assert "ValidationException" in logged
    assert names_nobody(logged)


class RecordingBus:
    """An EventBridge client that takes everything, or fails as often as it is told to."""

    def __init__(self, failures: int = 0) -> None:
        self.failures = failures
        self.entries: list[dict[str, str]] = []

    def put_events(self, Entries: list[dict[str, str]]) -> dict[str, Any]:  # noqa: N803
        if self.failures:
            self.failures -= 1
            results = [{"ErrorCode": "ThrottlingException"} for _ in Entries]
            return {"FailedEntryCount": len(results), "Entries": results}
        self.entries += Entries
        return {"FailedEntryCount": 0, "Entries": [{} for _ in Entries]}


@pytest.fixture
def bus(monkeypatch: pytest.MonkeyPatch) -> RecordingBus:
    client = RecordingBus()
    monkeypatch.setattr(aws, "client", {"events": client}.__getitem__)
    monkeypatch.setenv("BUS_NAME", f"{PRODUCT}-test")
    forget()
    return client


def record(customer_id: str, kind: str = "INSERT") -> dict[str, Any]:
    image = tombstone_codec.to_item(tombstone(customer_id))
    return {"eventName": kind, "dynamodb": {"NewImage": image}}


def test_the_integration_event_names_the_customer_by_id_alone(bus: RecordingBus) -> None:
    customer_id = new_id()
    announce_forgotten.handler({"Records": [record(customer_id)]}, None)
    (entry,) = bus.entries
    assert (entry["Source"], entry["DetailType"]) == (f"{PRODUCT}.customers", "CustomerForgotten")
    integration_event = decode(entry["Detail"])
    assert integration_event.data == {"customer_id": customer_id}
    assert (integration_event.version, integration_event.occurred_at) == (None, LATER)
    assert integration_event.correlation_id == tombstone(customer_id).correlation_id


def test_an_integration_event_that_comes_again_has_the_same_id(bus: RecordingBus) -> None:
    customer_id = new_id()
    for _time in range(2):
        announce_forgotten.handler({"Records": [record(customer_id)]}, None)
    announce_forgotten.handler({"Records": [record(new_id())]}, None)
    ids = [decode(entry["Detail"]).event_id for entry in bus.entries]
    assert ids[0] == ids[1] != ids[2]


def test_a_batch_that_the_bus_refuses_comes_again(bus: RecordingBus) -> None:
    bus.failures = 1
    batch = {"Records": [record(new_id()) for _ in range(15)]}
    with pytest.raises(Exception, match="ThrottlingException"):
        announce_forgotten.handler(batch, None)
    announce_forgotten.handler(batch, None)
    assert len(bus.entries) == 15


def test_only_new_tombstones_are_announced(bus: RecordingBus) -> None:
    announce_forgotten.handler({"Records": [record(new_id(), "MODIFY")]}, None)
    assert bus.entries == []


@pytest.mark.parametrize(
    "broken",
    [{}, {"customer_id": {"N": "1"}}, {"forgotten_at": None}],
    ids=["nothing", "a number", "null"],
)
def test_what_is_no_tombstone_holds_back_nobodys_forgetting(
    broken: dict[str, Any], bus: RecordingBus, capsys: pytest.CaptureFixture[str]
) -> None:
    no_tombstone = record(new_id())
    image = no_tombstone["dynamodb"]["NewImage"]
    no_tombstone["dynamodb"]["NewImage"] = {**image, **broken} if broken else {}
    announce_forgotten.handler(
        {"Records": [record(new_id()), no_tombstone, record(new_id())]}, None
    )
    assert len(bus.entries) == 2
    assert "EventsNotPublished" in capsys.readouterr().out
