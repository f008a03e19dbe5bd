"""The kit at its bounds: sizes that just fit, what is counted, and what is told once."""

from __future__ import annotations

import gzip
import json
from types import SimpleNamespace
from typing import Annotated, Any

import msgspec
import pytest
from botocore.exceptions import ClientError

from contracts.product import PRODUCT
from orders_language.schemas import ORDER_EVENTS
from shared.messaging import envelope
from shared.messaging.bus_messages import sources
from shared.messaging.dead_letters import MAX_BYTES, DeadLetters
from shared.messaging.envelope import Envelope, _json_value
from shared.messaging.event_schemas import EventSchemas
from shared.read_models.archive import salvaged
from shared.read_models.pointer import Generation
from shared.read_models.rebuild import NAMED, LeftOut, Rebuild
from shared.read_models.scratch import Scratch
from shared.runtime import aws, dynamodb_batches, strict_json
from shared.runtime.configuration_validator import served_flags
from shared.runtime.patterns import fullmatch_pattern
from shared.runtime.payloads import portions, take_within
from shared.runtime.plain_text import plain
from shared.runtime.secrets import (
    PAUSE,
    TIME_TO_LIVE,
    Secret,
    SecretUnavailable,
    VersionedSecret,
)
from tests.support.examples.log_of_orders import (
    ORDERS,
    Histories,
    TableInMemory,
    event,
    projector,
    record,
)
from tests.support.fakes.clock import Clock
from tests.support.fakes.fake_queue import FakeQueue
from tests.support.fakes.fake_secrets_manager import ARN, FakeSecretsManager, error
from tests.support.fakes.in_memory_s3 import InMemoryS3

Captured = pytest.CaptureFixture[str]


def lines(captured: Captured) -> list[dict[str, Any]]:
    return [json.loads(line) for line in captured.readouterr().out.splitlines()]


def counted(captured: Captured, metric: str) -> list[float]:
    return [line[metric] for line in lines(captured) if metric in line]


# Sizes. As JSON, "ab" has four bytes and a comma.


@pytest.mark.parametrize(
    ("most_bytes", "taken"), [(10, (["ab", "ab"], False)), (9, (["ab"], True))]
)
def test_items_are_taken_as_long_as_they_fit(
    most_bytes: int, taken: tuple[list[str], bool]
) -> None:
    assert take_within(["ab", "ab"], 10, most_bytes) == taken


@pytest.mark.parametrize(
    ("most_bytes", "expected"), [(10, [["ab", "ab"], ["ab", "ab"]]), (9, [["ab"]] * 4)]
)
def test_a_portion_is_filled_as_long_as_items_fit(
    most_bytes: int, expected: list[list[str]]
) -> None:
    assert list(portions(["ab"] * 4, 10, most_bytes)) == expected


@pytest.mark.parametrize(
    ("text", "most", "shown"),
    [
        ("abc", 3, "abc"),
        ("abcd", 3, "ab…"),
        ("\x1b", 4, "\\x1b"),
        ("\x1ba", 4, "\\x1…"),
        ("\x1b", None, "\\x1b"),
    ],
)
def test_a_text_is_cut_only_if_it_is_too_long(text: str, most: int | None, shown: str) -> None:
    assert plain(text, most) == shown


@pytest.mark.parametrize(("over", "is_cut"), [(0, False), (1, True)])
def test_a_message_that_just_fits_is_parked_whole(
    over: int, is_cut: bool, capsys: Captured
) -> None:
    queue = FakeQueue()
    attributes = {"reason": "why", "parked_by": "test"}
    size = sum(len(name) + len("String") + len(value) for name, value in attributes.items())
    DeadLetters(queue, "dead-letters").park("x" * (MAX_BYTES - size + over), "why", "test")
    (sent,) = queue.sent
    assert ("altered" in sent["MessageAttributes"]) == is_cut
    assert counted(capsys, "MessagesParked") == [1]


# What is said and kept


def test_schemas_know_whose_events_they_are() -> None:
    assert ORDER_EVENTS.aggregate_type == "order"


def test_what_is_erased_is_said_with_what_is_served() -> None:
    assert str(Generation("g2", erasing="g1")) == "g2 is served, g1 is erased"


@pytest.mark.parametrize("cut", [1, 8, 15])
def test_of_an_object_that_is_cut_short_the_whole_records_come(cut: int) -> None:
    body = gzip.compress(b"one\ntwo\nthree\n", mtime=0)
    found, damage = salvaged(body[:-cut])
    assert damage == "it is cut short"
    assert found == [b"one", b"two", b"three"][: len(found)]


def test_flags_that_are_none_are_left_to_the_profile() -> None:
    document = {"version": "1", "flags": {}, "values": {"a": 5, "b": {"_at": 1, "on": True}}}
    served = served_flags(json.dumps(document).encode())
    assert served is not None
    assert json.loads(served) == {"a": 5, "b": {"on": True}}


def test_a_scratch_that_refuses_is_no_scratch_without_the_object() -> None:
    class Refusing:
        def get_object(self, **_: Any) -> Any:
            raise ClientError({"Error": {"Code": "AccessDenied"}}, "GetObject")

    with pytest.raises(ClientError, match="AccessDenied"):
        Scratch(Refusing(), "scratch").get("plan.json")


@pytest.mark.parametrize("unreadable", ['"\ud800"', "[" * 100_000])
def test_json_that_no_text_can_be_is_refused_as_json(unreadable: str) -> None:
    with pytest.raises(msgspec.DecodeError):
        strict_json.decode(unreadable, Any)
    with pytest.raises(msgspec.DecodeError):
        strict_json.refuse_duplicate_names(unreadable)


@pytest.mark.parametrize(
    ("resolved", "protocols", "protocol", "is_json"),
    [
        ("json", ["smithy-rpc-v2-cbor", "json"], "json", True),
        ("smithy-rpc-v2-cbor", ["json"], "json", False),
        (None, ["json"], "other", True),
        (None, [], "json", True),
        (None, [], "other", False),
        (None, ["smithy-rpc-v2-cbor", "json"], "json", False),
    ],
)
def test_only_a_botocore_that_speaks_json_is_passed_by(
    resolved: str | None, protocols: list[str], protocol: str, is_json: bool
) -> None:
    model = SimpleNamespace(metadata={"protocols": protocols}, protocol=protocol)
    if resolved:
        model.resolved_protocol = resolved
    client = SimpleNamespace(meta=SimpleNamespace(service_model=model))
    assert aws._speaks_json(client) is is_json


# What a rebuild leaves out


def test_the_first_that_are_left_out_are_named() -> None:
    left_out = LeftOut()
    for number in range(NAMED + 1):
        left_out.note(b"x", f"reason {number}")
    assert len(left_out.named) == NAMED


def test_all_tasks_together_name_no_more_either(monkeypatch: pytest.MonkeyPatch) -> None:
    unused: Any = None
    scratch = InMemoryS3()
    tasks: list[dict[str, Any]] = [
        {},
        {"unreadable": 2, "damaged": 1, "named": ["a"] * 15},
        {"unreadable": 3, "damaged": 0, "named": ["b"] * 15},
    ]
    for number, found in enumerate(tasks):
        scratch.objects[f"g2/partitioned/{number:06d}.json"] = msgspec.json.encode(found)
    rebuild = Rebuild("order", unused, unused, unused, unused, Scratch(scratch, "s"), unused)
    assert rebuild.left_out("g2") == {
        "unreadable": 5,
        "damaged": 1,
        "named": ["a"] * 15 + ["b"] * (NAMED - 15),
    }


def test_what_cannot_be_read_is_counted_with_what_is_damaged(
    monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    class Archive:
        def contents(self, _keys: list[str]) -> Any:
            yield "one", [b"garbage", b"garbage"], None
            yield "two", [], "it is cut short"

    unused: Any = None
    pointer: Any = SimpleNamespace(
        read=lambda: Generation("g1", building="g2", began_at="2026-12-01T09:00:00.000Z")
    )
    archive: Any = Archive()
    scratch = InMemoryS3()
    plan = {"partitions": 1, "tasks": [["one", "two"]], "bytes": [1]}
    scratch.objects["g2/plan.json"] = msgspec.json.encode(plan)
    rebuild = Rebuild("order", pointer, unused, unused, archive, Scratch(scratch, "s"), unused)
    found = rebuild.partition("g2", 0)
    assert (found["unreadable"], found["damaged"]) == (2, 1)
    assert counted(capsys, "ArchiveRecordsUnreadable") == [3]


# Another aggregate's event, under an order's id


def of_another(version: int) -> Envelope:
    return msgspec.structs.replace(event(ORDERS[0], version, "Sent"), aggregate_type="parcel")


def test_another_aggregates_event_stalls_nothing_and_waits_for_nothing() -> None:
    table, histories = TableInMemory(), Histories()
    under_test = projector(table, histories)
    under_test.set_aside(record(of_another(2)), "by hand")
    assert [it.reason for it in table.parked.values()] == ["by hand"]
    assert table.load([ORDERS[0]]) == {}
    under_test.set_aside(record(event(ORDERS[0], 1, "OrderPlaced")), "by hand")
    under_test.reapply(record(of_another(2)))


# Secrets


class Form(msgspec.Struct):
    password: str


@pytest.fixture
def service() -> FakeSecretsManager:
    return FakeSecretsManager(json.dumps({"password": "first"}))


def test_each_outage_of_a_secret_is_told_once(
    service: FakeSecretsManager, capsys: Captured
) -> None:
    clock = Clock()
    secret = Secret(service, ARN, Form, clock)
    secret.current()
    assert lines(capsys) == []
    for _ in range(2):
        service.fault = error("ThrottlingException")
        for wait in (TIME_TO_LIVE, PAUSE):
            clock.now += wait
            secret.current()
        service.fault = None
        clock.now += PAUSE
        secret.current()
        said = [line["message"] for line in lines(capsys) if "message" in line]
        assert said == ["the secret's last value stays in force", "the secret can be read again"]


def test_a_previous_version_that_is_refused_is_not_taken_for_none(
    service: FakeSecretsManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = service.get_secret_value

    def refuse_the_previous(**asked: Any) -> Any:
        if asked["VersionStage"] == "AWSPREVIOUS":
            raise error("AccessDeniedException")
        return read(**asked)

    monkeypatch.setattr(service, "get_secret_value", refuse_the_previous)
    with pytest.raises(SecretUnavailable, match="AccessDenied"):
        VersionedSecret(service, ARN, Form, Clock()).version("any")


def test_a_search_for_an_unknown_version_is_counted(
    service: FakeSecretsManager, capsys: Captured
) -> None:
    assert VersionedSecret(service, ARN, Form, Clock()).version("unknown") is None
    assert counted(capsys, "UnknownSecretVersions") == [1]


# What is made when a module is loaded


def test_a_pattern_is_for_all_of_a_text() -> None:
    form = Annotated[str, msgspec.Meta(pattern=fullmatch_pattern("[a-z]"))]
    assert msgspec.convert("a", form) == "a"
    for text in ("ab", "a\n", "A"):
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert(text, form)


@pytest.mark.parametrize(("depth", "fits"), [(2, True), (1, False)])
def test_a_value_may_be_so_deep_and_no_deeper(depth: int, fits: bool) -> None:
    value = {"a": [1]}
    if fits:
        assert msgspec.convert(value, _json_value(depth)) == value
    else:
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert(value, _json_value(depth))


def test_sources_are_read_from_one_variable() -> None:
    assert sources(f'{{"OrderPlaced":["{PRODUCT}.orders"]}}') == {
        "OrderPlaced": [f"{PRODUCT}.orders"]
    }


def test_events_schemas_name_the_aggregate_type_that_they_were_given() -> None:
    assert EventSchemas("parcel", {}, {}).aggregate_type == "parcel"


def test_rounds_of_a_batch_wait_longer_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("random.uniform", lambda _least, most: most)
    pauses: list[float] = []
    for number in range(3):
        dynamodb_batches._wait(number, "table", pauses.append)
    assert pauses == [0.02, 0.04, 0.08]


def test_only_a_message_that_is_deeper_than_usual_pays_for_it() -> None:
    envelope._deep_decoder.cache_clear()
    usual = event(ORDERS[0], 1, "OrderPlaced")
    assert envelope.decode(envelope.encode(usual)) == usual
    assert envelope._deep_decoder.cache_info().currsize == 0
    data: Any = 1
    for _ in range(envelope.USUAL_DEPTH + 2):
        data = [data]
    deep = msgspec.structs.replace(usual, data={"deep": data})
    assert envelope.decode(envelope.encode(deep)) == deep
    assert envelope._deep_decoder.cache_info().currsize == 1
