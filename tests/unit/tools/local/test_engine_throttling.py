"""The emulator refuses a table's requests as long as it is asked to, and everybody else's never."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import pytest

from tools.emulator.engine_throttling import PATH, Throttling

DYNAMODB = (b"x-amz-target", b"DynamoDB_20120810.PutItem")
VIEW = "shop-dev-OrderView1A"


@dataclass
class Emulator:
    """The application behind, which says what it got; and a clock."""

    now: float = 0.0
    got: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.throttling = Throttling(self._application, lambda: self.now)

    async def _application(self, scope: Any, receive: Any, send: Any) -> None:
        self.got.append((await receive()).get("body", b""))
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"{}"})

    def ask(
        self, method: str, path: str, body: bytes, *headers: tuple[bytes, bytes]
    ) -> tuple[int, Any]:
        scope = {"type": "http", "method": method, "path": path, "headers": list(headers)}
        parts = [
            {"type": "http.request", "body": body[:3], "more_body": True},
            {"type": "http.request", "body": body[3:]},
        ]
        if path != PATH and not any(name == DYNAMODB[0] for name, _ in headers):
            parts = [{"type": "http.request", "body": body}]
        sent: list[Any] = []

        async def receive() -> Any:
            return parts.pop(0)

        async def send(message: Any) -> None:
            sent.append(message)

        with suppress(StopIteration):  # nothing in it waits
            self.throttling(scope, receive, send).send(None)
        return sent[0]["status"], json.loads(sent[1]["body"])

    def control(self, method: str, **document: Any) -> tuple[int, Any]:
        return self.ask(method, PATH, json.dumps(document).encode())

    def put(self, table: str) -> int:
        body = json.dumps({"TableName": table, "Item": {"id": {"S": VIEW}}}).encode()
        return self.ask("POST", "/", body, DYNAMODB)[0]


def test_a_table_is_refused_until_the_time_is_over() -> None:
    emulator = Emulator()
    assert emulator.control("POST", table=VIEW, seconds=60)[0] == 200
    status, answer = emulator.ask("POST", "/", f'{{"TableName": "{VIEW}"}}'.encode(), DYNAMODB)
    assert status == 400
    assert answer["__type"].endswith("#ProvisionedThroughputExceededException")
    assert emulator.got == []
    emulator.now = 60.0
    assert emulator.put(VIEW) == 200
    assert emulator.control("GET")[1] == {"throttles": []}


def test_others_get_what_they_sent() -> None:
    emulator = Emulator()
    emulator.control("POST", table=VIEW, seconds=60)
    body = json.dumps({"TableName": f"{VIEW}-longer"}).encode()
    assert emulator.ask("POST", "/", body, DYNAMODB)[0] == 200
    assert emulator.ask("POST", "/", f'"{VIEW}"'.encode())[0] == 200
    assert emulator.got == [body, f'"{VIEW}"'.encode()]


@pytest.mark.parametrize(
    "document",
    [
        {"RequestItems": {VIEW: {"Keys": []}}},
        {"TransactItems": [{"Put": {"TableName": VIEW}}]},
        {"Statements": [{"Statement": f'"{VIEW}" and more'}]},
    ],
)
def test_a_table_is_known_wherever_a_request_names_it(document: dict[str, Any]) -> None:
    emulator = Emulator()
    emulator.control("POST", table=VIEW, seconds=60)
    assert emulator.ask("POST", "/", json.dumps(document).encode(), DYNAMODB)[0] == 400


def test_one_of_so_many_passes_and_all_are_counted() -> None:
    emulator = Emulator()
    emulator.control("POST", table=VIEW, seconds=60, every=3)
    assert [emulator.put(VIEW) for _ in range(6)] == [400, 400, 200, 400, 400, 200]
    [told] = emulator.control("GET")[1]["throttles"]
    assert (told["asked"], told["refused"]) == (6, 4)
    assert emulator.control("DELETE")[1] == {"throttles": []}
    assert emulator.put(VIEW) == 200


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"table": VIEW},
        {"table": 7, "seconds": 1},
        {"table": '"', "seconds": 1},
        {"table": VIEW, "seconds": 0},
        {"table": VIEW, "seconds": 601},
        {"table": VIEW, "seconds": "1"},
        {"table": VIEW, "seconds": 1, "every": 1},
        {"table": VIEW, "seconds": 1, "every": -2},
        {"table": VIEW, "seconds": 1, "every": 2.5},
    ],
)
def test_what_is_no_throttle_is_refused(document: dict[str, Any]) -> None:
    emulator = Emulator()
    assert emulator.control("POST", **document)[0] == 400
    assert emulator.put(VIEW) == 200


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"\xff"])
def test_garbage_is_refused(body: bytes) -> None:
    assert Emulator().ask("POST", PATH, body)[0] == 400
    assert Emulator().ask("PUT", PATH, body)[0] == 405
