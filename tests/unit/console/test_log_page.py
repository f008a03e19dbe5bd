"""The log's page tells places, ids and fields that operators may see, and nothing else."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from console.adapters import log_answers
from console.adapters.published_reads import ServiceCard
from console.domain.log_place import GOOD_FOR, LogPlace
from console.domain.sealed_text import sealed
from console.environment import InspectEnvironment
from console.handlers import inspect, log_page
from console.ports import Unanswered
from contracts.operators import shown_fields
from tests.support.console_contract import problems
from tests.support.contracts.event_schemas import example

SHARD, OTHER = "shardId-000000000000", "shardId-000000000001"
PLACED = example("OrderPlaced")
RESERVED = example("StockReserved")


def card(name: str, says: list[str]) -> ServiceCard:
    fields = {type: paths for type, paths in shown_fields().items() if type in says}
    lists: dict[str, list[str]] = {name: [] for name in ("takes", "views", "consumers")}
    known = {"owner": "o", "purpose": "p", "source": "s", "runbook": None, "api": False}
    told: dict[str, Any] = {"name": name, **known, **lists, "reads_log": False, "show": {}}
    return msgspec.convert({**told, "says": says, "fields": fields}, ServiceCard)


CARDS = [
    card("orders", ["OrderPlaced", "CommandReplied"]),
    card("inventory", ["StockReserved", "CommandReplied"]),
]


def record(message: dict[str, Any] | None, **changed: Any) -> dict[str, Any]:
    place = {"sequence": "4966", "arrived_at": "2026-12-01T12:00:00.120Z", "size": 640}
    problem = None if message else "it is not JSON, or names a field twice"
    return {**place, "message": message, "problem": problem, **changed}


class Owner:
    """Implements ``console.ports.Functions``: what the log's owner answers."""

    def __init__(self, *records: dict[str, Any], **changed: Any) -> None:
        self.asked: list[dict[str, Any]] = []
        self.silent = False
        self.answer: dict[str, Any] = {
            "shards": [{"shard": SHARD, "parents": [], "open": True}],
            "records": list(records),
            "place": "iterator-2",
            "behind_ms": 0,
            "read": True,
            "wait_ms": 2000,
            "refused": None,
            **changed,
        }

    def ask(self, _arn: str, request: Any) -> Any:
        self.asked.append(request)
        if self.silent:
            raise Unanswered("gone")
        return self.answer


class Cards:
    def all(self) -> list[ServiceCard]:
        return CARDS


class Api:
    """The endpoint, with an owner behind it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.owner = Owner()
        monkeypatch.setattr(log_page, "functions", lambda: self.owner)
        monkeypatch.setattr(log_page, "cards", Cards)
        settings = InspectEnvironment("/cards", "sagas", "log", "quotes", "alarms", "releases")
        monkeypatch.setattr(log_page, "load", lambda _form: settings)

    def get(self, **query: str) -> tuple[int, Any]:
        event = {
            "httpMethod": "GET",
            "path": "/v1/log",
            "resource": "/v1/log",
            "headers": {},
            "queryStringParameters": query or None,
            "requestContext": {"requestId": "r", "authorizer": {"claims": {"sub": "operator"}}},
        }
        answer = inspect.handler(event, None)
        assert answer["headers"]["Cache-Control"] == "no-store"
        return answer["statusCode"], json.loads(answer["body"])


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Api:
    return Api(monkeypatch)


def test_a_record_is_told_by_place_ids_and_fields_that_may_be_seen(api: Api) -> None:
    api.owner = Owner(record(PLACED), record(RESERVED), record(None))
    status, answer = api.get(shard=SHARD, since="2026-12-01T12:00:00+01:00")
    assert (status, problems("Log", answer)) == (200, [])
    assert api.owner.asked == [{"shard": SHARD, "since": "2026-12-01T11:00:00.000Z"}]
    placed, reserved, unreadable = answer["records"]
    assert (placed["type"], placed["service"], placed["order_id"], placed["version"]) == (
        *("OrderPlaced", "orders"),
        PLACED["aggregate_id"],
        1,
    )
    assert placed["fields"]["currency"] == "EUR"
    assert (reserved["service"], reserved["version"]) == ("inventory", None)
    assert reserved["order_id"] == RESERVED["data"]["order_id"]
    assert (unreadable["type"], unreadable["fields"], unreadable["size"]) == (None, {}, 640)
    told = json.dumps(answer)
    for hidden in ("customer", "address", "postcode", "traceparent"):
        assert hidden not in told


def test_what_nobody_says_or_several_say_is_no_services_and_shows_no_field(api: Api) -> None:
    unknown = {**PLACED, "type": "SomethingElse"}
    replied = {**RESERVED, "type": "CommandReplied"}
    api.owner = Owner(record(unknown), record(replied), record({**PLACED, "data": None}))
    _, answer = api.get(shard=SHARD)
    first, second, large = answer["records"]
    assert (first["service"], first["fields"], second["service"]) == (None, {}, None)
    assert (large["service"], large["fields"]) == ("orders", {})


def test_fields_are_bounded(api: Api) -> None:
    lines = [{"sku": "A", "quantity": 1, "unit_price": 1}] * 99
    api.owner = Owner(record({**PLACED, "data": {**PLACED["data"], "lines": lines}}))
    _, answer = api.get(shard=SHARD)
    assert len(answer["records"][0]["fields"]) == log_answers.MOST_FIELDS


def test_a_place_leads_on_and_stays_while_nothing_is_read(api: Api) -> None:
    _, first = api.get(shard=SHARD)
    api.owner = Owner(read=False, wait_ms=700, place="iterator-2", behind_ms=None)
    _, second = api.get(shard=SHARD, after=first["cursor"])
    assert api.owner.asked == [{"shard": SHARD, "place": "iterator-2"}]
    assert (second["cursor"], second["wait_ms"]) == (first["cursor"], 700)
    api.owner = Owner(place=None)
    _, ended = api.get(shard=SHARD, after=first["cursor"])
    assert ended["cursor"] is None


def test_without_a_shard_the_shards_are_told(api: Api) -> None:
    api.owner = Owner(place=None, read=False, wait_ms=0)
    status, answer = api.get()
    assert (status, answer["shard"], answer["cursor"]) == (200, None, None)
    assert api.owner.asked == [{}]


def place(shard: str = SHARD, age: timedelta = timedelta()) -> str:
    return LogPlace(shard, "iterator", datetime.now(UTC) - age).text()


def test_a_place_is_good_for_five_minutes(api: Api) -> None:
    status, _ = api.get(shard=SHARD, after=place(age=GOOD_FOR - timedelta(seconds=5)))
    assert status == 200
    status, problem = api.get(shard=SHARD, after=place(age=GOOD_FOR + timedelta(seconds=5)))
    assert (status, problem["type"].rpartition("/")[2]) == (410, "place-expired")
    assert len(api.owner.asked) == 1, "nobody is asked for a place that has expired"


@pytest.mark.parametrize(
    ("refused", "status"), [("expired", 410), ("not-a-place", 400), ("no-such-shard", 404)]
)
def test_what_the_owner_refuses_is_a_problem(api: Api, refused: str, status: int) -> None:
    api.owner = Owner(refused=refused, place=None, read=False)
    assert api.get(shard=SHARD, after=place())[0] == status


def test_a_silent_owner_is_unavailable(api: Api) -> None:
    api.owner.silent = True
    assert api.get(shard=SHARD)[0] == 503


@pytest.mark.parametrize(
    "query",
    [
        {"shard": "x"},
        {"shard": "../shardId-000000000000"},
        {"shard": f"{SHARD}\n"},
        {"shard": SHARD, "after": ""},
        {"shard": SHARD, "after": "x" * 5_000},
        {"shard": SHARD, "after": place()[:-1]},
        {"shard": SHARD, "after": place(OTHER)},
        {"shard": SHARD, "after": sealed("pulse", b"1 shardId-000000000000 it")},
        {"shard": SHARD, "after": sealed("log", b"\xff\xff")},
        {"shard": SHARD, "after": sealed("log", f"{10**30} {SHARD} it".encode())},
        {"shard": SHARD, "since": "yesterday"},
        {"shard": SHARD, "since": "2026-12-01T12:00:00Z", "after": place()},
        {"since": "2026-12-01T12:00:00Z"},
        {"after": place()},
    ],
    ids=(
        *("a word", "a path", "a line feed", "no place", "a long place", "a cut place"),
        *("a place of another shard", "a cursor of the pulse", "no text", "a time far away"),
        *("no time", "both", "a time without a shard", "a place without a shard"),
    ),
)
def test_what_is_no_question_is_a_problem_and_reads_nothing(
    api: Api, query: dict[str, str]
) -> None:
    status, problem = api.get(**query)
    assert (status, problem["status"]) == (400, 400)
    assert api.owner.asked == []
