"""Spans of requests and calls: what they say and never say, and what log lines say of them."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from shared.runtime import environment, log
from shared.runtime.api import Request, Response, endpoint
from shared.runtime.problems import Problem
from shared.runtime.tracing import invocations, spans, work, writer
from shared.runtime.tracing.context import TraceContext, new_traceparent, parse
from shared.runtime.tracing.invocations import invocation
from shared.runtime.tracing.spans import CLIENT, SERVER, Span
from tests.support.fakes.kept_spans import KeptSpans

THEIRS = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
PERSON = "jane.doe@example.com"
OURS = {"sub": "machine-1", "client_id": "machine-1"}
CUSTOMER = {"claims": {"sub": "customer", "client_id": "web-app"}}


@pytest.fixture
def unsampled(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No trace that begins is sampled."""
    monkeypatch.setenv("TRACE_SHARE", "0")
    environment.forget()
    yield
    environment.forget()


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The function is told which machine client is our own."""
    monkeypatch.setenv("OWN_CLIENT_ID", OURS["client_id"])
    environment.forget()
    yield
    environment.forget()


def call(
    handle: Any, headers: dict[str, str] | None = None, *, authorizer: Any = CUSTOMER
) -> dict[str, Any]:
    event = {
        "httpMethod": "POST",
        "resource": "/v1/parcels/{parcel_id}",
        "path": f"/v1/parcels/{PERSON}",
        "headers": headers,
        "requestContext": {"requestId": "r-1", "authorizer": authorizer},
    }
    return endpoint()(handle)(event, None)


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(it) for it in capsys.readouterr().out.splitlines()]


def test_a_request_begins_a_trace_of_ours_that_links_to_the_callers(kept_spans: KeptSpans) -> None:
    asked: list[Request] = []

    def look(request: Request) -> Response:
        asked.append(request)
        return Response(200)

    call(look, headers={"TraceParent": THEIRS})
    (span,) = kept_spans.received
    assert (span.kind, span.parent_id, span.failed) == ("server", "", False)
    assert [(it.trace_id, it.span_id) for it in span.links] == [tuple(THEIRS.split("-")[1:3])]
    assert asked[0].trace.traceparent == f"00-{span.trace_id}-{span.span_id}-01"
    assert span.trace_id not in THEIRS
    assert 0 < span.started <= span.ended
    assert span.name == "POST /v1/parcels/{parcel_id}"
    assert span.attributes["http.request.method"] == "POST"
    assert span.attributes["http.response.status_code"] == 200


def test_a_request_of_our_own_service_goes_on_in_its_trace(
    kept_spans: KeptSpans, known: None
) -> None:
    asked: list[Request] = []

    def look(request: Request) -> Response:
        asked.append(request)
        return Response(200)

    named = new_traceparent()
    call(look, headers={"Traceparent": named}, authorizer={"claims": OURS})
    (span,) = kept_spans.received
    assert [span.trace_id, span.parent_id] == named.split("-")[1:3]
    assert (span.kind, span.links) == ("server", [])
    assert asked[0].trace.traceparent == f"00-{span.trace_id}-{span.span_id}-01"


def test_our_own_service_has_decided_that_its_trace_is_not_sampled(
    kept_spans: KeptSpans, known: None
) -> None:
    not_sampled = f"{new_traceparent()[:-2]}00"
    traces: list[str] = []

    def look(request: Request) -> Response:
        traces.append(request.trace.traceparent)
        return Response(200)

    call(look, headers={"traceparent": not_sampled}, authorizer={"claims": OURS})
    assert (traces, kept_spans.received) == ([not_sampled], [])


@pytest.mark.parametrize("hours", [25, -25])
def test_a_trace_of_no_time_that_can_be_true_is_linked_to_whoever_names_it(
    hours: int, kept_spans: KeptSpans, known: None
) -> None:
    """Else each consumer of what the request leads to would begin a trace of its own."""
    named = f"00-{int(time.time()) - hours * 3600:08x}{'c' * 24}-{'b' * 16}-01"
    call(lambda _: Response(200), {"traceparent": named}, authorizer={"claims": OURS})
    (span,) = kept_spans.received
    assert [it.trace_id for it in span.links] == [named.split("-")[1]]
    assert span.trace_id not in named


@pytest.mark.parametrize(
    "authorizer",
    [
        CUSTOMER,
        {"claims": {"sub": "machine-2", "client_id": "machine-2"}},
        {"claims": {"sub": OURS["client_id"]}},
        {"principalId": OURS["client_id"]},
        {"claims": {**CUSTOMER["claims"], "scope": OURS["client_id"]}},
        {"claims": None},
        None,
    ],
    ids=["customer", "other machine", "subject", "principal", "scope", "no claims", "nobody"],
)
def test_whoever_else_names_a_trace_is_linked_to_it(
    authorizer: Any, kept_spans: KeptSpans, known: None
) -> None:
    named = new_traceparent()
    forged = {"traceparent": named, "client_id": OURS["client_id"]}
    call(lambda _request: Response(200), headers=forged, authorizer=authorizer)
    (span,) = kept_spans.received
    assert span.trace_id not in named
    assert (span.parent_id, [it.trace_id for it in span.links]) == ("", [named.split("-")[1]])


@pytest.mark.parametrize("client_id", ["", None, "machine-1"])
def test_a_function_that_knows_no_client_of_ours_goes_on_with_nobodys_trace(
    client_id: str | None, kept_spans: KeptSpans
) -> None:
    claims = {"sub": "machine-1", "client_id": client_id}
    named = new_traceparent()
    call(lambda _: Response(200), {"traceparent": named}, authorizer={"claims": claims})
    assert kept_spans.received[0].trace_id not in named


@pytest.mark.parametrize("authorizer", [CUSTOMER, {"claims": {**OURS, "client_id": "machine-2"}}])
def test_a_caller_forces_no_sampling(
    authorizer: Any, kept_spans: KeptSpans, unsampled: None, known: None
) -> None:
    call(
        lambda _: Response(200),
        {"traceparent": new_traceparent()[:-2] + "01"},
        authorizer=authorizer,
    )
    assert kept_spans.received == []


@pytest.mark.parametrize("authorizer", [CUSTOMER, {"claims": OURS}], ids=["customer", "ours"])
@pytest.mark.parametrize(
    "hostile",
    [
        "00-0-0-01",
        "x" * 10_000,
        f"00-{'0' * 32}-{'0' * 16}-01",
        f"00-{'0' * 32}-{'b' * 16}-01",
        f"00-{'a' * 32}-{'0' * 16}-01",
        f"{THEIRS}\n",
        THEIRS.upper(),
    ],
)
def test_a_hostile_header_is_as_none(
    hostile: str, authorizer: Any, kept_spans: KeptSpans, known: None
) -> None:
    answer = call(lambda _: Response(200), {"traceparent": hostile}, authorizer=authorizer)
    assert answer["statusCode"] == 200
    (span,) = kept_spans.received
    assert (span.links, span.parent_id) == ([], "")
    assert span.trace_id not in hostile.lower()


def test_a_failure_of_ours_is_an_error_by_type_and_a_refusal_is_none(kept_spans: KeptSpans) -> None:
    def fail(_request: Request) -> Response:
        raise ValueError(PERSON)

    def refuse(_request: Request) -> Response:
        raise Problem(409, "conflict", "No", "not now")

    assert call(fail)["statusCode"] == 500
    assert call(refuse)["statusCode"] == 409
    failed, refused = kept_spans.received
    assert (failed.failed, failed.attributes["error.type"]) == (True, "ValueError")
    assert not refused.failed
    assert PERSON not in repr(kept_spans.received)


def test_no_attribute_but_those_on_the_list_goes_out(kept_spans: KeptSpans) -> None:
    with spans.root("name", SERVER, "journey") as span:
        span.attributes["customer.email"] = PERSON  # type: ignore[typeddict-unknown-key]
        span.attributes["http.route"] = {"of": PERSON}  # type: ignore[typeddict-item]
        span.attributes["http.request.method"] = "GET"
    invocations.flush()
    (sent,) = kept_spans.received
    assert sent.attributes == {"http.request.method": "GET"}


def test_the_list_has_nothing_of_a_person() -> None:
    about_people = ("customer", "user", "email", "address.", "client", "url", "body", "query")
    assert [it for it in spans.ALLOWED if any(word in it for word in about_people)] == []


def test_every_line_of_a_request_names_trace_and_journey(
    kept_spans: KeptSpans, capsys: pytest.CaptureFixture[str]
) -> None:
    def say(_request: Request) -> Response:
        log.info("working")
        log.metric("Things", 1)
        return Response(200)

    answer = call(say)
    (span,) = kept_spans.received
    ids = [(it["trace_id"], it["correlation_id"]) for it in lines(capsys)]
    assert ids == [(span.trace_id, answer["headers"]["X-Correlation-Id"])] * 3


def test_an_invocation_that_nobody_asked_for_has_ids_of_its_own(
    capsys: pytest.CaptureFixture[str],
) -> None:
    @invocation
    def sweep(_event: dict[str, Any], _context: Any) -> None:
        log.info("one")
        log.metric("Two", 2)

    sweep({}, None)
    sweep({}, None)
    one, two, three, four = [(it["trace_id"], it["correlation_id"]) for it in lines(capsys)]
    assert (one, three) == (two, four)
    assert one != three
    assert work.ids() == {}


def test_spans_go_out_when_an_invocation_ends_however_it_ends(kept_spans: KeptSpans) -> None:
    @invocation
    def fail(_event: dict[str, Any], _context: Any) -> None:
        with spans.root("work", CLIENT, "journey"):
            raise ValueError(PERSON)

    with pytest.raises(ValueError, match=PERSON):
        fail({}, None)
    (span,) = kept_spans.received
    assert (span.failed, span.attributes) == (True, {"error.type": "ValueError"})


def test_a_call_to_others_carries_the_present_span(kept_spans: KeptSpans) -> None:
    assert spans.headers() == {}
    with spans.root("outer", SERVER, "journey") as outer:
        with spans.inside(outer.context, "inner", CLIENT, "journey") as inner:
            assert spans.headers() == {"traceparent": inner.context.traceparent}
        assert spans.headers() == {"traceparent": outer.context.traceparent}
    invocations.flush()
    sent = {it.name: it for it in kept_spans.received}
    assert sent["inner"].parent_id == sent["outer"].span_id


def test_without_a_context_a_span_begins_a_trace(kept_spans: KeptSpans) -> None:
    with spans.after("Jane Doe", "work", CLIENT, "journey") as span:
        assert span.parent_id is None
    with spans.after(THEIRS, "work", CLIENT, "journey") as span:
        assert span.context.trace_id == THEIRS[3:35]


def test_no_more_spans_wait_than_fit_and_those_lost_are_counted(
    kept_spans: KeptSpans, capsys: pytest.CaptureFixture[str]
) -> None:
    context = parse(THEIRS)
    assert context is not None
    for _ in range(spans.MOST_WAITING + 3):
        spans.keep(Span("work", CLIENT, context, "journey"))
    invocations.flush()
    assert len(kept_spans.received) == spans.MOST_WAITING
    assert lines(capsys)[-1]["SpansLost"] == 3


def test_a_writer_that_fails_is_no_failure_of_the_request(
    monkeypatch: pytest.MonkeyPatch, kept_spans: KeptSpans, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(kept_spans, "write", lambda them: len(them))
    assert call(lambda _request: Response(200))["statusCode"] == 200
    assert lines(capsys)[-1]["SpansLost"] == 1


def test_where_nobody_wants_spans_none_is_written(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(writer, "chosen", lambda: None)
    writer.write([Span("work", CLIENT, TraceContext("1" * 32, "2" * 16, True), "journey")], 5)
    assert capsys.readouterr().out == ""
