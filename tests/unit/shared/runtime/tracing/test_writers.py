"""Ways out for spans: which one is chosen, and that none of them holds up or breaks a request."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import urllib3

from shared.runtime import environment
from shared.runtime.tracing import otlp_http, writer
from shared.runtime.tracing.context import begin
from shared.runtime.tracing.otlp_http import PAUSE, TIMEOUT, OtlpHttp
from shared.runtime.tracing.spans import SERVER, Span
from shared.runtime.tracing.xray_daemon import XRayDaemon
from tools.emulator.trace_receiver.spans import read_request

COLLECTOR = "https://collector.example/v1/traces"
X_RAY = "https://xray.eu-central-1.amazonaws.com/v1/traces"
VARIABLES = {
    "METRIC_NAMESPACE": "Shop/prod",
    "SERVICE": "orders",
    "AWS_LAMBDA_FUNCTION_NAME": "shop-prod-orders-PlaceOrder",
    "AWS_REGION": "eu-central-1",
}


@pytest.fixture(autouse=True)
def variables(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """Those of a function, without a way out for spans."""
    for name in ("AWS_XRAY_DAEMON_ADDRESS", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)
    for name, value in VARIABLES.items():
        monkeypatch.setenv(name, value)
    environment.forget()
    writer.chosen.cache_clear()
    yield monkeypatch
    environment.forget()
    writer.chosen.cache_clear()


class Collector:
    """Answers as ordered, in place of a pool of connections."""

    def __init__(self, status: int = 200, error: Exception | None = None) -> None:
        self.asked: list[dict[str, Any]] = []
        self._status, self._error = status, error

    def request(self, method: str, url: str, **options: Any) -> Any:
        self.asked.append({"method": method, "url": url, **options})
        if self._error:
            raise self._error
        return SimpleNamespace(status=self._status)


def a_span() -> Span:
    return Span("GET /v1/orders", SERVER, begin(), "journey")


def over_http(collector: Collector, now: list[float] | None = None) -> OtlpHttp:
    times = now or [0.0]
    way = OtlpHttp(COLLECTOR, {"service.name": "orders"}, "eu-central-1", lambda: times[0])
    way._connections = collector  # type: ignore[assignment]
    return way


def test_nobody_wants_spans_where_nothing_says_where_to() -> None:
    assert writer.chosen() is None


def test_lambdas_own_daemon_gets_them(variables: pytest.MonkeyPatch) -> None:
    variables.setenv("AWS_XRAY_DAEMON_ADDRESS", "127.0.0.1:2000")
    assert isinstance(writer.chosen(), XRayDaemon)


def test_an_endpoint_that_is_named_goes_before_the_daemon(variables: pytest.MonkeyPatch) -> None:
    variables.setenv("AWS_XRAY_DAEMON_ADDRESS", "127.0.0.1:2000")
    variables.setenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", COLLECTOR)
    assert isinstance(writer.chosen(), OtlpHttp)


def test_every_span_says_whose_it_is() -> None:
    assert writer.resource(environment.load(writer.WriterEnvironment)) == {
        "service.name": "orders",
        "service.namespace": "shop",
        "deployment.environment.name": "prod",
        "cloud.provider": "aws",
        "cloud.platform": "aws_lambda",
        "cloud.region": "eu-central-1",
        "faas.name": "shop-prod-orders-PlaceOrder",
    }


@pytest.mark.parametrize(
    ("address", "wanted"),
    [
        ("127.0.0.1:2000", ("127.0.0.1", 2000)),
        ("tcp:127.0.0.1:1 udp:127.0.0.2:3000", ("127.0.0.2", 3000)),
        ("nowhere", None),
        (" ", None),
        (":2000", None),
        ("host:port", None),
    ],
)
def test_the_daemons_address_is_read_in_both_its_forms(
    address: str, wanted: tuple[str, int] | None
) -> None:
    daemon = XRayDaemon(address, {})
    assert daemon._address == wanted


def test_a_daemon_that_is_not_there_loses_spans_and_nothing_else() -> None:
    class Socket:
        def send(self, *_arguments: Any) -> None:
            raise BlockingIOError

    daemon = XRayDaemon("127.0.0.1:2000", {})
    daemon._socket = Socket()  # type: ignore[assignment]
    assert daemon.write([a_span(), a_span()]) == 2
    assert XRayDaemon("nowhere", {}).write([a_span()]) == 1


def test_that_nobody_took_one_datagram_holds_up_no_other() -> None:
    refused, sent = [ConnectionRefusedError], []

    class Socket:
        def send(self, datagram: bytes) -> None:
            if refused:
                raise refused.pop()  # the kernel says so when the next one is sent
            sent.append(datagram)

    daemon = XRayDaemon("127.0.0.1:2000", {})
    daemon._socket = Socket()  # type: ignore[assignment]
    assert daemon.write([a_span()]) == 0
    assert len(sent) == 1


def test_over_http_it_is_protobuf_and_waits_no_longer_than_half_a_second() -> None:
    collector = Collector()
    assert over_http(collector).write([a_span()]) == 0
    (asked,) = collector.asked
    assert (asked["method"], asked["url"], asked["redirect"]) == ("POST", COLLECTOR, False)
    assert asked["headers"] == {"Content-Type": "application/x-protobuf"}
    assert asked["timeout"].total == TIMEOUT == 0.5
    assert [it.name for it in read_request(asked["body"])] == ["GET /v1/orders"]


@pytest.mark.parametrize(
    "collector",
    [
        Collector(status=503),
        Collector(status=302),
        Collector(status=400),
        Collector(error=urllib3.exceptions.ReadTimeoutError(None, "/", "slow")),  # type: ignore[arg-type]
        Collector(error=urllib3.exceptions.ProtocolError("reset")),
    ],
)
def test_after_a_failure_nobody_is_asked_for_a_while(collector: Collector) -> None:
    now = [0.0]
    way = over_http(collector, now)
    assert way.write([a_span()]) == 1
    now[0] = PAUSE - 1
    assert way.write([a_span(), a_span()]) == 2
    assert len(collector.asked) == 1
    now[0] = PAUSE + 1
    way.write([a_span()])
    assert len(collector.asked) == 2


def test_what_goes_to_aws_is_signed(variables: pytest.MonkeyPatch) -> None:
    from botocore.credentials import Credentials

    from shared.runtime import aws

    variables.setattr(aws, "credentials", lambda: Credentials("AKEY", "secret", "token"))
    signed = otlp_http._signer(X_RAY, "eu-central-1")(X_RAY, b"content", {"Content-Type": "x"})
    assert "AKEY/" in signed["Authorization"]
    assert "/eu-central-1/xray/aws4_request" in signed["Authorization"]
    assert signed["X-Amz-Security-Token"] == "token"
    unsigned = otlp_http._signer(COLLECTOR, "eu-central-1")(COLLECTOR, b"", {"A": "b"})
    assert unsigned == {"A": "b"}
