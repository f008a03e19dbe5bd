"""Operators see the newest of the log, and take no more reads than one in two seconds."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from botocore.exceptions import ReadTimeoutError

from event_log.adapters.log_tail import LogTail, Tail, TailRecord
from event_log.adapters.newest_records import LOOKS_AGAIN, Newest, NewestRecords
from event_log.adapters.read_turns import BETWEEN_MS, WRONG_CLOCK_MS, ReadTurns
from event_log.handlers import show_log
from tests.support.contracts.event_schemas import example
from tests.support.fakes.dynamodb_in_memory import DynamoDbInMemory
from tests.support.fakes.log_in_memory import START, LogInMemory, refused

ONE, TWO, THREE = (f"shardId-00000000000{number}" for number in range(3))
PLACED = json.dumps(example("OrderPlaced")).encode()
NOT_JSON = "it is not JSON, or names a field twice"
SINCE = "2026-12-01T11:00:00.000Z"


class World:
    """A log, whose turn it is, and a clock."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.log = LogInMemory({ONE: []})
        self.at = 1_000.0
        turns = ReadTurns(DynamoDbInMemory({"turns": ["id"]}), "turns", lambda: self.at)
        tail = LogTail(self.log, "arn:stream", lambda: self.at)
        monkeypatch.setattr(show_log, "_turns", lambda: turns)
        found = NewestRecords()
        monkeypatch.setattr(show_log, "_tail", lambda: tail)
        monkeypatch.setattr(show_log, "_found", lambda: found)

    def ask(self, shard: str | None = ONE, **asked: Any) -> dict[str, Any]:
        """One question, two seconds after the one before."""
        self.at += BETWEEN_MS / 1000
        return self.ask_now(shard, **asked)

    def ask_now(self, shard: str | None = ONE, **asked: Any) -> dict[str, Any]:
        """One question at once."""
        return show_log.handler({"shard": shard, **asked} if shard else asked, None)

    def read_on(self, shard: str = ONE) -> Iterator[dict[str, Any]]:
        """Answers until the newest."""
        answer = self.ask(shard, since=SINCE)
        yield answer
        while answer["behind_ms"]:
            answer = self.ask(shard, place=answer["place"])
            yield answer


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    return World(monkeypatch)


def test_records_come_in_order_each_once_and_new_ones_after_them(world: World) -> None:
    world.log.put(ONE, *[PLACED] * 100)
    world.log.now = START + timedelta(minutes=1)
    answers = list(world.read_on())
    told = [it["sequence"] for answer in answers for it in answer["records"]]
    assert told == [str(number) for number in range(100)]
    last = answers[-1]
    assert (last["behind_ms"], last["read"], last["wait_ms"]) == (0, True, BETWEEN_MS)
    assert world.ask(place=last["place"])["records"] == []
    world.log.put(ONE, PLACED)
    [record] = world.ask(place=last["place"])["records"]
    assert (record["sequence"], record["size"], record["problem"]) == ("100", len(PLACED), None)
    assert record["message"]["type"] == "OrderPlaced"


def test_two_pages_get_one_read_in_two_seconds_between_them(world: World) -> None:
    world.log.put(ONE, PLACED)
    first = world.ask(since=SINCE)
    world.at += 0.5
    second = world.ask_now(since=SINCE)
    assert (second["read"], second["records"], second["wait_ms"]) == (False, [], 1500)
    world.at += 1.5
    assert world.ask_now(place=first["place"])["read"]
    for _ in range(100):  # ten seconds, two pages that do not wait
        world.at += 0.1
        for _page in range(2):
            world.ask_now(place=first["place"])
    assert len(world.log.reads) == 2 + 5


def test_a_turn_that_a_wrong_clock_took_holds_nobody_up(world: World) -> None:
    world.at += WRONG_CLOCK_MS / 1000 * 3
    assert world.ask_now(since=SINCE)["read"]
    world.at -= WRONG_CLOCK_MS / 1000 * 2
    assert world.ask_now(since=SINCE)["read"]


def test_a_burst_is_read_in_bounded_pieces_that_grow_with_what_records_weigh(world: World) -> None:
    world.log.put(ONE, *[PLACED] * 1_200)
    world.log.now = START + timedelta(minutes=1)
    list(world.read_on())
    limits = [limit for _, limit in world.log.reads]
    assert limits[0] == 8
    assert max(limits) == 500
    large = b'"' + b"x" * 250_000 + b'"'
    world.log.put(TWO, *[large] * 8)
    world.at += 60  # the list of shards is remembered for less
    found = world.ask(TWO, since=SINCE)
    assert len(found["records"]) == 8
    world.ask(TWO, place=found["place"])
    assert world.log.reads[-1][1] == 1


def test_many_large_records_are_told_without_their_data(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(show_log, "MOST_DATA", len(PLACED) * 2)
    world.log.put(ONE, *[PLACED] * 3)
    data = [it["message"]["data"] for it in world.ask(since=SINCE)["records"]]
    assert data[:2] == [example("OrderPlaced")["data"]] * 2
    assert data[2] is None


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"\xff\x00 secret", NOT_JSON),
        (b'{"secret": 1}', "it is no message of ours"),
        (b'{"secret": 1, "secret": 2}', "it is no message of ours"),
        (PLACED[:-1] + b', "secret": 1, "secret": 2}', NOT_JSON),
        (b"", NOT_JSON),
    ],
)
def test_what_cannot_be_read_is_told_by_its_size_and_never_quoted(
    world: World, body: bytes, problem: str
) -> None:
    world.log.put(ONE, body)
    answer = world.ask(since=SINCE)
    assert "secret" not in json.dumps(answer)
    [record] = answer["records"]
    assert (record["message"], record["problem"], record["size"]) == (None, problem, len(body))


def test_shards_that_were_split_or_merged_are_told_and_end(world: World) -> None:
    world.log.put(ONE, PLACED)
    world.log.shards |= {TWO: [], THREE: []}
    world.log.parents = {TWO: [ONE], THREE: [ONE, TWO]}
    world.log.closed = {ONE}
    listed = world.ask(None)
    assert listed["shards"] == [
        {"shard": ONE, "parents": [], "open": False},
        {"shard": TWO, "parents": [ONE], "open": True},
        {"shard": THREE, "parents": [ONE, TWO], "open": True},
    ]
    assert world.log.reads == [], "to tell the shards takes no read"
    ended = world.ask(ONE, since=SINCE)
    assert (len(ended["records"]), ended["place"]) == (1, None)


def test_the_list_of_shards_is_remembered_a_while(world: World) -> None:
    for _ in range(5):
        world.ask()
    assert world.log.lists == 1
    world.at += 60
    world.ask()
    assert world.log.lists == 2


@pytest.mark.parametrize(
    ("code", "refusal"),
    [("ExpiredIteratorException", "expired"), ("InvalidArgumentException", "not-a-place")],
)
def test_a_place_that_is_none_any_more_is_said_to_be(world: World, code: str, refusal: str) -> None:
    world.log.fails = refused(code)
    answer = world.ask(place=f"{ONE}/0")
    assert (answer["refused"], answer["read"], answer["records"]) == (refusal, False, [])


def test_a_shard_that_is_none_is_said_to_be(world: World) -> None:
    assert world.ask("shardId-000000000009")["refused"] == "no-such-shard"


def test_who_follows_the_log_comes_first(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.log.fails = refused("ProvisionedThroughputExceededException")
    answer = world.ask(place=f"{ONE}/0")
    assert (answer["refused"], answer["read"], answer["place"]) == (None, False, f"{ONE}/0")
    assert answer["wait_ms"] > BETWEEN_MS

    def late(**_request: Any) -> Any:
        raise ReadTimeoutError(endpoint_url="kinesis")

    monkeypatch.setattr(world.log, "get_records", late)
    assert not world.ask(place=f"{ONE}/0")["read"]


def test_other_failures_are_failures(world: World) -> None:
    world.log.fails = refused("AccessDeniedException")
    with pytest.raises(Exception, match="AccessDenied"):
        world.ask(place=f"{ONE}/0")


def newest(world: World, **sequences: str) -> dict[str, Any]:
    names = {"one": ONE, "two": TWO}
    asked = {names[name]: sequence for name, sequence in sequences.items()}
    found: dict[str, Any] = world.ask(None, newer_than=asked)["newest"]
    return found


def test_the_newest_record_is_told_to_who_has_not_read_it_and_to_who_has(world: World) -> None:
    world.log.put(ONE, *[PLACED] * 3)
    [of_one] = newest(world, one="0").values()
    assert (of_one["sequence"], of_one["arrived_at"]) == ("2", "2026-12-01T12:00:00.002Z")
    assert newest(world, one="2")[ONE] == of_one


def test_a_look_that_finds_nothing_newer_keeps_when_the_newest_came() -> None:
    found, nothing = NewestRecords(), Tail([], "place", 0)
    found.found(ONE, "7", nothing, START)
    assert found.all({ONE: "7"})[ONE] == Newest("7", None, START)
    assert found.due({ONE: "7"}, START + LOOKS_AGAIN / 2) is None
    assert found.due({ONE: "10"}, START + LOOKS_AGAIN) == (ONE, "10")
    found.found(ONE, "10", Tail([TailRecord("11", START, b"")], "place", 0), START)
    found.found(ONE, "11", nothing, START + LOOKS_AGAIN)
    assert found.all({ONE: "7"})[ONE] == Newest("11", START, START + LOOKS_AGAIN)
    found.passed(ONE, Tail([TailRecord("5", START, b"")], "place", 900), START)
    assert found.all({ONE: "7"})[ONE].sequence == "11", "who has not read to the end knows nothing"


def test_a_look_takes_a_turn_and_what_was_found_is_remembered(world: World) -> None:
    world.log.put(ONE, PLACED)
    world.ask(since=SINCE)
    assert newest(world, one="0")[ONE]["sequence"] == "0", "who follows the log has seen its end"
    reads = len(world.log.reads)
    for _ in range(5):
        newest(world, one="0")
    assert len(world.log.reads) == reads


def test_shards_are_looked_at_one_in_a_turn(world: World) -> None:
    world.log.put(ONE, *[PLACED] * 2)
    world.log.put(TWO, *[PLACED] * 2)
    assert list(newest(world, one="0", two="0")) == [ONE]
    assert list(newest(world, one="0", two="0")) == [ONE, TWO]
    assert [shard for shard, _ in world.log.reads] == [ONE, TWO]


def test_a_shard_that_is_gone_holds_up_no_other(world: World) -> None:
    world.log.put(TWO, *[PLACED] * 2)
    del world.log.shards[ONE]
    gone = newest(world, one="7", two="0")[ONE]
    assert (gone["sequence"], gone["arrived_at"]) == ("7", None)
    assert newest(world, one="7", two="0")[TWO]["sequence"] == "1"


def test_without_a_turn_nothing_is_looked_at(world: World) -> None:
    world.log.put(ONE, PLACED)
    world.ask(since=SINCE)
    world.log.put(TWO, *[PLACED] * 2)
    assert world.ask_now(None, newer_than={TWO: "0"}) == {"newest": {}}


def test_more_than_a_read_brings_is_told_by_how_late_it_is(world: World) -> None:
    world.log.put(ONE, *[PLACED] * 50)
    world.log.now = START + timedelta(minutes=1)
    [found] = newest(world, one="0").values()
    assert found["sequence"] == "8"
    assert found["arrived_at"] == "2026-12-01T12:00:59.999Z"
    world.log.fails = refused("ProvisionedThroughputExceededException")
    assert newest(world, one="0")[ONE] == found, "what is known is told"


@pytest.mark.parametrize(
    "asked",
    [
        {"newer_than": {"x": "1"}},
        {"newer_than": {ONE: "x"}},
        {"newer_than": {ONE: 1}},
        {"shard": "x"},
        {"shard": f"{ONE}\n"},
        {"shard": 1},
        {"place": ""},
        {"place": "x" * 3_000},
        {"shard": ONE, "more": 1},
        {"shard": ONE, "since": "yesterday"},
    ],
)
def test_what_is_no_question_is_refused(world: World, asked: dict[str, Any]) -> None:
    with pytest.raises((msgspec.ValidationError, ValueError)):
        show_log.handler(asked, None)
    assert world.log.reads == []
