"""A copy of the checkout that is edited while `make dev` keeps a system of its own up to date."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tools.base.assembly import synthesized
from tools.base.endpoint import Cloud
from tools.base.target import OFFLINE
from tools.base.workspace import CHECKOUT
from tools.emulator.emulator import Emulator
from tools.emulator.function_code import handlers

_INSTALLED = (".venv", ".venv-emulator", "node_modules", "web/node_modules")
_BUILT = (".build/local", ".build/libraries", ".local/cdk.out")
_NOT_COPIED = shutil.ignore_patterns("__pycache__", "*.pyc", ".*_cache", "node_modules")
UP_SECONDS = 180.0
READY = "watches the checkout"
PROBE = "lambdas/order_views/handlers/get_order.py"
"""The handler that is edited; its own tests and callers see no difference."""


class EditedCheckout:
    """`with EditedCheckout(folder) as edited: edited.save(PROBE, text)`."""

    def __init__(self, folder: Path) -> None:
        self.root = folder.resolve() / "checkout"
        self._log = folder / "dev.log"
        self._command: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self._copy()
        try:
            with self._log.open("wb") as log:
                self._command = subprocess.Popen(
                    [str(self.root / ".venv/bin/python"), "-u", "-m", "tools.dev"],
                    cwd=self.root,
                    stdin=subprocess.PIPE,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    env={**os.environ, "PYTHONPATH": "", "COLUMNS": "200"},
                    start_new_session=True,
                )
            self.until(lambda: READY in self.said(), UP_SECONDS)
        except BaseException:
            self.end()
            raise
        self.emulator = Emulator(self.root / ".local")
        self.cloud: Cloud = self.emulator.cloud
        self._probe = next(
            name
            for name, handler in handlers(self.cloud).items()
            if handler == "order_views.handlers.get_order.handler"
        )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.end()

    def end(self) -> int:
        """Press Ctrl-C; the exit status."""
        command = self.command
        if command.poll() is None:
            command.send_signal(signal.SIGINT)
        try:
            return command.wait(60)
        finally:
            if command.poll() is None:
                command.kill()
                command.wait()
            if command.stdin is not None:
                command.stdin.close()
            Emulator(self.root / ".local").stop()

    @property
    def command(self) -> subprocess.Popen[bytes]:
        """`make dev` at work."""
        assert self._command is not None
        return self._command

    def said(self) -> str:
        """All that `make dev` has printed."""
        return self._log.read_text()

    def press(self, line: str) -> None:
        """Type a line."""
        assert self.command.stdin is not None
        self.command.stdin.write(f"{line}\n".encode())
        self.command.stdin.flush()

    def save(self, file: str, text: str) -> None:
        """Write a file as an editor does: all of it, in place of the one before."""
        draft = (self.root / file).with_suffix(".tmp")
        draft.write_text(text)
        draft.replace(self.root / file)

    def original(self, file: str) -> str:
        """The file as the checkout has it."""
        return (CHECKOUT / file).read_text()

    def with_mark(self, mark: object) -> str:
        """The probe's source, which answers `mark` to whoever asks for it alone."""
        return self.original(PROBE) + (
            "\n\n_serve = handler\n\n\ndef handler(event, context):\n"
            f'    return {{"mark": {mark!r}}} if "mark" in event else _serve(event, context)\n'
        )

    def served(self) -> object:
        """The mark that is served now."""
        answer = self.cloud.client("lambda").invoke(
            FunctionName=self._probe, Payload=b'{"mark": 1}'
        )
        said: Any = json.loads(answer["Payload"].read())
        return said.get("mark") if isinstance(said, dict) else None

    def until(self, holds: Callable[[], bool], seconds: float = 30.0, pause: float = 0.02) -> float:
        """Wait until something holds; how long it took.

        Raises:
            TimeoutError: with what `make dev` said last.
        """
        begun = time.monotonic()
        while not holds():
            if time.monotonic() - begun > seconds or self.command.poll() is not None:
                raise TimeoutError(f"after {seconds:g} s:\n{self.said()[-4000:]}")
            time.sleep(pause)
        return time.monotonic() - begun

    def _copy(self) -> None:
        """With what is built already, so that the copy need not build it again."""
        self.root.mkdir(parents=True)
        with synthesized(environment=OFFLINE):
            here = [it for it in CHECKOUT.iterdir() if not it.name.startswith(".")]
            for entry in [*here, *(CHECKOUT / it for it in _BUILT)]:
                target = self.root / entry.relative_to(CHECKOUT)
                if entry.is_dir() and entry.name not in _INSTALLED:
                    shutil.copytree(entry, target, ignore=_NOT_COPIED)
                elif entry.is_file():
                    shutil.copy(entry, target)
        for name in _INSTALLED:
            (self.root / name).symlink_to(CHECKOUT / name)
