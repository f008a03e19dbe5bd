"""The proxy between functions and AWS: it passes everything on, and knows who called what."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Iterator
from email.message import Message
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import urlsplit

import pytest

from tools.base.errors import NotLoopbackError
from tools.measure.costs.counting import CountingProxy

SIGNED = "AWS4-HMAC-SHA256 Credential=123456789012/20261122/eu-west-1/{}/aws4_request, Signature=0"


class Upstream(BaseHTTPRequestHandler):
    """Answers with what it got."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        answer = json.dumps({"path": self.path, "got": body.decode()}).encode()
        self.send_response(418)
        self.send_header("X-Amzn-RequestId", "r-1")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def proxy() -> Iterator[CountingProxy]:
    server = HTTPServer(("127.0.0.1", 0), Upstream)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        with CountingProxy(f"http://127.0.0.1:{server.server_address[1]}") as proxy:
            yield proxy
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def post(address: str, path: str, body: str, **headers: str) -> tuple[int, Message, bytes]:
    parts = urlsplit(address)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=5)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        connection.request("POST", parts.path + path, body, named)
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        connection.close()


def test_a_call_is_passed_on_unchanged_and_its_answer_handed_back(proxy: CountingProxy) -> None:
    status, headers, content = post(
        proxy.address_for("orders/Relay"),
        "/2015-03-31/functions/f/invocations?a=b",
        '{"x": 1}',
        Authorization=SIGNED.format("lambda"),
    )
    assert (status, headers["X-Amzn-RequestId"]) == (418, "r-1")
    assert json.loads(content) == {
        "path": "/2015-03-31/functions/f/invocations?a=b",
        "got": '{"x": 1}',
    }


def test_a_call_is_written_down_with_its_caller_service_and_operation(
    proxy: CountingProxy,
) -> None:
    address = proxy.address_for("orders/Relay")
    for path, body, service, target in (
        ("/", '{"TableName": "t"}', "dynamodb", "DynamoDB_20120810.PutItem"),
        ("/", "Action=Publish&Message=m", "sns", ""),
        ("/2015-03-31/functions/f/invocations", "{}", "lambda", ""),
    ):
        headers = {"X_Amz_Target": target} if target else {}
        post(address, path, body, Authorization=SIGNED.format(service), **headers)
    assert [(it.caller, it.service, it.operation) for it in proxy.calls] == [
        ("orders/Relay", "dynamodb", "PutItem"),
        ("orders/Relay", "sns", "Publish"),
        ("orders/Relay", "lambda", "Invoke"),
    ]
    assert proxy.calls[0].request == {"TableName": "t"}
    assert proxy.calls[0].response["got"] == '{"TableName": "t"}'


def test_a_request_that_the_client_repeats_is_one_call(proxy: CountingProxy) -> None:
    for attempt in (1, 2):
        post(
            proxy.address_for("orders/Relay"),
            "/",
            "{}",
            Authorization=SIGNED.format("dynamodb"),
            amz_sdk_request=f"attempt={attempt}; max=4",
        )
    assert (len(proxy.calls), proxy.repeated) == (1, 1)


def test_what_is_not_signed_is_no_call_to_aws(proxy: CountingProxy) -> None:
    post(proxy.address_for("orders/Relay"), "/", "{}")
    assert proxy.calls == []


def test_it_stands_before_nothing_but_this_machine() -> None:
    with pytest.raises(NotLoopbackError):
        CountingProxy("https://dynamodb.eu-west-1.amazonaws.com")
