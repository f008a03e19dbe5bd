"""A page in the developer's browser reaches nothing that listens; the system's own clients do.

The emulator and all that runs beside it run here with nothing deployed. That the guard lets a
whole system through is what every other test of this folder rests on.
"""

from __future__ import annotations

import base64
import io
import json
import socket
import uuid
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest

from tests.support.drivers.offline import Answer, call
from tools.base import processes
from tools.base.endpoint import ACCOUNT
from tools.emulator.configuration_agent import ConfigurationAgent
from tools.emulator.emulator import Emulator
from tools.emulator.payment_provider import PaymentProvider
from tools.emulator.trace_receiver import TraceReceiver
from tools.local.faults import FaultProcess

PAGE = "https://page.example"
JSON = "application/json"
_PROC = Path("/proc")
_LISTENING = "0A"
_FUNCTION = "made-by-a-page"
_PASSWORD = f"Aa1-{uuid.uuid4()}"


@dataclass(frozen=True, slots=True)
class Listener:
    """One port that a process of the workspace listens on; the address as the kernel writes it."""

    address: str
    port: int
    command: str
    is_datagrams: bool


def listeners(emulator: Emulator) -> Iterator[Listener]:
    """Every one of the emulator, its workers, and what runs beside it."""
    root = emulator.workspace.root
    commands = {pid: command for pid, _, command in processes.listing()}
    for pid in processes.of_workspace(root, None):
        links = [it.readlink().as_posix() for it in (_PROC / str(pid) / "fd").iterdir()]
        for table in ("tcp", "tcp6", "udp", "udp6"):
            for line in (_PROC / str(pid) / "net" / table).read_text().splitlines()[1:]:
                fields = line.split()
                if f"socket:[{fields[9]}]" in links and (
                    fields[3] == _LISTENING or table.startswith("udp")
                ):
                    address, _, port = fields[1].partition(":")
                    yield Listener(
                        address, int(port, 16), commands.get(pid, ""), table[:3] == "udp"
                    )


def raw(port: int, request: str) -> int:
    """The status that a listener answers with; 0 if it closes the connection without one."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(request.encode())
        answer = connection.makefile("rb").readline().decode()
    return int(answer.split()[1]) if answer else 0


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """Running, with everything that runs beside it."""
    with Emulator(tmp_path_factory.mktemp("guarded")) as emulator:
        for provider in PaymentProvider.all_of(emulator.workspace):
            provider.start()
        ConfigurationAgent(emulator.workspace).start(emulator.endpoint)
        FaultProcess(emulator.workspace).start()
        TraceReceiver(emulator.workspace).start()
        yield emulator


@pytest.fixture(scope="module")
def ours(emulator: Emulator) -> dict[str, str]:
    """The address of every process that serves HTTP, by its name."""
    workspace = emulator.workspace
    return {
        "emulator": emulator.endpoint,
        **{it.name: it.url for it in PaymentProvider.all_of(workspace)},
        "agent": ConfigurationAgent(workspace).url,
        "faults": FaultProcess(workspace).url,
        "receiver": TraceReceiver(workspace).url,
    }


@pytest.mark.skipif(not _PROC.is_dir(), reason="the kernel shows its sockets elsewhere")
def test_every_listener_is_known_listens_here_alone_and_refuses_pages(
    emulator: Emulator, ours: dict[str, str]
) -> None:
    found = [it for it in listeners(emulator) if not it.is_datagrams]
    (spans,) = [it for it in listeners(emulator) if it.is_datagrams]  # it answers nobody
    assert (spans.address, spans.port) == (
        "0100007F",
        TraceReceiver(emulator.workspace).datagram_port,
    )
    assert {it.port for it in found} == {urlsplit(url).port for url in ours.values()}, found
    for listener in found:
        assert listener.address == "0100007F", listener  # 127.0.0.1
        own = f"127.0.0.1:{listener.port}"
        for status, request in {
            421: f"GET / HTTP/1.1\r\nHost: page.example:{listener.port}\r\n\r\n",
            403: f"GET / HTTP/1.1\r\nHost: {own}\r\nOrigin: {PAGE}\r\n\r\n",
            400: f"GET http://page.example/ HTTP/1.1\r\nHost: {own}\r\n\r\n",
        }.items():
            assert raw(listener.port, request) == status, (listener, request)


@pytest.mark.parametrize(
    ("status", "request_head"),
    [
        (400, "GET / HTTP/1.1\r\n"),
        (400, "GET / HTTP/1.0\r\n"),
        (400, "GET / HTTP/1.1\r\nHost: {own}\r\nHost: page.example\r\n"),
        (400, "GET http://{own}/ HTTP/1.1\r\nHost: {own}\r\n"),
        (400, "GET http://page.example/ HTTP/1.1\r\nHost: {own}\r\n"),
        (400, "OPTIONS * HTTP/1.1\r\nHost: {own}\r\n"),
        (403, "GET / HTTP/1.1\r\nHost: {own}\r\nSec-Fetch-Site: cross-site\r\n"),
        (403, "GET / HTTP/1.1\r\nHost: {own}\r\nSec-Fetch-Site: same-site\r\n"),
        (403, "GET / HTTP/1.1\r\nHost: {own}\r\nOrigin: null\r\n"),
        (
            403,
            "OPTIONS / HTTP/1.1\r\nHost: {own}\r\nOrigin: https://page.example\r\n"
            "Access-Control-Request-Method: PUT\r\n"
            "Access-Control-Request-Private-Network: true\r\n",
        ),
        (
            403,
            "GET / HTTP/1.1\r\nHost: {own}\r\nOrigin: https://page.example\r\n"
            "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
        ),
    ],
)
@pytest.mark.parametrize("name", ["emulator", "primary", "agent", "faults", "receiver"])
def test_each_form_of_a_pages_request_is_refused(
    ours: dict[str, str], name: str, status: int, request_head: str
) -> None:
    parts = urlsplit(ours[name])
    assert raw(parts.port or 0, request_head.format(own=parts.netloc) + "\r\n") == status


def from_a_page(method: str, url: str, body: bytes | None = None, content_type: str = "") -> Answer:
    """As a browser sends it for a page elsewhere."""
    headers = {"Origin": PAGE, "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors"}
    if content_type:
        headers["Content-Type"] = content_type
    return call(method, url, body=body, headers=headers)


def assert_refused(answer: Answer, status: int = 403) -> None:
    assert answer.status == status, answer.body
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json["status"] == status
    assert answer.json["detail"]
    assert not [name for name in answer.headers if name.lower().startswith("access-control-")]


def test_a_page_makes_no_function_and_runs_none(emulator: Emulator) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("index.py", "def handler(event, context): return 'ran'")
    wanted = {
        "FunctionName": _FUNCTION,
        "Runtime": "python3.13",
        "Handler": "index.handler",
        "Role": f"arn:aws:iam::{ACCOUNT}:role/any",
        "Code": {"ZipFile": base64.b64encode(packed.getvalue()).decode()},
    }
    functions = f"{emulator.endpoint}/2015-03-31/functions"
    assert_refused(from_a_page("OPTIONS", functions))
    for content_type in (JSON, "text/plain", "application/x-www-form-urlencoded"):
        made = from_a_page("POST", functions, json.dumps(wanted).encode(), content_type)
        assert_refused(made)
    assert_refused(from_a_page("POST", f"{functions}/{_FUNCTION}/invocations", b"{}"))
    pages = emulator.cloud.client("lambda").get_paginator("list_functions").paginate()
    assert _FUNCTION not in [it["FunctionName"] for page in pages for it in page["Functions"]]


def test_a_page_sends_no_form_to_an_aws_service(emulator: Emulator) -> None:
    form = urlencode({"Action": "CreateUser", "UserName": "page", "Version": "2010-05-08"})
    endpoint = emulator.endpoint
    encoded = "application/x-www-form-urlencoded"
    assert_refused(from_a_page("POST", endpoint, form.encode(), encoded))
    assert_refused(from_a_page("GET", f"{endpoint}/?{form}"))
    users = emulator.cloud.client("iam").list_users()["Users"]
    assert "page" not in [it["UserName"] for it in users]


def test_a_page_orders_no_faults_makes_no_keys_and_reads_no_books(emulator: Emulator) -> None:
    for provider in PaymentProvider.all_of(emulator.workspace):
        fault = json.dumps({"kind": "error"}).encode()
        for content_type in (JSON, "text/plain"):
            assert_refused(from_a_page("POST", f"{provider.url}/_faults", fault, content_type))
            assert_refused(from_a_page("POST", f"{provider.url}/_keys", b"{}", content_type))
        assert_refused(from_a_page("GET", f"{provider.url}/_ledger"))
        assert_refused(from_a_page("DELETE", f"{provider.url}/_faults"))
        plain = {"Content-Type": "text/plain"}
        assert_refused(call("POST", f"{provider.url}/_faults", body=fault, headers=plain), 415)
        assert call("GET", f"{provider.url}/_faults").json == {"rules": []}


def test_a_page_does_not_tell_the_emulator_to_forget_everything(emulator: Emulator) -> None:
    queue = emulator.cloud.client("sqs").create_queue(QueueName="remembered")["QueueUrl"]
    reset = f"{emulator.endpoint}/_ministack/reset"
    assert_refused(from_a_page("POST", reset))
    assert_refused(call("POST", reset, body=b"", headers={"Content-Type": "text/plain"}), 415)
    assert_refused(call("POST", reset, headers={}), 415)
    assert emulator.cloud.client("sqs").list_queues(QueueNamePrefix="rem")["QueueUrls"] == [queue]


def test_a_page_reads_no_flags(emulator: Emulator, ours: dict[str, str]) -> None:
    path = "/applications/orders/environments/dev/configurations/orders"
    assert_refused(from_a_page("GET", ours["agent"] + path))


def test_no_answer_lets_every_origin_read_it(emulator: Emulator) -> None:
    for path in (
        "/_ministack/health",
        "/?Action=GetCallerIdentity&Version=2011-06-15",
        "/no-such-bucket",
        "/_aws/execute-api/no-such-api/v1/orders",
    ):
        answer = call("GET", emulator.endpoint + path)
        assert answer.headers["Content-Type"] != "application/problem+json", path
        assert not [it for it in answer.headers if it.lower().startswith("access-control-")], path
    assert call("GET", f"{emulator.endpoint}/_ministack/health").status == 200


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost"])
def test_the_hosted_login_works_on_pages_of_its_own(emulator: Emulator, name: str) -> None:
    endpoint = emulator.endpoint.replace("127.0.0.1", name)
    back = f"{endpoint}/console"
    client_id = _client_with_a_user(emulator, back)
    asked = urlencode({"client_id": client_id, "response_type": "code", "redirect_uri": back})
    typed = {"Host": urlsplit(endpoint).netloc, "Sec-Fetch-Site": "none"}
    page = call("GET", f"{endpoint}/oauth2/authorize?{asked}", headers=typed)
    assert page.status == 200
    assert b'action="/login"' in page.body
    form = {"client_id": client_id, "response_type": "code", "redirect_uri": back}
    form |= {"username": "somebody", "password": _PASSWORD}
    own = typed | {
        "Origin": endpoint,
        "Sec-Fetch-Site": "same-origin",
        "Referer": f"{endpoint}/oauth2/authorize",
        "Content-Type": "application/x-www-form-urlencoded",
    }
    sent = call("POST", f"{endpoint}/login", body=urlencode(form).encode(), headers=own)
    assert sent.status == 302, sent.body
    assert sent.headers["Location"].startswith(f"{back}?code=")


def _client_with_a_user(emulator: Emulator, back: str) -> str:
    cognito = emulator.cloud.client("cognito-idp")
    pool = cognito.create_user_pool(PoolName="guarded")["UserPool"]["Id"]
    cognito.admin_create_user(UserPoolId=pool, Username="somebody")
    cognito.admin_set_user_password(
        UserPoolId=pool, Username="somebody", Password=_PASSWORD, Permanent=True
    )
    return cognito.create_user_pool_client(
        UserPoolId=pool,
        ClientName="console",
        AllowedOAuthFlows=["code"],
        AllowedOAuthFlowsUserPoolClient=True,
        AllowedOAuthScopes=["openid"],
        SupportedIdentityProviders=["COGNITO"],
        CallbackURLs=[back],
    )["UserPoolClient"]["ClientId"]


def test_the_systems_own_clients_pass(emulator: Emulator, ours: dict[str, str]) -> None:
    s3 = emulator.cloud.client("s3")
    s3.create_bucket(
        Bucket="guarded", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    s3.put_object(Bucket="guarded", Key="a/b", Body=b"kept")
    assert s3.get_object(Bucket="guarded", Key="a/b")["Body"].read() == b"kept"
    signed = s3.generate_presigned_url("get_object", Params={"Bucket": "guarded", "Key": "a/b"})
    assert call("GET", signed).body == b"kept"
    sqs = emulator.cloud.client("sqs")
    queue = sqs.create_queue(QueueName="guarded")["QueueUrl"]
    assert sqs.send_message(QueueUrl=queue, MessageBody="{}")["MessageId"]
    provider = PaymentProvider(emulator.workspace)
    provider.add_fault("latency", seconds=0.1)
    provider.clear_faults()
    assert provider.ledger()["authorizations"] == []
    assert call("GET", f"{ours['agent']}/ping").status == 200
