"""Ports of this machine: free ones to listen on, and whether somebody answers there."""

from __future__ import annotations

import http.client
import socket
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from tools.base.errors import OfflineError
from tools.base.records import read_record
from tools.emulator.loopback_guard import HOST


class NoFreePortError(OfflineError):
    """Every port is taken."""


def free_port(preferred: int | None = None, kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    """The preferred port if it is free, so that addresses stay; else any free one.

    Raises:
        NoFreePortError: there is none.
    """
    for candidate in (preferred or 0, 0):
        with socket.socket(type=kind) as trial, suppress(OSError):
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.bind((HOST, candidate))
            return int(trial.getsockname()[1])
    raise NoFreePortError("no free port")


def free_ports(record: Path, names: Sequence[str]) -> dict[str, int]:
    """Ports by name: those of last time where they are free, else any. Raises NoFreePortError."""
    known = read_record(record)
    return {name: free_port(known.get(name)) for name in names}


def listens(port: int) -> bool:
    """Whether somebody takes connections there."""
    with socket.socket() as trial:
        trial.settimeout(0.5)
        return trial.connect_ex((HOST, port)) == 0


def answers(port: int, path: str) -> bool:
    """Whether an HTTP server there answers a GET of the path with 200, within two seconds."""
    connection = http.client.HTTPConnection(HOST, port, timeout=2)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()
