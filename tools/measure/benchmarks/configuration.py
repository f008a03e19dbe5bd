"""Configuration: what a cached read takes, what it adds to a cold start, and what AppConfig bills.

The probe runs as a Lambda function does, with an agent in a process beside it that has the
documents, as the extension has them when it has fetched them ahead. The calls to AppConfig are
counted for a month of evenly spread orders, on a clock that only moves when a request comes: the
reader and the agent's polling are the real ones, and the agent polls as seldom as the extension.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from io import BytesIO
from threading import Thread
from typing import Any
from unittest.mock import patch

from orders.configuration import terms_for
from shared.runtime.configuration import forget
from tools.emulator.configuration_agent.retrieval import Retrieval
from tools.emulator.loopback_guard import GuardedHandler, GuardedServer
from tools.measure import peers
from tools.measure.benchmarks.claims import Result, absolute, at_most
from tools.measure.benchmarks.fresh_process import figures
from tools.measure.costs import assumptions, prices
from tools.measure.costs.prices import Charge

DOCUMENTS: Mapping[str, Any] = {
    "settings": {"max_lines": 17, "retry_after_seconds": 60},
    "flags": {
        "accept-orders": {"enabled": True},
        "introductory-discount": {
            "enabled": True,
            "percent_of_customers": 10,
            "basis_points": 500,
        },
    },
}
EXTENSION_POLL_SECONDS = 45.0
"""AWS_APPCONFIG_EXTENSION_POLL_INTERVAL_SECONDS, which is left as it is."""
HOURS_COUNTED = 24
COLD_STARTS = 1000
"""Each new process receives every document once, and AppConfig bills a document by itself."""
ENVIRONMENT = {
    "SERVICE": "orders",
    "METRIC_NAMESPACE": "Benchmark/dev",
    "CONFIGURATION_AGENT_URL": "http://localhost:2772",
    "CONFIGURATION_APPLICATION": "orders",
    "CONFIGURATION_ENVIRONMENT": "prod",
    "CONFIGURATION_POLL_SECONDS": "15",
}


def measure(*, quick: bool) -> list[Result]:
    """Microseconds, milliseconds, calls and USD."""
    package = peers.our_package("orders")
    with _agent() as url:
        rounds = [
            figures("configuration", [package], url, "20000" if quick else "200000")
            for _ in range(1 + (3 if quick else 15))
        ][1:]  # the first warms the disk's cache
    added = [it["configuration_ms"] + it["secrets_ms"] for it in rounds]
    assumed = assumptions.read()
    counted = _calls_in(HOURS_COUNTED, assumed.hours * 3600 / assumed.orders)
    calls = counted * assumed.hours / HOURS_COUNTED * 1_000_000 / assumed.orders
    received = COLD_STARTS * len(DOCUMENTS)
    return [
        absolute(
            "reading a value in force", [it["cached_read_us"] for it in rounds], "µs", at_most(2)
        ),
        absolute(
            "configuration and secrets in a cold start, no boto3",
            added,
            "ms",
            at_most(30),
            new_libraries=rounds[0]["new_libraries"],
        ),
        *(
            absolute(f"... {what}", [it[figure] for it in rounds], "ms")
            for what, figure in (
                ("configuration: modules", "configuration_import_ms"),
                ("configuration: modules and both documents", "configuration_ms"),
                ("secrets: module, client and first fetch", "secrets_ms"),
            )
        ),
        Result("AppConfig calls for a million orders, one process warm all month", calls, ""),
        Result(
            f"... their price, with {COLD_STARTS:,} cold starts",
            prices.read().cost(
                [
                    Charge("configuration", "config-requests", calls, "orders"),
                    Charge("configuration", "configs-received", received, "orders"),
                ]
            ),
            "USD",
            details={"configurations_received": received},
        ),
    ]


@contextmanager
def _agent() -> Iterator[str]:
    """An agent that has the documents; it runs here, and so beside the measured process."""
    server = GuardedServer(0, _Agent)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


class _Agent(GuardedHandler):
    def do_GET(self) -> None:
        document = json.dumps(DOCUMENTS[self.path.rpartition("/")[2]]).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(document)))
        self.end_headers()
        self.wfile.write(document)


class _AppConfig:
    """AppConfig's data API, with its calls counted."""

    def __init__(self, profile: str) -> None:
        self.document = json.dumps(DOCUMENTS[profile]).encode()
        self.calls = 0

    def start_configuration_session(self, **_: str) -> dict[str, str]:
        self.calls += 1
        return {"InitialConfigurationToken": "first"}

    def get_latest_configuration(self, **token: str) -> dict[str, Any]:
        self.calls += 1
        content = self.document if "first" in token.values() else b""
        return {
            "NextPollConfigurationToken": "next",
            "Configuration": BytesIO(content),
            "ContentType": "application/json",
        }


def _calls_in(hours: float, seconds_between_requests: float) -> int:
    """Calls to AppConfig of one process that stays warm, by the real reader and polling."""
    appconfig = {name: _AppConfig(name) for name in DOCUMENTS}
    agents = {
        name: Retrieval(api, "orders", "prod", name, EXTENSION_POLL_SECONDS)
        for name, api in appconfig.items()
    }
    now = 0.0
    with (
        patch("time.monotonic", lambda: now),
        patch.dict("os.environ", ENVIRONMENT),
        patch(
            "shared.runtime.configuration._ask",
            lambda _, name, __: (agents[name].latest().content, ""),
        ),
    ):
        forget()
        while now < hours * 3600:
            terms_for("7c1d6f5e-2f5b-4a5e-9d0a-3a8c6f0e1b22")
            now += seconds_between_requests
        forget()
    return sum(api.calls for api in appconfig.values())
