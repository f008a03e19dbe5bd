"""The emulator answers GraphQL for tokens of the API's pool; what else is asked of it goes on."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest

from tools.emulator.engine_tokens import TokenCheck

GRAPHQL = "/v1/apis/c5dadbe8fc1e4fd9b1f5bdfbc6/graphql"


def ask(path: str, token: str | None, *, kind: str = "http") -> tuple[int, Any, list[Any]]:
    """Status, body, and what was asked of the pool."""
    asked: list[Any] = []
    sent: list[Any] = []

    async def application(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"status": 200})
        await send({"body": b"{}"})

    async def is_issued(api: str, token: str) -> bool:
        asked.append((api, token))
        return token == "Bearer issued"

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [] if token is None else [(b"Authorization", token.encode())]
    scope = {"type": kind, "path": path, "headers": headers}
    with suppress(StopIteration):  # nothing in it waits
        TokenCheck(application, is_issued)(scope, None, send).send(None)  # type: ignore[arg-type]
    return sent[0]["status"], json.loads(sent[1]["body"]), asked


def test_a_token_of_the_pool_lets_a_query_through() -> None:
    status, _, asked = ask(GRAPHQL, "Bearer issued")
    assert (status, asked) == (200, [("c5dadbe8fc1e4fd9b1f5bdfbc6", "Bearer issued")])


@pytest.mark.parametrize("token", [None, "", "Bearer forged", "x"])
def test_any_other_is_refused_as_appsync_does(token: str | None) -> None:
    status, answer, _ = ask(GRAPHQL, token)
    assert status == 401
    assert answer["errors"][0]["errorType"] == "UnauthorizedException"


def test_a_signed_request_is_judged_by_the_emulator() -> None:
    assert ask(GRAPHQL, "AWS4-HMAC-SHA256 Credential=test")[2] == []


@pytest.mark.parametrize("path", ["/", "/v1/apis/abc/datasources", f"{GRAPHQL}/more"])
def test_what_is_no_query_goes_on(path: str) -> None:
    status, _, asked = ask(path, None)
    assert (status, asked) == (200, [])


def test_the_servers_life_span_goes_on() -> None:
    assert ask(GRAPHQL, None, kind="lifespan")[0] == 200
