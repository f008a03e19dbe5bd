"""Receivers that are slow, huge, elsewhere or somebody else's: a webhook goes to none of them."""

from __future__ import annotations

import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.support.containers import with_containers
from tools.containers import environment
from tools.emulator.partners.receiver import CERTIFICATE, Receiver, listening
from webhooks.adapters.https_receivers import HttpsReceivers
from webhooks.domain import notices
from webhooks.environment import ReceiversEnvironment
from webhooks.ports import Endpoint, NotTaken

pytestmark = with_containers

EMULATOR = "http://127.0.0.1:4566"
PUBLIC = "93.184.215.14"
BODY = b"{}"
TOLD = notices.Notice("e-1", "order.placed", "o-1", 1, "2026-12-01T09:00:00.000Z").body


@pytest.fixture(scope="module", autouse=True)
def product_named() -> Iterator[None]:
    """As each function has it."""
    patch = pytest.MonkeyPatch()
    patch.setenv("METRIC_NAMESPACE", "Shop/dev")
    yield
    patch.undo()


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An authority's, and one of it that holds for localhost."""
    folder = tmp_path_factory.mktemp("certificates")
    environment.run((environment.PYTHON, "-m", "tools.emulator.pricing.certificates", folder))
    return folder


def offline(certificates: Path, seconds: float = 60.0) -> HttpsReceivers:
    """As it is in the emulator."""
    authority = str(certificates / "authority.pem")
    return HttpsReceivers(ReceiversEnvironment(authority, EMULATOR).authority, seconds)


def signed(receiver: Receiver, body: bytes = BODY) -> dict[str, str]:
    return dict(notices.signed(receiver.secret, "e-1", int(time.time()), body))


def endpoint(port: int) -> Endpoint:
    return Endpoint(f"https://localhost:{port}/orders", "")


@contextmanager
def speaking(
    certificates: Path, speak: Callable[[socket.socket], None], *, tls: bool = True
) -> Iterator[int]:
    """The port of a server that speaks to each connection as it likes."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(
        certificates / f"{CERTIFICATE}.pem", certificates / f"{CERTIFICATE}.key"
    )
    ended = threading.Event()

    def serve() -> None:
        while not ended.is_set():
            with suppress(OSError):
                plain, _ = server.accept()
                plain.settimeout(30)
                with context.wrap_socket(plain, server_side=True) if tls else plain as spoken:
                    speak(spoken)

    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        ended.set()
    thread.join(timeout=60)


def test_a_receiver_that_takes_it_has_what_was_signed(certificates: Path) -> None:
    body = notices.Notice("e-1", "order.placed", "o-1", 1, "2026-12-01T09:00:00.000Z").body
    with listening(certificates) as receiver:
        to = Endpoint(receiver.url, receiver.secret)
        offline(certificates).post(to, signed(receiver, body), body)
        assert list(receiver.taken) == ["e-1"]
        challenge = notices.challenge("abc", "2026-12-01T09:00:00.000Z")
        said = offline(certificates).post(to, signed(receiver, challenge), challenge)
        assert said == b"abc"
        with pytest.raises(NotTaken, match="status 401"):  # another body than was signed
            offline(certificates).post(to, signed(receiver, b"other"), body)
        assert receiver.refused == ["e-1"]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308, 400, 404, 410, 429, 500, 503])
def test_anything_but_a_yes_is_a_refusal_and_nothing_is_followed(
    certificates: Path, status: int
) -> None:
    with listening(certificates) as receiver:
        receiver.says = [status]
        body = json.dumps({"type": "order.placed"}).encode()
        with pytest.raises(NotTaken, match=f"status {status}"):
            offline(certificates).post(
                Endpoint(receiver.url, receiver.secret), signed(receiver, body), body
            )
        assert len(receiver.tries) == 1


def heard(secured: socket.socket) -> None:
    """All of the request: who closes before has the system reset the connection."""
    got = b""
    while not got.endswith(b"\r\n\r\n" + BODY):
        part = secured.recv(65536)
        if not part:
            return
        got += part


def drip(secured: socket.socket) -> None:
    heard(secured)
    secured.sendall(b"HTTP/1.1 200 OK\r\n")
    for number in range(6000):
        secured.sendall(f"X-{number}: 1\r\n".encode())
        time.sleep(0.05)  # each wait for a byte is short, the whole of them is not


def silent(secured: socket.socket) -> None:
    while secured.recv(65536):  # until the other side goes away
        pass


def long_headers(secured: socket.socket) -> None:
    heard(secured)
    secured.sendall(b"HTTP/1.1 200 OK\r\n" + b"X: %b\r\n" % (b"a" * 60_000,) * 3)


def cut_off(secured: socket.socket) -> None:
    heard(secured)
    secured.sendall(b"HTTP/1.1 200 OK\r\nX: 1\r\n")


def nonsense(secured: socket.socket) -> None:
    heard(secured)
    secured.sendall(b"\x00" * 1000 + b"\r\n\r\n")


@pytest.mark.parametrize(
    ("speak", "seconds", "why"),
    [
        (drip, 2.0, "not within the time"),
        (silent, 2.0, "not within the time"),
        (long_headers, 60.0, "no answer of HTTP"),
        (nonsense, 60.0, "no answer of HTTP"),
        (cut_off, 60.0, "no answer of HTTP"),
    ],
)
def test_a_receiver_that_is_slow_or_says_nonsense_costs_bounded_time_and_memory(
    certificates: Path, speak: Callable[[socket.socket], None], seconds: float, why: str
) -> None:
    with speaking(certificates, speak) as port:
        begun = time.monotonic()
        with pytest.raises(NotTaken, match=why):
            offline(certificates, seconds).post(endpoint(port), {}, BODY)
        assert time.monotonic() - begun < 60


def test_of_an_endless_answer_the_beginning_is_read(certificates: Path) -> None:
    sent = []

    def endless(secured: socket.socket) -> None:
        heard(secured)
        secured.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
        for _ in range(1000):
            secured.sendall(b"a" * 65536)
            sent.append(65536)

    with speaking(certificates, endless) as port:
        said = offline(certificates).post(endpoint(port), {}, BODY)
        assert said == b"a" * 1024
    assert sum(sent) < 32 * 1024 * 1024, "it goes away"


def test_without_tls_nothing_is_sent(certificates: Path) -> None:
    got = []

    def plain(connection: socket.socket) -> None:
        got.append(connection.recv(65536))
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")

    with (
        speaking(certificates, plain, tls=False) as port,
        pytest.raises(NotTaken, match="no TLS"),
    ):
        offline(certificates).post(endpoint(port), {}, b"secret")
    assert got
    assert b"secret" not in got[0]


def test_nobody_else_can_stand_in_for_a_receiver(
    certificates: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    others = tmp_path_factory.mktemp("others")
    environment.run((environment.PYTHON, "-m", "tools.emulator.pricing.certificates", others))
    with listening(others) as receiver:
        with pytest.raises(NotTaken, match="certificate"):
            offline(certificates).post(Endpoint(receiver.url, receiver.secret), {}, BODY)
        assert (receiver.tries, receiver.refused) == ([], [])


def test_certificates_that_are_made_anew_are_known_at_once(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("renewed")
    receivers = offline(folder)
    for _ in range(2):
        for file in folder.iterdir():
            file.unlink()
        environment.run((environment.PYTHON, "-m", "tools.emulator.pricing.certificates", folder))
        with listening(folder) as receiver:
            receivers.post(Endpoint(receiver.url, receiver.secret), signed(receiver, TOLD), TOLD)
            assert list(receiver.taken) == ["e-1"]


def test_on_aws_this_machine_is_never_called(certificates: Path) -> None:
    authority = str(certificates / "authority.pem")
    with listening(certificates) as receiver:
        for aws in ("", "https://sqs.eu-west-1.amazonaws.com"):
            receivers = HttpsReceivers(ReceiversEnvironment(authority, aws).authority, 5.0)
            with pytest.raises(NotTaken, match="full name"):
                receivers.post(Endpoint(receiver.url, receiver.secret), {}, BODY)
        assert (receiver.tries, receiver.refused) == ([], [])


@pytest.mark.parametrize(
    "addresses",
    [["127.0.0.1"], ["169.254.169.254"], ["::ffff:127.0.0.1"], [PUBLIC, "10.0.0.1"], ["::1"], []],
    ids=str,
)
@pytest.mark.parametrize("aws", ["", EMULATOR])
def test_a_name_that_leads_into_a_network_is_not_called(
    addresses: list[str], aws: str, certificates: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    called = connections(monkeypatch)
    environment = ReceiversEnvironment(str(certificates / "authority.pem"), aws)
    receivers = HttpsReceivers(environment.authority, 5.0, resolve=lambda _host, _port: addresses)
    with pytest.raises(NotTaken, match="address"):
        receivers.post(Endpoint("https://hooks.example.com/", ""), {}, BODY)
    assert called == []


def test_a_name_that_changes_its_address_in_between_changes_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    called = connections(monkeypatch)
    asked = []

    def resolve(host: str, _port: int) -> list[str]:
        asked.append(host)
        return [PUBLIC] if len(asked) == 1 else ["10.0.0.1"]

    receivers = HttpsReceivers("", 5.0, resolve=resolve)
    with pytest.raises(NotTaken, match="not reached"):
        receivers.post(Endpoint("https://hooks.example.com/", ""), {}, BODY)
    assert called == [(PUBLIC, 443)], "the address that was judged, and no name"
    with pytest.raises(NotTaken, match="not public"):
        receivers.post(Endpoint("https://hooks.example.com/", ""), {}, BODY)
    assert len(called) == 1
    assert asked == ["hooks.example.com"] * 2


def connections(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Where connections would have been made; none is."""
    called: list[object] = []

    def connect(address: object, _timeout: float) -> socket.socket:
        called.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "create_connection", connect)
    return called
