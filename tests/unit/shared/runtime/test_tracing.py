"""Correlation: well-formed ids are carried on, everything else is replaced."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.runtime.tracing import Trace, is_uuid, new_traceparent

JOURNEY = "0d6f2a4e-58b1-4f1c-9a51-3c1f6f1d2e3b"
TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def test_a_callers_journey_is_carried_on() -> None:
    headers = {"x-correlation-id": JOURNEY, "traceparent": TRACEPARENT}
    assert Trace.from_headers(headers) == Trace(JOURNEY, TRACEPARENT)


def test_a_journey_in_capitals_is_the_same_journey() -> None:
    assert Trace.from_headers({"x-correlation-id": JOURNEY.upper()}).correlation_id == JOURNEY


def test_a_request_without_a_journey_begins_one() -> None:
    one, other = Trace.from_headers({}), Trace.from_headers({})
    assert is_uuid(one.correlation_id)
    assert one.correlation_id != other.correlation_id
    assert one.traceparent != other.traceparent
    assert Trace.from_headers({"traceparent": one.traceparent}).traceparent == one.traceparent


@pytest.mark.parametrize(
    "traceparent",
    [
        "",
        "Jane Doe",
        TRACEPARENT.upper(),
        TRACEPARENT + "\n",
        TRACEPARENT + "-extra",
        f"ff{TRACEPARENT[2:]}",
        f"00-{'0' * 32}-00f067aa0ba902b7-01",
        f"00-4bf92f3577b34da6a3ce929d0e0e4736-{'0' * 16}-01",
    ],
)
def test_a_trace_that_is_not_well_formed_is_replaced(traceparent: str) -> None:
    taken = Trace.from_headers({"traceparent": traceparent}).traceparent
    assert taken != traceparent
    assert Trace.from_headers({"traceparent": taken}).traceparent == taken


@given(st.text() | st.just(f"{JOURNEY}\n"))
def test_free_text_never_enters_a_journey(text: str) -> None:
    trace = Trace.from_headers({"x-correlation-id": text, "traceparent": text})
    assert is_uuid(trace.correlation_id)
    assert trace.traceparent != text


def test_a_new_trace_is_sampled() -> None:
    assert new_traceparent().endswith("-01")
