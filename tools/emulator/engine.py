"""Serves the emulator's application from this process.

Started as a script by the emulator's own interpreter, which has nothing of ours but this file and
ten beside it: ``loopback_guard.py``, through which every request goes, ``function_processes.py``,
from which functions get their processes, ``function_updates.py``, by which these end for new code,
``engine_saves.py``, ``engine_tokens.py``, which looks at tokens for GraphQL, ``engine_calls.py``,
which notes what IAM is asked, ``engine_conditions.py``, which has a query's condition read once,
``engine_bodies.py``, which leaves out bodies that must not be there, and
``engine_throttling.py`` and ``engine_forwarding.py``, which faults need that somebody causes.
With ``--tethered`` it ends, workers included, when the process that started it is gone: its
standard input is then a pipe, which closes when its other end dies, however it dies.

The emulator's own command would serve the same application, slower: figures are in ADR 0006.
"""

from __future__ import annotations

import gc
import importlib.util
import os
import resource
import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import ModuleType

    from tools.emulator.loopback_guard import Application

# It keeps every execution's history, every log line and every item in memory, most of it for good:
# Python's own thresholds (700, 10, 10) have the collector look through all of it again and again.
COLLECTOR_THRESHOLDS = (50_000, 20, 50)
FILES = 8192
"""Open at the same time: three pipes for each worker, and every caller's connection."""
KEEP_ALIVE_SECONDS = 75
GRACE_SECONDS = 1
"""For requests under way at a clean end; receiving from a queue may wait for 20 s."""
ENDED_IN_ORDER = "ended-in-order"
CONTROL = ("/_ministack/", "/_localstack/", "/_throttles", "/_faults/")
"""Where the emulator itself is told what to do, or a process beside it; everything else is an AWS
service's."""
CALLS_RECORD = "calls.jsonl"
"""What IAM was asked, in the same folder."""
FAULTS_RECORD = "faults.json"
"""Where the fault process writes its port, in the workspace's folder, which this process is in."""


def serve() -> None:
    """Serve on the address that the environment names, until a signal ends it.

    What is kept is then whole, and a file in its folder says so.
    """
    gc.set_threshold(*COLLECTOR_THRESHOLDS)
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    files = FILES if most == resource.RLIM_INFINITY else min(FILES, most)
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, most))
    functions = _beside("function_processes")
    functions.serve_functions(functions.FunctionHost(sys.executable))
    if seconds := os.environ.get("SAVE_SECONDS"):
        _beside("engine_saves").save_now_and_then(
            Path(os.environ["STATE_DIR"]), float(seconds), _write_state
        )
    # The server ends by itself at this signal, and then sends it again.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    _beside("loopback_guard").serve(
        _application,
        port=int(os.environ["GATEWAY_PORT"]),
        control=CONTROL,
        lifespan="on",
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=GRACE_SECONDS,
        log_level="warning",
        access_log=False,
        # The application answers as AWS does: with a date of its own, and no server's name.
        date_header=False,
        server_header=False,
        # Nothing stands before it: whoever says that something does is lying.
        proxy_headers=False,
    )


def _application() -> Application:
    from ministack.core import iam_evaluator

    if os.environ.get("AUTH") == "true":
        _beside("engine_calls").note_calls(iam_evaluator, Path.cwd() / CALLS_RECORD)
    from ministack.app import app
    from ministack.core import lambda_runtime
    from ministack.services import dynamodb

    assert "ministack.services.lambda_svc" not in sys.modules, "it would have the old functions"
    updates = _beside("function_updates")
    updates.let_functions_finish(lambda_runtime)
    updates.serve_the_present_code(lambda_runtime)
    _beside("engine_conditions").read_conditions_once(dynamodb)
    application: Application = app
    throttling: Application = _beside("engine_throttling").Throttling(application)
    tokens = _beside("engine_tokens")
    checked: Application = tokens.TokenCheck(throttling, tokens.is_issued)
    forwarding: Application = _beside("engine_forwarding").Forwarding(
        checked, Path.cwd() / FAULTS_RECORD
    )
    bodiless: Application = _beside("engine_bodies").Bodiless(forwarding)
    return bodiless


def _write_state(folder: Path) -> None:
    """All that the emulator writes at a clean end; in a copy of the process, which then ends."""
    from ministack import app
    from ministack.core import persistence

    persistence.STATE_DIR = str(folder)
    persistence.save_all(app._build_persistence_save_dict())


def _beside(name: str) -> ModuleType:
    """From a file beside this one, without its folder or the checkout on the path of imports."""
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _end_with_the_starter() -> None:
    while os.read(0, 1):
        continue
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    if "--tethered" in sys.argv:
        threading.Thread(target=_end_with_the_starter, daemon=True).start()
    try:
        serve()
    finally:
        if "SAVE_SECONDS" in os.environ:
            (Path(os.environ["STATE_DIR"]) / ENDED_IN_ORDER).touch()
