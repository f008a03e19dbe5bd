"""The agent's HTTP interface, and a reader whose agent does not behave."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from urllib.parse import quote

import msgspec
import pytest

from contracts.product import PRODUCT
from shared.runtime import configuration
from shared.runtime.configuration import Profile, current
from tests.support.drivers.offline import Answer, Deployment, call
from tools.configuration import services
from tools.emulator.configuration_agent import ConfigurationAgent


class Shop(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    greeting: str = "welcome"


SHOP = Profile("settings", Shop)


def ask(deployment: Deployment, path: str) -> Answer:
    return call("GET", ConfigurationAgent(deployment.emulator.workspace).url + path)


def path(application: str, environment: str = "dev", profile: str = "settings") -> str:
    names = (quote(it, safe="") for it in (application, environment, profile))
    return "/applications/{}/environments/{}/configurations/{}".format(*names)


@pytest.mark.parametrize("profile", ["settings", "flags"])
def test_what_is_deployed_is_served_by_name_and_by_id(deployment: Deployment, profile: str) -> None:
    document = json.loads((services.CONFIG / "dev" / "orders.json").read_text())
    ssm = deployment.cloud.client("ssm")
    ids = [
        ssm.get_parameter(Name=f"/{PRODUCT}/dev/orders/configuration-{it}-id")["Parameter"]["Value"]
        for it in ("application", "environment", f"{profile}-profile")
    ]
    by_name = ask(deployment, path(f"{PRODUCT}-dev-orders", "dev", profile))
    assert by_name.status == 200
    assert by_name.json.keys() == document[profile].keys()
    assert ask(deployment, path(*ids)).body == by_name.body


@pytest.mark.parametrize(
    "unknown",
    [
        ("nobody", "dev", "settings"),
        (f"{PRODUCT}-dev-orders", "mars", "settings"),
        (f"{PRODUCT}-dev-orders", "dev", "colours"),
        ("..", "../..", "ü\u202e/%00"),
    ],
    ids=["an application", "an environment", "a profile", "hostile names"],
)
def test_what_there_is_not_is_not_found(
    deployment: Deployment, unknown: tuple[str, str, str]
) -> None:
    answer = ask(deployment, path(*unknown))
    assert (answer.status, answer.json["Code"]) == (404, "ResourceNotFoundException")


@pytest.mark.parametrize("nowhere", ["/", "/applications", path("a") + "/x", "//"])
def test_another_path_is_a_bad_request(deployment: Deployment, nowhere: str) -> None:
    assert ask(deployment, nowhere).status == 400


def test_it_says_that_it_lives(deployment: Deployment) -> None:
    assert ask(deployment, "/ping").status == 200


@contextmanager
def reading_from(url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let this process read its configuration there, as if it had just begun."""
    for name, value in {
        "AGENT_URL": url,
        "APPLICATION": "shop",
        "ENVIRONMENT": "dev",
        "POLL_SECONDS": "0",
    }.items():
        monkeypatch.setenv(f"CONFIGURATION_{name}", value)
    configuration.forget()
    try:
        yield
    finally:
        configuration.forget()


def answer_once(listener: socket.socket, content: bytes) -> None:
    """Answer one request with these bytes, and every other one never."""
    connection, _ = listener.accept()
    with closing(connection):
        connection.recv(65_536)
        connection.sendall(content)


def test_an_agent_that_accepts_and_never_answers_costs_a_request_half_a_second(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    document = b'{"greeting": "hello"}'
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(document)}\r\n\r\n".encode()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        threading.Thread(target=answer_once, args=(listener, head + document), daemon=True).start()
        with reading_from(url, monkeypatch):
            assert current(SHOP).greeting == "hello"
            begun = time.monotonic()
            assert current(SHOP).greeting == "hello"
            assert time.monotonic() - begun < 2 * configuration.LATER_ANSWER_SECONDS


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n{",
        b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 302 Found\r\nLocation: http://example.com\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 2_000_000,
    ],
    ids=["closed", "no HTTP", "cut short", "empty", "a way elsewhere", "two megabytes"],
)
def test_an_answer_that_is_none_leaves_the_default_in_force(
    monkeypatch: pytest.MonkeyPatch, answer: bytes
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        threading.Thread(target=answer_once, args=(listener, answer), daemon=True).start()
        with reading_from(url, monkeypatch):
            assert current(SHOP) == Shop()


def test_nobody_listening_leaves_the_default_in_force(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    with reading_from(url, monkeypatch):
        assert current(SHOP) == Shop()
