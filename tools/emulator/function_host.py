"""Starts functions' processes as copies of one that has botocore loaded already.

The emulator would start a Python for each function and for each invocation at the same time: 44 MB
and half a second of processor time, nearly all of it for botocore. This process loads botocore once
and forks: a copy shares what was loaded and starts within milliseconds. What a function's own
package brings is loaded in its copy alone. `function_processes.py` is the other side.
"""

from __future__ import annotations

import gc
import io
import json
import os
import runpy
import select
import signal
import socket
import sys
import threading
from functools import cache, partial
from pathlib import Path
from typing import NoReturn

from setproctitle import setproctitle

SERVICES = (
    *("dynamodb", "events", "kinesis", "lambda", "s3", "secretsmanager"),
    *("sesv2", "sns", "sqs", "stepfunctions"),
)
"""Whose descriptions functions share; another one is read by each function that wants it."""
RESTS = b"rests\n"
"""What a copy says before it ends for want of events."""
_STREAMS = 4
_BUNDLED = ("botocore", "boto3")


def serve(control: socket.socket, idle_seconds: float) -> None:
    """Fork for each four streams that arrive, until the emulator's end of `control` is closed.

    They are a copy's connection to the emulator and its standard input, output and error. A copy
    that has waited `idle_seconds` for an event ends; the next event gets a new copy.
    """
    _load_what_functions_share()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel collects the copies that have ended
    while True:
        content, streams, _, _ = socket.recv_fds(control, 1, _STREAMS)
        if not content:
            return
        if os.fork() == 0:
            control.close()
            _become_a_function(socket.socket(fileno=streams[0]), streams[1:], idle_seconds)
        for stream in streams:
            os.close(stream)


def _load_what_functions_share() -> None:
    """Import all that clients of AWS need, and read the descriptions of the services in use.

    No request is made, and no thread is started.
    """
    from botocore import loaders, session

    # botocore reads a description for each session, and never changes it: 18 MB and 0.17 s.
    read = loaders.JSONFileLoader.load_file
    content = cache(partial(read, loaders.JSONFileLoader()))
    setattr(loaders.JSONFileLoader, "load_file", lambda _loader, path: content(path))  # noqa: B010
    for service in SERVICES:
        session.Session().create_client(
            service,
            region_name="us-east-1",
            endpoint_url="http://127.0.0.1:1",
            aws_access_key_id="none",
            aws_secret_access_key="none",  # noqa: S106 - nothing is signed
        )
    gc.collect()
    gc.freeze()  # the collector would touch every object, and so copy every page in every copy


def _become_a_function(
    connection: socket.socket, streams: list[int], idle_seconds: float
) -> NoReturn:
    """Take over streams, folder and environment, and run the emulator's script for functions."""
    code = 1
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        connection.sendall(f"{os.getpid()}\n".encode())
        request = json.loads(_line(connection))
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
            os.close(stream)
        os.chdir(request["folder"])
        # As it would be without a host: a workspace's processes are found by their command lines.
        # First of all, since the title takes the place of the environment that came at the start.
        setproctitle(" ".join([sys.executable, request["script"]]))
        os.environ.clear()
        os.environ.update(request["environment"])
        sys.argv = [request["script"]]
        threading.Thread(target=_end_with, args=(connection,), daemon=True).start()
        sys.stdin = _Events(connection, request["init"], idle_seconds)
        sys.stdout = _Answers(silent_once=request["init"] is not None)
        sys.stderr = open(2, "w", buffering=1, errors="backslashreplace", closefd=False)  # noqa: SIM115
        _prefer_the_packages_own()
        runpy.run_path(request["script"], run_name="__main__")
        code = 0
    except BaseException:  # a copy must never go on as another host
        sys.excepthook(*sys.exc_info())
    finally:
        for output in (sys.stdout, sys.stderr):
            output.flush()
        os._exit(code)


def _line(connection: socket.socket) -> bytes:
    content = b""
    while not content.endswith(b"\n"):
        content += connection.recv(1 << 16)
    return content


def _prefer_the_packages_own() -> None:
    """A package that brings botocore along must get that one, and not the emulator's."""
    if any(Path(name).exists() for name in _BUNDLED):
        for name in [it for it in sys.modules if it.split(".")[0] in _BUNDLED]:
            del sys.modules[name]


def _end_with(connection: socket.socket) -> NoReturn:
    """The emulator ends a function by closing its end of the connection."""
    connection.recv(1)
    os._exit(1)


class _Events(io.TextIOBase):
    """Standard input of a copy: its first line says which function it is, each other is an event.

    A copy that follows one that rested is given that one's first line. What arrives while a copy
    is about to rest stays in the pipe, which the emulator holds open: no event is lost.
    """

    def __init__(self, connection: socket.socket, first: str | None, idle_seconds: float) -> None:
        self._idle_seconds = idle_seconds
        self._connection = connection
        self._first = first
        self._events = 0
        self._rest = b""

    def readline(self, _size: int | None = -1, /) -> str:  # type: ignore[override]
        self._events += 1
        if self._events == 1 and self._first is not None:
            return self._first
        while b"\n" not in self._rest:
            patience = self._idle_seconds if self._events > 1 and not self._rest else None
            if not select.select([0], [], [], patience)[0]:
                self._connection.sendall(RESTS)
                os._exit(0)
            read = os.read(0, 1 << 20)
            if not read:
                return ""
            self._rest += read
        line, _, self._rest = self._rest.partition(b"\n")
        return line.decode() + "\n"


class _Answers(io.TextIOWrapper):
    """Standard output of a copy. One that follows another does not say again that it is ready."""

    def __init__(self, *, silent_once: bool) -> None:
        super().__init__(io.FileIO(1, "w", closefd=False), encoding="utf-8", write_through=True)
        self._silent = silent_once

    def write(self, text: str, /) -> int:
        if self._silent:
            self._silent = False
            return len(text)
        return super().write(text)


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])), float(sys.argv[2]))
