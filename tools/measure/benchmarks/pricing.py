"""Pricing: a quote beside a bare echo server, directly and through Envoy; memory and start of both.

Both servers are `grpc.aio` in one process each, asked in turns by the same client, as many calls at
once. What a quote does beyond an echo is to parse, price, sign, count and keep a span.
"""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from contracts.product import PRODUCT
from tools.base import processes
from tools.base.workspace import CHECKOUT
from tools.containers import proto
from tools.containers.environment import HOW, PYTHON, is_there, run
from tools.emulator.configuration_agent import ConfigurationAgent
from tools.emulator.emulator import Emulator
from tools.emulator.ports import free_ports, listens
from tools.emulator.pricing.configuration import OFFLINE
from tools.emulator.pricing.system import PricingSystem
from tools.measure.benchmarks.claims import Result, absolute, at_least, at_most, ratio

PROBES = CHECKOUT / "tools" / "measure" / "benchmarks" / "probes"
AT_ONCE = 16


def measure(*, quick: bool) -> list[Result]:
    """Ratios to the echo's rate, milliseconds, MB, seconds."""
    if not is_there():
        sys.exit(f"the tools for containers are not installed: {HOW}")
    rounds, seconds = (2, 1.0) if quick else (5, 4.0)
    with _pricing() as (system, started), _echo(system) as (echo, echo_pid):
        direct, envoy = system.envoy.port("blue"), system.envoy.port("plain")
        server_pid = system.versions["blue"].pid
        assert server_pid is not None
        ports = {"echo": echo, "direct": direct, "envoy": envoy}
        for port in ports.values():
            _load(port, 1.0)  # what is compiled and connected once is not measured
        found = [
            {name: _load(port, seconds) for name, port in ports.items()} for _ in range(rounds)
        ]
        busy = {
            name: [_microseconds(port, pid, seconds) for _ in range(rounds)]
            for name, port, pid in (("echo", echo, echo_pid), ("direct", direct, server_pid))
        }
        assert not sum(int(it[name]["failed"]) for it in found for name in ports)
        memory = {
            "server": _megabytes(server_pid),
            "Envoy": _megabytes(_envoy_of(system)),
        }
    rates = {name: [it[name]["rate"] for it in found] for name in ports}
    return [
        ratio(
            "a quote's rate beside an echo's, directly",
            rates["direct"],
            rates["echo"],
            at_least(0.6, 0.7),
            both_in="calls/s",
        ),
        ratio(
            "... through Envoy",
            rates["envoy"],
            rates["echo"],
            at_least(0.5, 0.6),
            both_in="calls/s",
        ),
        ratio(
            "processor time of an echo beside a quote's", busy["echo"], busy["direct"], both_in="µs"
        ),
        absolute("processor time of a quote", busy["direct"], "µs"),
        absolute("quotes a second, directly", rates["direct"], "/s"),
        absolute("quotes a second, through Envoy", rates["envoy"], "/s"),
        absolute("99 % of quotes through Envoy", [it["envoy"]["p99"] for it in found], "ms"),
        absolute("memory of the server", [memory["server"]], "MB"),
        absolute("memory of Envoy", [memory["Envoy"]], "MB"),
        absolute(
            "what CONTAINERS=yes adds to make up: Envoy and server listen",
            [started],
            "s",
            at_most(5, aim=3),
        ),
    ]


@contextmanager
def _pricing() -> Iterator[tuple[PricingSystem, float]]:
    """Beside an emulator that has the signing secret and nothing else."""
    with tempfile.TemporaryDirectory() as folder, Emulator(Path(folder)) as emulator:
        secret = emulator.cloud.client("secretsmanager").create_secret(
            Name="quote-signing", SecretString=json.dumps({"key": "k" * 40})
        )
        emulator.cloud.client("ssm").put_parameter(
            Name=f"/{PRODUCT}/{OFFLINE}/signing/quote-signing-secret-arn",
            Type="String",
            Value=secret["ARN"],
        )
        ConfigurationAgent(emulator.workspace).start(emulator.endpoint)
        system = PricingSystem(emulator.workspace)
        proto.generated()
        begun = time.perf_counter()
        system.start()
        started = time.perf_counter() - begun
        try:
            _until(lambda: system.envoy.traffic.healthy()["blue"])
            yield system, started
        finally:
            system.kill()


@contextmanager
def _echo(system: PricingSystem) -> Iterator[tuple[int, int]]:
    port = free_ports(system.envoy.folder / "echo.json", ["echo"])["echo"]
    child = subprocess.Popen([PYTHON, PROBES / "grpc_echo.py", str(port)])
    try:
        _until(lambda: listens(port))
        yield port, child.pid
    finally:
        child.kill()
        child.wait()


def _load(port: int, seconds: float) -> dict[str, float]:
    command: list[str | Path] = [
        "env",
        f"PYTHONPATH={proto.generated()}",
        PYTHON,
        PROBES / "grpc_load.py",
    ]
    found: dict[str, float] = json.loads(run([*command, str(port), str(seconds), str(AT_ONCE)]))
    return found


def _microseconds(port: int, pid: int, seconds: float) -> float:
    """Of the server's process for one call: what others do on this machine counts for little."""
    before = psutil.Process(pid).cpu_times()
    calls = _load(port, seconds)["calls"] + 1
    now = psutil.Process(pid).cpu_times()
    return 1e6 * (now.user + now.system - before.user - before.system) / calls


def _envoy_of(system: PricingSystem) -> int:
    mark = processes.workspace_option(system.workspace.root)
    return next(
        pid
        for pid, _, command in processes.listing()
        if f"--service-node {mark} " in command and "run_envoy" not in command
    )


def _megabytes(pid: int | None) -> float:
    held = psutil.Process(pid).memory_full_info()
    return float(held.uss) / 2**20


def _until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not is_so():
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(0.05)
