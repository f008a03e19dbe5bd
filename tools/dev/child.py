"""A process that has loaded what takes long: it is started ahead, and ends with its owner."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Self


class Child:
    """`with Child() as child: child.start([...], environment={})`; at the end it is killed.

    It talks by its standard input and output, in lines of text.
    """

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.end()

    @property
    def running(self) -> subprocess.Popen[str] | None:
        """The process; None if none was started, or if it has ended."""
        process = self._process
        return process if process is not None and process.poll() is None else None

    def start(
        self,
        command: Sequence[str],
        *,
        environment: Mapping[str, str],
        errors: int | IO[str],
        folder: Path | None = None,
    ) -> subprocess.Popen[str]:
        """Start it, in place of one that was started before; ``errors`` is where stderr goes."""
        self.end()
        self._process = subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            start_new_session=True,  # Ctrl-C is for the command, which ends it
        )
        return self._process

    def end(self) -> None:
        """End it, if it runs."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.communicate()
