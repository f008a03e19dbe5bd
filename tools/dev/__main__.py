"""`python -m tools.dev`: brings up what is not up, and keeps it as the checkout is."""

from __future__ import annotations

import argparse
import fcntl
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console

from tools.base import proxies
from tools.base.errors import OfflineError
from tools.base.interruption import Interrupted, interruptible
from tools.base.terminal import Terminal, show_errors_plainly
from tools.base.workspace import CHECKOUT, Workspace, open_private
from tools.dev.belonging_tests import belonging_tests
from tools.dev.development import Development
from tools.dev.plan import plan
from tools.dev.telling import Telling
from tools.dev.trials import Trials
from tools.dev.warm import WarmApp
from tools.dev.watching import MANY, Watch
from tools.emulator.emulator import Emulator
from tools.local import commands

LOOK_SECONDS = 5.0
"""How often it is looked whether everything still runs, while nothing is saved."""
ERROR_STYLE = "bold red"


def main(arguments: list[str] | None = None) -> int:
    """Work until Ctrl-C; return the exit status."""
    options = _parser().parse_args(arguments)
    proxies.bypass(os.environ)
    console = Terminal(soft_wrap=True)
    try:
        with interruptible():
            _keep_up_to_date(Workspace(options.workspace.resolve()), console)
    except OfflineError as error:
        console.print(f"error: {error}", style=ERROR_STYLE)
        for line in error.evidence:
            console.print(f"  {line}")
        return 1
    except Interrupted as interruption:
        return interruption.status
    return 0


def _keep_up_to_date(workspace: Workspace, console: Console) -> None:
    running = Emulator.of(workspace)
    was_running = running.is_healthy()
    tell = Telling(console)
    with _only_one(workspace), Watch(CHECKOUT) as watch, Trials() as trials:
        try:
            commands.up(
                workspace,
                console,
                auth=running.auth and was_running,
                persistence=running.persistence and was_running,
                verbose=False,
            )
            emulator = Emulator.of(workspace)
            with WarmApp() as app:
                development = Development(emulator, trials, app, tell)
                development.begin()
                tell.said(
                    "watches the checkout; t and Enter runs the tests of what was saved last, "
                    "Ctrl-C ends"
                )
                _follow(watch, development, emulator, console, tell)
        finally:
            if not was_running:
                commands.down(workspace, console, forget=False)


def _follow(
    watch: Watch,
    development: Development,
    emulator: Emulator,
    console: Console,
    tell: Telling,
) -> None:
    last: frozenset[PurePosixPath] = frozenset()
    while True:
        happened = watch.next(LOOK_SECONDS)
        if not emulator.is_healthy():
            raise OfflineError("the emulator is not there any more", emulator.log_tail())
        if happened is None:
            commands.revive(emulator, console)
        elif isinstance(happened, str):
            if happened:
                _run_tests(last, tell) if happened == "t" else tell.said("t and Enter: tests")
        else:
            last = happened.files
            if len(last) > MANY:
                tell.said(f"{len(last)} files changed at once")
            asked = plan(last)
            for file in asked.restart:
                tell.said(f"{file}: counts when `make dev` is started again")
            for file in asked.setup:
                tell.said(f"{file}: `make setup`, then start `make dev` again")
            try:
                development.follow(asked, happened.seen_at)
            except (OfflineError, BotoCoreError, ClientError, OSError) as error:
                tell.wrong(f"the last save is not served: {error}")


def _run_tests(files: frozenset[PurePosixPath], tell: Telling) -> None:
    tests = belonging_tests(files, CHECKOUT)
    if not tests:
        tell.said("no test belongs to what was saved last")
        return
    tell.said(f"pytest {' '.join(tests)}")
    begun = time.monotonic()
    with subprocess.Popen(
        [sys.executable, "-m", "pytest", "-m", "not nightly", *tests], cwd=CHECKOUT
    ) as testing:
        try:
            status = testing.wait()
        except BaseException:
            testing.terminate()
            raise
    if status:
        tell.wrong(f"tests failed ({status})")
    else:
        tell.done("tests passed", begun)


@contextmanager
def _only_one(workspace: Workspace) -> Iterator[None]:
    """Keep a second `make dev` of the same workspace out."""
    workspace.prepare()
    with open_private(workspace.development_lock) as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise OfflineError(f"`make dev` keeps {workspace.root} up to date already") from error
        yield


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tools.dev", description=__doc__)
    parser.add_argument(
        "--workspace",
        type=Path,
        default=Workspace().root,
        metavar="FOLDER",
        help="keep emulator, log and outputs here; each folder has an emulator of its own",
    )
    return parser


if __name__ == "__main__":
    show_errors_plainly()
    sys.exit(main())
