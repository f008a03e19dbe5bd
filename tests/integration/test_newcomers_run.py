"""`make run` and the fast tests on a newcomer's machine, whatever is odd about it.

Conditions are combined: each run has several that have nothing to do with each other.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.integration.test_setup import CACHES, OUTSIDE, copy_to, make, without_git
from tools.base.workspace import CHECKOUT

pytestmark = pytest.mark.nightly

PATIENCE = 600.0


def run(checkout: Path, environment: Mapping[str, str | None]) -> str:
    """What `make run` shows until it is up, and then of Ctrl-C. A value None takes a name away."""
    inherited = {name: it for name, it in os.environ.items() if not name.startswith("GIVEN_")}
    inherited |= CACHES | {"PATH": OUTSIDE}
    changed = inherited | {name: it for name, it in environment.items() if it is not None}
    gone = {name for name, it in environment.items() if it is None}
    shown = b""
    with subprocess.Popen(
        ["make", "run"],
        cwd=checkout,
        env={name: it for name, it in changed.items() if name not in gone},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    ) as running:
        timer = threading.Timer(PATIENCE, lambda: os.killpg(running.pid, signal.SIGKILL))
        timer.start()
        assert running.stdout is not None
        is_up = False
        for line in running.stdout:
            shown += line
            if b"Ctrl-C ends it" in line and not is_up:
                is_up = True
                os.killpg(running.pid, signal.SIGINT)
        timer.cancel()
    return shown.decode(errors="replace")


def assert_an_order_went_through(shown: str) -> None:
    for expected in ("202 Accepted", "is confirmed", "running; Ctrl-C ends it", "stopped, "):
        assert expected in shown, shown


@pytest.fixture
def proxy() -> Iterator[tuple[str, list[bytes]]]:
    """An address, and what was asked there."""
    asked: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def listen() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:  # it was closed
                    return
                with connection:
                    connection.settimeout(5)
                    asked.append(connection.recv(200))

        threading.Thread(target=listen, daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", asked
        listener.shutdown(socket.SHUT_RDWR)


def test_without_home_git_and_utf_8_in_a_strange_folder(tmp_path: Path) -> None:
    checkout = copy_to(tmp_path / "dossier d'été & $HOME [二]")
    shutil.copytree(CHECKOUT / "docs", checkout / "docs")
    shown = run(
        checkout,
        {
            "HOME": None,
            "LC_ALL": "C",
            "PATH": without_git(tmp_path / "bin"),
            "PYTHONSAFEPATH": "1",
            "VERSION": "7",
            "PIP_USER": "1",
            "PIP_TARGET": str(tmp_path / "target"),
        },
    )
    assert_an_order_went_through(shown)
    assert not (tmp_path / "target").exists()


def test_in_a_shallow_clone_behind_a_proxy_and_after_a_move(
    tmp_path: Path, proxy: tuple[str, list[bytes]]
) -> None:
    first = tmp_path / "clone"
    clone = ["git", "clone", "--quiet", "--depth", "1", f"file://{CHECKOUT}", str(first)]
    subprocess.run(clone, check=True)
    turkish = {"HOME": "/dev/null", "LC_ALL": "tr_TR.ISO-8859-9"}
    # What comes from a registry may come through a proxy: it is here before there is one.
    assert make(first, "up", turkish).returncode == 0
    assert make(first, "down", turkish).returncode == 0
    address, asked = proxy
    names = [f"{kind}_proxy" for kind in ("http", "https", "all")]
    proxies = dict.fromkeys([*names, *map(str.upper, names)], address)
    assert_an_order_went_through(run(first, turkish | proxies | {"no_proxy": None}))
    assert asked == []
    moved = tmp_path / "moved, é"
    first.rename(moved)
    assert_an_order_went_through(run(moved, {"LC_ALL": "POSIX"}))
    checked = make(moved, "check-behaviour", {"HOME": str(tmp_path / "nowhere"), "LC_ALL": "C"})
    assert checked.returncode == 0, checked.stdout[-5000:] + checked.stderr
