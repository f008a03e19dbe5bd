"""Trace contexts: only well-formed ones are taken, and an id alone decides about sampling."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.runtime import environment
from shared.runtime.tracing.context import (
    TraceContext,
    begin,
    child_of,
    is_sampled,
    new_traceparent,
    parse,
)

TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
THEIRS = TraceContext("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7", True)


@pytest.fixture
def share(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """The environment, which is read anew in each test and after it."""
    environment.forget()
    yield monkeypatch
    environment.forget()


def test_a_context_is_read_as_it_is_written() -> None:
    assert parse(TRACEPARENT) == THEIRS
    assert THEIRS.traceparent == TRACEPARENT


@pytest.mark.parametrize(
    ("flags", "sampled"), [("00", False), ("01", True), ("02", False), ("03", True)]
)
def test_one_bit_says_whether_it_is_sampled(flags: str, sampled: bool) -> None:
    found = parse(TRACEPARENT[:-2] + flags)
    assert found is not None
    assert found.sampled is sampled


@pytest.mark.parametrize(
    "hostile",
    [
        "",
        "Jane Doe",
        TRACEPARENT.upper(),
        TRACEPARENT + "\n",
        "\n" + TRACEPARENT,
        TRACEPARENT + "-extra",
        TRACEPARENT[:-1],
        TRACEPARENT * 1000,
        f"ff{TRACEPARENT[2:]}",
        f"01{TRACEPARENT[2:]}",
        f"00-{'0' * 32}-00f067aa0ba902b7-01",
        f"00-4bf92f3577b34da6a3ce929d0e0e4736-{'0' * 16}-01",
        f"{TRACEPARENT},{TRACEPARENT}",
        TRACEPARENT.replace("4bf9", "４ｂｆ９"),
        None,
        42,
        ["00"],
    ],
)
def test_what_is_not_well_formed_is_no_context(hostile: object) -> None:
    assert parse(hostile) is None


@given(st.text(max_size=80))
def test_free_text_is_no_context(text: str) -> None:
    assert parse(text) is None


def test_a_trace_begins_with_ids_of_its_own_that_tell_the_time() -> None:
    one, other = begin(), begin()
    assert parse(one.traceparent) == one
    assert one.trace_id != other.trace_id
    assert abs(int(one.trace_id[:8], 16) - time.time()) < 60
    assert re.fullmatch("[0-9a-f]{16}", one.span_id)


def test_a_child_is_of_the_same_trace_and_has_an_id_if_it_is_sampled() -> None:
    child = child_of(THEIRS)
    assert (child.trace_id, child.sampled) == (THEIRS.trace_id, True)
    assert child.span_id != THEIRS.span_id
    unsampled = TraceContext(THEIRS.trace_id, THEIRS.span_id, False)
    assert child_of(unsampled) == unsampled


def test_nothing_or_everything_is_sampled(share: pytest.MonkeyPatch) -> None:
    lowest, highest = "0" * 31 + "1", "f" * 32
    share.setenv("TRACE_SHARE", "0")
    assert not is_sampled(lowest)
    share.setenv("TRACE_SHARE", "1")
    environment.forget()
    assert is_sampled(highest)
    assert new_traceparent().endswith("-01")


def test_a_share_is_kept_and_everybody_decides_alike(share: pytest.MonkeyPatch) -> None:
    share.setenv("TRACE_SHARE", "0.25")
    begun = [begin() for _ in range(4000)]
    sampled = sum(it.sampled for it in begun)
    assert 800 < sampled < 1200
    assert [is_sampled(it.trace_id) for it in begun] == [it.sampled for it in begun]


def test_only_the_random_part_of_an_id_decides(share: pytest.MonkeyPatch) -> None:
    share.setenv("TRACE_SHARE", "0.5")
    random = "3fffffffffffff"
    assert is_sampled("f" * 18 + random)
    assert not is_sampled("0" * 18 + "8" + "0" * 13)


@pytest.mark.parametrize("malformed", ["much", "-0.1", "1.1", "nan", ""])
def test_a_share_that_is_none_is_named(malformed: str, share: pytest.MonkeyPatch) -> None:
    share.setenv("TRACE_SHARE", malformed)
    with pytest.raises(environment.MissingVariable, match="TRACE_SHARE"):
        begin()
