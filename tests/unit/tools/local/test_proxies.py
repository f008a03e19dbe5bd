"""Nothing that stays on this machine goes through a proxy, and what leaves it still does."""

from __future__ import annotations

import ast
import os
from pathlib import Path
from typing import Any
from urllib.request import (  # type: ignore[attr-defined]
    getproxies_environment,
    proxy_bypass_environment,
)

import pytest

from tools.base import proxies
from tools.base.clients import of_account
from tools.base.endpoint import Cloud
from tools.base.workspace import CHECKOUT
from tools.emulator.emulator import Emulator

PROXY = "http://proxy.example:3128"
NAMES = ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
REGISTRY, HERE = "registry.example", "127.0.0.1:4566"


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "exceptions",
    [
        {},
        {"no_proxy": "intranet.example"},
        {"NO_PROXY": "intranet.example, 10.0.0.1"},
        {"no_proxy": "127.0.0.1", "NO_PROXY": ""},
    ],
    ids=str,
)
def test_only_this_machine_is_added_to_the_exceptions(
    name: str, exceptions: dict[str, str]
) -> None:
    environment = {name: PROXY, **exceptions}
    proxies.bypass(environment)
    assert environment[name] == PROXY
    assert environment["no_proxy"] == environment["NO_PROXY"]
    known = {"no": environment["no_proxy"]}
    assert proxy_bypass_environment(HERE, known)
    assert proxy_bypass_environment("localhost:4566", known)
    assert not proxy_bypass_environment(REGISTRY, known)
    if any("intranet" in it for it in exceptions.values()):
        assert proxy_bypass_environment("intranet.example", known)


def test_who_has_no_proxy_or_uses_none_keeps_that() -> None:
    nothing: dict[str, str] = {"HTTP_PROXY": ""}
    proxies.bypass(nothing)
    assert nothing == {"HTTP_PROXY": ""}
    everything = {"HTTP_PROXY": PROXY, "NO_PROXY": "*"}
    proxies.bypass(everything)
    assert proxy_bypass_environment(REGISTRY, {"no": everything["no_proxy"]})


@pytest.fixture
def proxied(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.setenv(name, "")
    for name in NAMES:
        monkeypatch.setenv(name, PROXY)


@pytest.mark.usefixtures("proxied")
def test_what_runs_beside_a_command_knows_no_proxy(tmp_path: Path) -> None:
    for environment in (
        Emulator(tmp_path)._environment(port=4566, spans=2000),
        proxies.without(os.environ),
    ):
        assert not {it.lower() for it in environment} & {it.lower() for it in NAMES}
        assert PROXY not in environment.values()
        assert proxy_bypass_environment(HERE, {"no": environment["no_proxy"]})
    assert getproxies_environment()["http"] == PROXY


@pytest.mark.usefixtures("proxied")
def test_an_account_is_reached_through_the_users_proxy_and_the_emulator_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "none")
    proxies.bypass(os.environ)
    url = "https://ssm.eu-west-1.amazonaws.com/"
    account = of_account("eu-west-1")("ssm")
    assert account._endpoint.http_session._proxy_config.proxy_url_for(url) == PROXY
    emulator: Any = Cloud(f"http://{HERE}").client("ssm")
    assert emulator._endpoint.http_session._proxy_config.proxy_url_for(f"http://{HERE}/") is None


# What honours the environment's proxy by itself. Our own programs use http.client, which does not.
_PROXIED = {"urllib.request", "urllib3", "requests", "httpx", "aiohttp"}
_SESSIONS = {"boto3", "botocore.session"}
_MAKES_SESSIONS = {
    "tools/base/endpoint.py",  # of the emulator, without proxies
    "tools/base/clients.py",  # of an account, with the user's
    "tools/teardown/account.py",
    "tools/emulator/function_host.py",  # loads what functions need, and calls nobody
    "tools/measure/benchmarks/baseline",  # programs that are measured, and call nobody
    "tools/measure/benchmarks/probes",
}


def imported(source: str) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names):
                found |= {it.name for it in names}
            case ast.ImportFrom(module=str(module), names=names):
                found |= {module, *(f"{module}.{it.name}" for it in names)}
    return found


@pytest.mark.parametrize(
    "package", ["base", "emulator", "local", "operations", "configuration", "measure", "teardown"]
)
def test_no_program_of_ours_speaks_through_a_client_that_knows_proxies(package: str) -> None:
    files = list((CHECKOUT / "tools" / package).rglob("*.py"))
    assert files
    for file in files:
        name = file.relative_to(CHECKOUT).as_posix()
        found = imported(file.read_text())
        if not any(name.startswith(it) for it in _MAKES_SESSIONS):
            assert not found & _SESSIONS, name
        assert not found & _PROXIED, name


@pytest.mark.parametrize(
    "source", ["import urllib.request", "from urllib import request", "from urllib3 import Retry"]
)
def test_such_a_client_is_found(source: str) -> None:
    assert imported(source) & _PROXIED
