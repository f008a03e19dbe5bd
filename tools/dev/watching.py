"""Says which files of the checkout change, and which keys are pressed, one batch at a time."""

from __future__ import annotations

import queue
import sys
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import Self

import watchfiles

from tools.dev.plan import counts

FOLDERS = ("lambdas", "config", "stacks", "bundling", "contracts", "tools", "tests")
_QUIET_MS = 30
"""So long nothing more may change before a batch is handed over; an editor's save takes less."""
_AT_MOST_MS = 400
MANY = 5
"""More files at once are no save but a switch of branches or the like."""
_MANY_QUIET_SECONDS = 0.3
_GIT_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class Batch:
    """Files that changed, by their names from the checkout's root, and when the first did."""

    files: frozenset[PurePosixPath]
    seen_at: float


class Watch:
    """`with Watch(checkout) as watch: watch.next(seconds)`."""

    def __init__(self, checkout: Path) -> None:
        self._checkout = checkout.resolve()
        self._ended = threading.Event()
        self._happened: queue.Queue[Batch | str] = queue.Queue()
        self._threads = [
            threading.Thread(target=self._watch, args=(paths, recursive), daemon=True)
            for paths, recursive in (
                ([self._checkout / it for it in FOLDERS if (self._checkout / it).is_dir()], True),
                ([self._checkout], False),
            )
        ]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        threading.Thread(target=self._read_keys, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join()

    def next(self, seconds: float) -> Batch | str | None:
        """Changed files, or a line that was typed, or nothing for so long.

        Files that change while something is under way come together afterwards. What changes many
        at once, such as git, is waited for until it has done.
        """
        try:
            first = self._happened.get(timeout=seconds)
        except queue.Empty:
            return None
        if isinstance(first, str):
            return first
        files = set(first.files) | self._more(0.0)
        while len(files) > MANY and (more := self._more(_MANY_QUIET_SECONDS)):
            files |= more
        deadline = time.monotonic() + _GIT_SECONDS
        while self._git_is_at_work() and time.monotonic() < deadline:
            files |= self._more(0.05)
        return Batch(frozenset(files), first.seen_at)

    def _more(self, seconds: float) -> set[PurePosixPath]:
        files: set[PurePosixPath] = set()
        lines: list[str] = []
        while True:
            try:
                happened = self._happened.get(timeout=seconds) if seconds else self._now()
            except queue.Empty:
                break
            if isinstance(happened, str):
                lines.append(happened)
            else:
                files |= happened.files
        for line in lines:
            self._happened.put(line)
        return files

    def _now(self) -> Batch | str:
        return self._happened.get_nowait()

    def _git_is_at_work(self) -> bool:
        return (self._checkout / ".git" / "index.lock").exists()

    def _watch(self, paths: Iterable[Path], recursive: bool) -> None:
        for changes in watchfiles.watch(
            *paths,
            watch_filter=None,
            debounce=_AT_MOST_MS,
            step=_QUIET_MS,
            stop_event=self._ended,
            recursive=recursive,
            ignore_permission_denied=True,
        ):
            named = (Path(path).relative_to(self._checkout) for _, path in changes)
            if files := frozenset(filter(counts, (PurePosixPath(it.as_posix()) for it in named))):
                self._happened.put(Batch(files, time.monotonic()))

    def _read_keys(self) -> None:
        for line in sys.stdin:
            self._happened.put(line.strip())
