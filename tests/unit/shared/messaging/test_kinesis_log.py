"""Publishing on the log: nothing is lost, and no order's events ever overtake each other."""

from typing import Any

import msgspec
import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from orders_language.messages import partition_key
from shared.messaging import kinesis_log
from shared.messaging.envelope import Envelope, encode
from shared.messaging.kinesis_log import (
    ATTEMPTS,
    MAX_BYTES,
    MAX_KEY,
    MAX_RECORDS,
    KinesisLog,
    LogUnavailable,
)
from shared.runtime.payloads import MAX_EVENT_BYTES
from tests.support.fakes.fake_kinesis import FakeKinesis


def event(order_id: str, version: int, padding: int = 0) -> Envelope:
    return Envelope(
        event_id=f"{order_id}/{version}",
        type="OrderPlaced",
        schema_version=1,
        aggregate_type="order",
        aggregate_id=order_id,
        version=version,
        occurred_at="2026-12-01T09:00:00.000Z",
        correlation_id="c",
        causation_id=None,
        traceparent="00",
        data={"padding": "x" * padding},
    )


def publish(kinesis: FakeKinesis, events: list[Envelope], pauses: list[float] | None = None) -> int:
    pause = (pauses if pauses is not None else []).append
    return KinesisLog(kinesis, "arn:stream", partition_key, sleep=pause).publish(events)


MIXED = [event("a", 1), event("b", 1), event("a", 2), event("c", 1), event("a", 3), event("b", 2)]


def test_every_event_is_published_in_its_orders_order() -> None:
    kinesis = FakeKinesis()
    assert publish(kinesis, MIXED) == 6
    assert [kinesis.versions(it) for it in "abc"] == [[1, 2, 3], [1, 2], [1]]


def test_a_call_holds_at_most_one_record_of_an_order() -> None:
    kinesis = FakeKinesis()
    publish(kinesis, MIXED)
    for call in kinesis.calls:
        keys = [record["PartitionKey"] for record in call]
        assert len(keys) == len(set(keys))
    assert len(kinesis.calls) == 3


def test_the_partition_key_is_the_order() -> None:
    kinesis = FakeKinesis()
    publish(kinesis, MIXED)
    for call in kinesis.calls:
        for record in call:
            assert (
                record["PartitionKey"]
                == msgspec.json.decode(record["Data"], type=Envelope).aggregate_id
            )


def test_every_record_is_one_line_so_that_the_archive_has_one_event_a_line() -> None:
    kinesis = FakeKinesis()
    publish(kinesis, MIXED)
    for call in kinesis.calls:
        for record in call:
            assert record["Data"].endswith(b"\n")
            assert record["Data"].count(b"\n") == 1


def test_nothing_to_publish_is_no_call() -> None:
    kinesis = FakeKinesis()
    assert publish(kinesis, []) == 0
    assert kinesis.calls == []


@pytest.mark.parametrize("failing_call", range(3))
@pytest.mark.parametrize("failing_position", range(3))
def test_a_refusal_at_any_position_holds_back_only_its_own_order(
    failing_call: int, failing_position: int
) -> None:
    kinesis = FakeKinesis(lambda call, at: (call, at) == (failing_call, failing_position))
    pauses: list[float] = []
    publish(kinesis, MIXED, pauses)
    assert [kinesis.versions(it) for it in "abc"] == [[1, 2, 3], [1, 2], [1]]
    was_refused = failing_position < len(kinesis.calls[failing_call])
    assert len(pauses) == was_refused


def test_only_what_was_refused_is_sent_again() -> None:
    kinesis = FakeKinesis(lambda call, at: call == 0 and at == 1)
    publish(kinesis, MIXED)
    assert [record["PartitionKey"] for record in kinesis.calls[1]] == ["b"]


def test_a_log_that_refuses_for_ever_makes_the_batch_come_again() -> None:
    kinesis = FakeKinesis(lambda _call, _position: True)
    pauses: list[float] = []
    with pytest.raises(LogUnavailable):
        publish(kinesis, MIXED, pauses)
    assert len(kinesis.calls) == ATTEMPTS
    assert kinesis.acknowledged == []
    assert len(pauses) == ATTEMPTS - 1
    assert sum(pauses) < 5


def test_each_pause_may_be_twice_as_long_as_the_one_before(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    bounds: list[tuple[float, float]] = []

    def longest(least: float, most: float) -> float:
        bounds.append((least, most))
        return most

    monkeypatch.setattr("shared.messaging.kinesis_log.random.uniform", longest)
    pauses: list[float] = []
    with pytest.raises(LogUnavailable):
        publish(FakeKinesis(lambda _call, _position: True), [event("a", 1), event("b", 1)], pauses)
    assert pauses == pytest.approx([0.1, 0.2, 0.4, 0.8])
    assert {least for least, _ in bounds} == {0}
    assert capsys.readouterr().out.count('"LogRecordsRefused":2') == ATTEMPTS


def test_the_next_version_never_goes_out_before_the_last_one_is_acknowledged() -> None:
    kinesis = FakeKinesis(lambda _call, position: position == 0)
    with pytest.raises(LogUnavailable):
        publish(kinesis, [event("a", 1), event("a", 2)])
    assert all(
        msgspec.json.decode(record["Data"], type=Envelope).version == 1
        for call in kinesis.calls
        for record in call
    )


def test_a_call_takes_no_more_records_than_kinesis_does() -> None:
    kinesis = FakeKinesis()
    publish(kinesis, [event(f"order-{number}", 1) for number in range(MAX_RECORDS + 1)])
    assert [len(call) for call in kinesis.calls] == [MAX_RECORDS, 1]
    assert MAX_RECORDS == 500


def test_a_call_takes_no_more_bytes_than_kinesis_does(monkeypatch: pytest.MonkeyPatch) -> None:
    assert MAX_BYTES <= 5 * 1024 * 1024
    monkeypatch.setattr(kinesis_log, "MAX_BYTES", 4000)
    kinesis = FakeKinesis()
    publish(kinesis, [event(f"order-{number}", 1, padding=1000) for number in range(10)])
    assert sum(len(call) for call in kinesis.calls) == 10
    for call in kinesis.calls:
        assert sum(len(it["Data"]) + len(it["PartitionKey"]) for it in call) <= 4000


@pytest.mark.parametrize(("over", "calls"), [(0, 1), (1, 2)])
def test_a_call_is_filled_to_the_last_byte(
    over: int, calls: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    events = [event(key, 1, padding=1000) for key in "abcd"]
    pair = 2 * (len(encode(events[0])) + len("\n") + len("a"))
    monkeypatch.setattr(kinesis_log, "MAX_BYTES", pair - over)
    kinesis = FakeKinesis()
    publish(kinesis, events)
    assert len(kinesis.calls) == 2 * calls


@pytest.mark.parametrize("order_id", ["x", "x" * MAX_KEY])
def test_the_shortest_and_the_longest_key_are_taken(order_id: str) -> None:
    kinesis = FakeKinesis()
    publish(kinesis, [msgspec.structs.replace(event("a", 1), data={"order_id": order_id})])
    assert [record["PartitionKey"] for call in kinesis.calls for record in call] == [order_id]


@pytest.mark.parametrize("named", ["", None, 7, ["b"]])
def test_a_message_that_names_no_order_is_kept_with_what_it_is_about(named: Any) -> None:
    kinesis = FakeKinesis()
    publish(kinesis, [msgspec.structs.replace(event("a", 1), data={"order_id": named})])
    assert [record["PartitionKey"] for call in kinesis.calls for record in call] == ["a"]


@pytest.mark.parametrize(("over", "published"), [(0, 1), (1, 0)])
def test_the_largest_event_is_taken_and_none_that_is_larger(over: int, published: int) -> None:
    largest = event("a", 1, MAX_EVENT_BYTES - len(encode(event("a", 1))) + over)
    assert len(encode(largest)) == MAX_EVENT_BYTES + over
    reasons: list[str] = []
    log = KinesisLog(FakeKinesis(), "arn:stream", partition_key)
    assert log.publish([largest], lambda _, why: reasons.append(why)) == published
    assert reasons == [f"larger than {MAX_EVENT_BYTES} bytes"] * over


def test_a_record_is_not_sent_with_a_key_that_kinesis_does_not_take() -> None:
    reasons: list[str] = []
    log = KinesisLog(FakeKinesis(), "arn:stream", partition_key)
    log.publish([event("x" * 257, 1), event("", 1)], lambda _, why: reasons.append(why))
    assert reasons == [f"a partition key has 1 to 256 characters, not {it}" for it in (257, 0)]


NEVER = {
    "no key": msgspec.structs.replace(event("", 1), data={}),
    "a long key": event("x" * 257, 1),
    "an order's long key": msgspec.structs.replace(event("a", 9), data={"order_id": "x" * 300}),
    "half a character": msgspec.structs.replace(event("a", 9), data={"text": "\ud800"}),
    "too large": event("z", 1, padding=MAX_EVENT_BYTES),
}


@pytest.mark.parametrize("never", NEVER)
def test_what_kinesis_never_takes_holds_nobody_back(
    never: str, capsys: pytest.CaptureFixture[str]
) -> None:
    kinesis, parked = FakeKinesis(), []
    batch = [*MIXED[:3], NEVER[never], *MIXED[3:]]
    log = KinesisLog(kinesis, "arn:stream", partition_key, sleep=lambda _: pytest.fail("it waits"))
    assert log.publish(batch, lambda it, why: parked.append((it, why))) == 6
    assert [kinesis.versions(it) for it in "abc"] == [[1, 2, 3], [1, 2], [1]]
    ((envelope, reason),) = parked
    assert (envelope, bool(reason)) == (NEVER[never], True)
    assert log.publish(batch) == 6
    assert capsys.readouterr().out.count('"EventsNotPublished":1') == 1


@pytest.mark.parametrize("code", ["ValidationException", "InvalidArgumentException"])
@pytest.mark.parametrize("bad", "abc")
def test_a_call_that_is_refused_because_of_one_record_goes_on_without_it(
    bad: str, code: str
) -> None:
    kinesis, parked = FakeKinesis(), []
    kinesis.refuses_keys = {bad: code}
    log = KinesisLog(kinesis, "arn:stream", partition_key, sleep=lambda _: pytest.fail("it waits"))
    count = log.publish(MIXED, lambda it, why: parked.append((it.aggregate_id, why)))
    assert count + len(parked) == len(MIXED)
    expected = {"a": [1, 2, 3], "b": [1, 2], "c": [1], bad: []}
    assert {it: kinesis.versions(it) for it in "abc"} == expected
    assert set(parked) == {(bad, f"refused by the log: {code}")}


def test_a_log_that_may_not_be_written_to_parks_nothing() -> None:
    kinesis = FakeKinesis()
    kinesis.refuses_keys = {"b": "AccessDeniedException"}
    with pytest.raises(ClientError):
        KinesisLog(kinesis, "arn:stream", partition_key).publish(
            MIXED, lambda _it, why: pytest.fail(why)
        )


@given(
    st.lists(st.sampled_from("abcde"), max_size=30),
    st.sets(st.tuples(st.integers(0, 12), st.integers(0, 4)), max_size=20),
)
def test_however_orders_mix_and_calls_fail_an_acknowledged_order_is_in_order(
    keys: list[str], refusals: set[tuple[int, int]]
) -> None:
    batch = [event(key, keys[: at + 1].count(key)) for at, key in enumerate(keys)]
    kinesis = FakeKinesis(lambda call, at: (call, at) in refusals)
    try:
        publish(kinesis, batch)
    except LogUnavailable:
        complete = False
    else:
        complete = True
    for key in set(keys):
        expected = list(range(1, keys.count(key) + 1))
        reached = kinesis.versions(key)
        assert reached == expected[: len(reached)]
        assert not complete or reached == expected
