"""Gives the emulator functions' processes from the function host in place of new interpreters.

The emulator starts a function as `subprocess.Popen([sys.executable, script], ...)` and speaks with
it in lines. Such a call, and no other, is answered by `FunctionProcess`: it looks like a `Popen`,
and behind it there is a copy of the host (`function_host.py`), a new one after a rest.
"""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

_HOST = Path(__file__).with_name("function_host.py")
_RESTS = b"rests\n"
_SCRIPT = "_worker.py"
IDLE_SECONDS = 150.0
_new_process = subprocess.Popen


class FunctionHost:
    """The process that functions' processes are copies of. It ends with this one.

    Args:
        interpreter: a Python that has botocore and setproctitle.
        idle_seconds: a copy that has waited so long for an event ends; the next gets a new one.
    """

    def __init__(self, interpreter: str, idle_seconds: float = IDLE_SECONDS) -> None:
        self._control, theirs = socket.socketpair()
        with theirs:
            self.process = _new_process(
                # The options only mark the command line as the workspace's, as the emulator's is.
                [interpreter, *_marks(), "-P", str(_HOST), str(theirs.fileno()), str(idle_seconds)],
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
            )
        self._lock = threading.Lock()

    def stop(self) -> None:
        """Let it end, and wait until it has; its copies go on."""
        self._control.close()
        self.process.wait()

    def fork(self, *streams: int) -> None:
        """Have a copy made that takes over four open files.

        Raises:
            OSError: the host has ended.
        """
        with self._lock:
            socket.send_fds(self._control, [b"\n"], list(streams))


def serve_functions(host: FunctionHost) -> None:
    """From now on, functions that this process starts are copies of a host."""

    def start(command: Any, *arguments: Any, **options: Any) -> Any:
        match command:
            case [sys.executable, script] if Path(script).name == _SCRIPT:
                # Without a host a function is started as the emulator would have done it.
                with suppress(OSError):
                    return FunctionProcess(host, script, options["cwd"], options["env"])
        return _new_process(command, *arguments, **options)

    subprocess.Popen = start  # type: ignore[assignment,misc]


def _marks() -> list[str]:
    return [f"-X{name}={value}" for name, value in sys._xoptions.items()]


class FunctionProcess:
    """What the emulator sees of one process of a function.

    Its streams outlive a copy that rests: what is written meanwhile waits in the pipe, and whoever
    reads the answer starts the next copy.

    Raises:
        OSError: the host has ended.
    """

    def __init__(
        self, host: FunctionHost, script: str, folder: str, environment: dict[str, str]
    ) -> None:
        self._host = host
        self._request: dict[str, Any] = {
            "script": script,
            "folder": folder,
            "environment": environment,
        }
        self._first_line: str | None = None
        self._lock = threading.RLock()
        self.returncode: int | None = None
        self._inputs, self._input = os.pipe()
        self._output, self._outputs = os.pipe()
        errors, self._errors = os.pipe()
        os.set_blocking(self._input, False)
        self._unread = b""
        self._said = b""
        self.stderr = os.fdopen(errors, "r", encoding="utf-8", errors="replace")
        self._connection: socket.socket | None = None
        self._ended_connection: socket.socket | None = None
        try:
            self._start()
        except OSError:
            self._end(1)
            raise

    # Not attributes: an object that refers to itself keeps its files open until it is collected.
    @property
    def stdin(self) -> FunctionProcess:
        """Where events are written."""
        return self

    @property
    def stdout(self) -> FunctionProcess:
        """Where answers are read."""
        return self

    def poll(self) -> int | None:
        """None while there is a copy, or one that rests."""
        self._look()
        return self.returncode

    def terminate(self) -> None:
        """Ask the copy to end."""
        with self._lock:
            if self._connection is None:
                self._end(0)
                return
            with suppress(OSError):
                self._connection.shutdown(socket.SHUT_WR)

    def kill(self) -> None:
        """End the copy, whatever it does."""
        with self._lock:
            pid = self.pid
            if pid == 0:  # it rests, has ended, or has just begun
                self.terminate()
            else:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code, once it has ended.

        Raises:
            subprocess.TimeoutExpired: it has not within `timeout` seconds.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        while self.poll() is None:
            left = None if deadline is None else deadline - time.monotonic()
            connection = self._connection
            if left is not None and left <= 0:
                raise subprocess.TimeoutExpired(self._request["script"], timeout or 0)
            _ready([] if connection is None else [connection], [], left)
        assert self.returncode is not None
        return self.returncode

    def write(self, text: str) -> None:
        """Write a line for the copy to read; the first one says which function it is."""
        if self._first_line is None:
            self._first_line = text
        left = memoryview(text.encode())
        while left:
            readable, writable = _ready(self._connections(), [self._input], None)
            if writable:
                left = left[os.write(self._input, left) :]
            elif readable:
                self._look()
            self._wake()

    def flush(self) -> None:
        """What is written is on its way already."""

    def readline(self) -> str:
        """The next line that the copy says; empty once it has ended."""
        while b"\n" not in self._unread:
            self._wake()
            ended = self.returncode is not None
            waited_for: list[Any] = [self._output, *self._connections()]
            readable, _ = _ready(waited_for, [], 0 if ended else None)
            if self._output in readable:
                said = os.read(self._output, 1 << 20)
                if not said:
                    return ""
                self._unread += said
            elif ended:
                return ""
            else:
                self._look()
        line, _, self._unread = self._unread.partition(b"\n")
        return line.decode(errors="replace") + "\n"

    def _connections(self) -> list[socket.socket]:
        connection = self._connection
        return [] if connection is None else [connection]

    def _wake(self) -> None:
        """Start a copy in place of one that rests."""
        with self._lock:
            if self._connection is None and self.returncode is None:
                try:
                    self._start()
                except OSError:
                    self._end(1)

    def _start(self) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                self._host.fork(theirs.fileno(), self._inputs, self._outputs, self._errors)
            except OSError:
                ours.close()
                raise
        ours.sendall(json.dumps(self._request | {"init": self._first_line}).encode() + b"\n")
        ours.setblocking(False)
        self._close_ended_connection()
        self._said = b""
        self._connection = ours

    def _close_ended_connection(self) -> None:
        if self._ended_connection is not None:
            self._ended_connection.close()

    @property
    def pid(self) -> int:
        """Of the present copy; 0 if there is none, or if it has not said so yet."""
        self._look()
        said, complete, _ = self._said.partition(b"\n")
        return int(said) if complete and self._connection is not None else 0

    def _look(self) -> None:
        """Take note of what the copy has said of itself, and whether it has ended."""
        with self._lock:
            while self._connection is not None:
                try:
                    said = self._connection.recv(1024)
                except BlockingIOError:
                    return
                except ConnectionError:
                    said = b""
                self._said += said
                if said:
                    continue
                # Not closed yet: another thread may be waiting for it.
                self._ended_connection, self._connection = self._connection, None
                if not self._said.endswith(_RESTS):
                    self._end(1)

    def _end(self, code: int) -> None:
        """No copy will follow: let go of its ends of the streams, so that readers see theirs."""
        if self.returncode is None:
            self.returncode = code
            for stream in (self._inputs, self._outputs, self._errors):
                os.close(stream)

    def __del__(self) -> None:
        self._end(0)
        self._close_ended_connection()
        self.stderr.close()
        for stream in (self._input, self._output):
            os.close(stream)
        if self._connection is not None:
            self._connection.close()


def _ready(
    to_read: Sequence[Any], to_write: Sequence[Any], seconds: float | None
) -> tuple[list[Any], list[Any]]:
    """As `select.select`, which knows no file of a number above 1,023: an engine has them."""
    numbers = {_number(it): it for it in (*to_read, *to_write)}
    poll = select.poll()
    for it in to_read:
        poll.register(_number(it), select.POLLIN)
    for it in to_write:
        poll.register(_number(it), select.POLLOUT)
    happened = [
        numbers[number] for number, _ in poll.poll(None if seconds is None else seconds * 1000)
    ]
    return [it for it in happened if it in to_read], [it for it in happened if it in to_write]


def _number(file: Any) -> int:
    return file if isinstance(file, int) else int(file.fileno())
