"""An answer that may have no body has none on the wire; any other goes through as it is."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest

from tools.emulator.engine_bodies import Bodiless

LENGTH, KIND = (b"Content-Length", b"2"), (b"content-type", b"application/json")


def answered(status: int) -> list[Any]:
    """What is sent of an answer with two bytes, of which the second comes by itself."""
    sent: list[Any] = []

    async def application(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": status, "headers": [KIND, LENGTH]})
        await send({"type": "http.response.body", "body": b"{", "more_body": True})
        await send({"type": "http.response.body", "body": b"}"})

    async def send(message: Any) -> None:
        sent.append(message)

    with suppress(StopIteration):  # nothing in it waits
        Bodiless(application)({"type": "http"}, None, send).send(None)  # type: ignore[arg-type]
    return sent


@pytest.mark.parametrize("status", [204, 304])
def test_an_answer_that_may_have_no_body_has_none(status: int) -> None:
    begin, *bodies = answered(status)
    assert begin["headers"] == [KIND]
    assert [it["body"] for it in bodies] == [b"", b""]


@pytest.mark.parametrize("status", [200, 405])
def test_any_other_answer_is_as_it_was(status: int) -> None:
    begin, *bodies = answered(status)
    assert begin["headers"] == [KIND, LENGTH]
    assert [it["body"] for it in bodies] == [b"{", b"}"]
