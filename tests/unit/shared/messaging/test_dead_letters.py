"""Parking never fails for what it parks: it escapes, or cuts with a mark, what SQS refuses."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shared.messaging.dead_letters import MAX_BYTES, MAX_REASON, DeadLetters
from shared.runtime.plain_text import CUT
from tests.support.fakes.fake_queue import FakeQueue


def parked(body: str, reason: str = "it is broken") -> tuple[str, dict[str, str]]:
    """The body as it was sent, and its attributes."""
    queue = FakeQueue()
    DeadLetters(queue, "dead-letters").park(body, reason, "test")
    (sent,) = queue.sent
    attributes: dict[str, Any] = sent["MessageAttributes"]
    return sent["MessageBody"], {name: it["StringValue"] for name, it in attributes.items()}


def test_a_message_is_kept_as_it_is_with_its_reason() -> None:
    assert parked("{}\n\t\r ü 🎁") == (
        "{}\n\t\r ü 🎁",
        {"reason": "it is broken", "parked_by": "test"},
    )


anything = st.text(st.characters(codec=None), max_size=50)


@given(body=anything, reason=anything)
@example(body="", reason="")
@example(body="\x00\x1b[2J\ud800\ufffe", reason="\x00\x1b[2J\ud800\ufffe")
def test_whatever_it_is_it_can_be_parked_and_had_back(body: str, reason: str) -> None:
    kept, attributes = parked(body, reason)
    match attributes.get("altered"):
        case "escaped":
            kept = kept.encode("ascii").decode("unicode_escape")
        case "empty":
            kept = ""
    assert kept == body
    assert attributes["reason"].isprintable()


@pytest.mark.parametrize("reason", ["x" * 10_000, "\x00" * 10_000, "ü" * 501])
def test_a_long_reason_is_cut_with_a_mark(reason: str) -> None:
    kept = parked("{}", reason)[1]["reason"]
    assert len(kept) <= MAX_REASON
    assert kept.endswith(CUT)


@pytest.mark.parametrize("character", ["x", "🎁", "\x00"])
def test_a_message_that_is_too_large_with_its_attributes_is_cut_with_a_mark(character: str) -> None:
    body = character * (MAX_BYTES // len(character.encode()))
    whole = body if character != "\x00" else body.encode("unicode_escape").decode()
    kept, attributes = parked(body)
    assert whole.startswith(kept)
    assert len(kept.encode()) > MAX_BYTES - 1000
    assert attributes["altered"].endswith("cut")
    assert attributes["digest"] == hashlib.sha256(whole.encode()).hexdigest()
