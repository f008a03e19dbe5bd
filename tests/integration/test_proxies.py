"""A proxy in the environment gets nothing: no order, no token, not even a connection.

How the orders end is not asked here: on a busy machine, sagas run out of time.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from tests.support.drivers.children import child
from tests.support.drivers.offline import ENFORCED, Deployment
from tools.base.workspace import CHECKOUT

PATIENCE = 240.0


@dataclass
class Proxy:
    """Listens, remembers the first line of whatever comes, and answers nothing."""

    environment: dict[str, str]
    asked: list[str] = field(default_factory=list)


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        kept = {it: value for it, value in os.environ.items() if it.lower() != "no_proxy"}
        names = [f"{kind}_proxy" for kind in ("http", "https", "all")]
        found = Proxy(kept | dict.fromkeys([*names, *map(str.upper, names)], address))

        def listen() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:  # it was closed
                    return
                with connection:
                    connection.settimeout(5)
                    found.asked.append(connection.recv(200).decode(errors="replace"))

        threading.Thread(target=listen, daemon=True).start()
        yield found
        listener.shutdown(socket.SHUT_RDWR)


def local(deployment: Deployment, *arguments: str) -> list[str]:
    root = deployment.emulator.workspace.root
    return [sys.executable, "-m", "tools.local", "--workspace", str(root), *arguments]


def ran(proxy: Proxy, command: list[str]) -> subprocess.CompletedProcess[str]:
    """A command that had the proxy in its environment."""
    return subprocess.run(
        command,
        cwd=CHECKOUT,
        env=proxy.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def test_a_client_that_asked_the_proxy_would_be_seen(proxy: Proxy, deployment: Deployment) -> None:
    url = deployment.url("orders", "/v1/orders")
    code = f"import urllib.request; urllib.request.urlopen({url!r}, timeout=5)"
    assert ran(proxy, [sys.executable, "-c", code]).returncode
    assert proxy.asked[0].startswith(f"GET {url} ")


def test_a_run_asks_no_proxy(proxy: Proxy, deployment: Deployment) -> None:
    command = local(deployment, "run", *(["--auth"] if ENFORCED else []))
    with child(
        command,
        cwd=CHECKOUT,
        env=proxy.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as running:
        assert running.stdout is not None
        shown = ""
        for line in running.stdout:
            shown += line
            if "Ctrl-C ends it" in line:
                running.send_signal(signal.SIGINT)
        running.wait(PATIENCE)
    assert "202 Accepted" in shown, shown
    assert "cancelled at once" in shown, shown
    assert proxy.asked == []


@pytest.mark.nightly
def test_a_load_asks_no_proxy(proxy: Proxy, deployment: Deployment) -> None:
    load = ("load", "--rate", "2", "--duration", "1", "--mix", "good=1")
    shown = ran(proxy, local(deployment, *load)).stdout
    assert re.search(r"^[12] orders: ", shown, re.MULTILINE), shown
    assert proxy.asked == []


@pytest.mark.nightly
def test_a_tour_asks_no_proxy(proxy: Proxy, deployment: Deployment) -> None:
    shown = ran(proxy, local(deployment, "tour"))
    assert shown.returncode == 0, shown.stdout
    assert proxy.asked == []


@pytest.mark.skipif(shutil.which("curl") is None, reason="no curl here")
def test_curl_as_the_readme_shows_it_asks_no_proxy(proxy: Proxy, deployment: Deployment) -> None:
    line = re.search(r"^curl .*$", (CHECKOUT / "README.md").read_text(), re.MULTILINE)
    assert line is not None
    command = line[0].replace(
        "-m tools.local", f"-m tools.local --workspace {deployment.emulator.workspace.root}"
    )
    proxy.environment["URL"] = deployment.url("order-views")
    answered = ran(proxy, ["bash", "-c", command]).stdout
    assert '"orders"' in answered, answered
    assert proxy.asked == []
