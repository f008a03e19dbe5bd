"""Runs a probe in a fresh process that sees what a Lambda function sees, and reads its figures."""

import json
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tools.measure import peers

PROBES = Path(__file__).resolve().parent / "probes"
ENVIRONMENT = {
    # What Lambda sets. The credentials sign requests that are never sent.
    "AWS_ACCESS_KEY_ID": "benchmark",
    "AWS_SECRET_ACCESS_KEY": "benchmark",
    "AWS_REGION": "eu-west-1",
    "AWS_DEFAULT_REGION": "eu-west-1",
    "AWS_LAMBDA_FUNCTION_NAME": "benchmark",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
    "LAMBDA_TASK_ROOT": "/var/task",  # without it Powertools' tracer would switch itself off
    "_X_AMZN_TRACE_ID": (
        "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"
    ),
    "AWS_XRAY_DAEMON_ADDRESS": "127.0.0.1:9",  # segments are datagrams that nobody waits for
    # What the templates give the functions.
    "SERVICE": "benchmark",
    "METRIC_NAMESPACE": "Benchmark/dev",
    "EVENT_STORE_TABLE": "event-store",
    "ORDER_VIEW_TABLE": "order-view",
    "PARKED_TABLE": "parked",
    "READ_EVENTS_ARN": "arn:aws:lambda:eu-west-1:123456789012:function:read-events",
    # Nobody listens there: packaged defaults are in force, unless a probe brings an agent.
    "CONFIGURATION_AGENT_URL": "http://127.0.0.1:9",
    "CONFIGURATION_APPLICATION": "application",
    "CONFIGURATION_ENVIRONMENT": "environment",
    "CONFIGURATION_POLL_SECONDS": "15",
    "POWERTOOLS_SERVICE_NAME": "benchmark",
    "POWERTOOLS_METRICS_NAMESPACE": "benchmark",
}
_START = "import sys; sys.path[:0] = sys.argv.pop(1).split(':'); import runpy; {run}"


class ProbeFailed(Exception):
    """A measured process ended with an error."""


def figures(probe: str, path: Sequence[Path], *arguments: str) -> dict[str, Any]:
    """What a probe in ``probes/`` measured, with ``path`` before the runtime's libraries.

    Nothing of this machine's site-packages is visible, no byte code is written, and the runtime
    comes last, as on Lambda.

    Raises:
        ProbeFailed: with what the process wrote on its standard error.
    """
    search = ":".join(str(folder) for folder in (*path, peers.runtime(), PROBES))
    script = str(PROBES / f"{probe}.py")
    run = f"sys.argv[0] = {script!r}; runpy.run_path({script!r}, run_name='__main__')"
    python = [str(peers.interpreter()), "-I", "-S", "-B", "-c", _START.format(run=run)]
    done = subprocess.run(
        [*python, search, *arguments],
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise ProbeFailed(f"{probe} {' '.join(arguments)}:\n{done.stderr.strip()}")
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def in_turns(
    rounds: int, probe: str, sides: Mapping[str, Sequence[Path]], *arguments: str
) -> dict[str, list[dict[str, Any]]]:
    """The figures of each side, a process of each in every round: all see the same machine.

    A side's name up to its first dash is the probe's first argument. One round before the first is
    not counted: it warms the disk's cache.
    """
    found: dict[str, list[dict[str, Any]]] = {side: [] for side in sides}
    for number in range(rounds + 1):
        for side, path in sides.items():
            measured = figures(probe, path, side.partition("-")[0], *arguments)
            if number:
                found[side].append(measured)
    return found
