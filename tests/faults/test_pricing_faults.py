"""What goes wrong around pricing: each fault happens, and callers are told what they can act on."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from shared.runtime.envoy_traffic import WeightUnknown
from stacks.constructs.envoy import Listener, Server, Sidecar, sidecar
from tests.support.containers import with_containers
from tests.support.drivers.offline import Deployment, call, eventually
from tests.support.drivers.pricing_driver import IDENTITY, Pricing, calls, quote_request
from tests.support.drivers.quote_driver import SHIP_TO
from tools.base import processes
from tools.base.endpoint import ACCOUNT
from tools.base.workspace import CHECKOUT
from tools.containers import proto
from tools.containers.environment import ENVOY
from tools.emulator.configuration_agent import ConfigurationAgent
from tools.emulator.ports import free_ports, listens
from tools.emulator.pricing.envoy import CALLERS, SERVICE
from tools.emulator.pricing.system import PricingSystem
from tools.local import rotation
from tools.local.tokens import subject

pytestmark = [with_containers, pytest.mark.nightly]

QUOTE = {"method": "Quote", "request": quote_request(), "metadata": IDENTITY}
WATCH = {"method": "WatchPrices", "request": {"currency": "EUR"}, "metadata": IDENTITY}


@pytest.fixture(scope="module")
def pricing(deployment: Deployment) -> Iterator[Pricing]:
    system = PricingSystem(deployment.emulator.workspace)
    system.start()
    try:
        yield Pricing(deployment, system)
    finally:
        system.kill()


@pytest.fixture(autouse=True)
def _as_at_first(pricing: Pricing) -> None:
    """Blue alone runs and gets all calls: a test that has failed halfway costs no other."""
    system = pricing.system
    system.envoy.start()
    system.envoy.traffic.shift("blue", 100)
    green = system.versions["green"]
    green.stop(signal.SIGKILL)
    green.wait_until_gone()
    system.start()
    eventually(lambda: system.envoy.traffic.healthy() == {"blue": True, "green": False})


def test_a_certificate_is_an_identity_and_its_lack_is_none(pricing: Pricing) -> None:
    quoted = pricing.calls({**QUOTE, "metadata": {}}, listener="mutual", caller="partners")[0]
    assert quoted["status"] == "OK"
    watched = pricing.calls({**WATCH, "metadata": {}, "take": 1}, listener="mutual", caller="quote")
    assert watched[0]["status"] == "PERMISSION_DENIED", "quote may not watch"
    nobody = pricing.calls({**QUOTE, "metadata": IDENTITY, "timeout": 3}, listener="mutual")[0]
    assert nobody["status"] == "UNAVAILABLE", "without a certificate there is no connection"


def test_lattices_header_counts_for_nothing_where_certificates_do(pricing: Pricing) -> None:
    asked = {**WATCH, "metadata": IDENTITY, "take": 1}
    found = pricing.calls(asked, listener="mutual", caller="quote")[0]
    assert found["status"] == "PERMISSION_DENIED"


def test_who_comes_past_envoy_is_refused(pricing: Pricing) -> None:
    found = calls(pricing.system.envoy.port("blue"), [QUOTE])[0]
    assert found["status"] == "UNAUTHENTICATED"
    assert found["details"] == ["ErrorInfo"]


def test_a_deadline_that_is_over_is_said_at_once(pricing: Pricing) -> None:
    slow = pricing.system.versions["green"]
    slow.start("slow", "slow=2")
    try:
        eventually(lambda: pricing.system.envoy.traffic.healthy()["green"])
        pricing.system.envoy.traffic.shift("green", 100)
        begun = time.monotonic()
        found = pricing.calls({**QUOTE, "timeout": 0.2})[0]
        assert found["status"] == "DEADLINE_EXCEEDED"
        assert time.monotonic() - begun < 5
    finally:
        pricing.system.envoy.traffic.shift("green", 0)
        slow.stop(signal.SIGKILL)
        slow.wait_until_gone()


def test_a_message_of_four_megabytes_is_refused_and_the_next_call_is_answered(
    pricing: Pricing,
) -> None:
    large, next_one = pricing.calls({**QUOTE, "more": 4 * 1024 * 1024 + 1}, QUOTE)
    assert large["status"] == "RESOURCE_EXHAUSTED"
    assert next_one["status"] == "OK"


def test_a_compression_bomb_is_refused_before_it_takes_memory(pricing: Pricing) -> None:
    server = pricing.system.versions["blue"]
    assert server.pid is not None
    before = resident(server.pid)
    # A field that nobody knows (15, bytes) of 60 MB, which gzip makes to 60 KB.
    bomb = {**QUOTE, "more": 60 * 1024 * 1024, "gzip": True}
    exploded, next_one = pricing.calls(bomb, QUOTE)
    assert exploded["status"] == "RESOURCE_EXHAUSTED"
    assert next_one["status"] == "OK"
    assert resident(server.pid) - before < 30 * 1024 * 1024


def test_a_field_that_is_not_known_yet_is_ignored(pricing: Pricing) -> None:
    known = pricing.calls({**QUOTE, "more": 3})[0]
    assert known["status"] == "OK"


def test_garbage_is_no_request(pricing: Pricing) -> None:
    found, next_one = pricing.calls({**QUOTE, "raw": "ffffffff"}, QUOTE)
    assert found["status"] == "INVALID_ARGUMENT"
    assert next_one["status"] == "OK"


@pytest.mark.parametrize("body", [b"", b"{", b'{"lines": 7}', b'{"lines": [{"quantity": 1e99}]}'])
def test_what_is_no_json_request_is_a_problem(pricing: Pricing, body: bytes) -> None:
    answer = pricing.rest("POST", "/v1/quotes", body)
    assert answer.status == 400
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_a_client_that_ends_its_half_and_never_reads_blocks_nobody(pricing: Pricing) -> None:
    """It opens a stream of prices by REST, closes its half, and reads nothing."""
    address = ("127.0.0.1", pricing.system.envoy.port("plain"))
    with socket.create_connection(address, timeout=10) as held:
        identity = IDENTITY["x-amzn-lattice-identity"]
        held.sendall(
            b"GET /v1/prices?currency=EUR HTTP/1.1\r\nHost: pricing\r\n"
            + f"x-amzn-lattice-identity: {identity}\r\n\r\n".encode()
        )
        held.shutdown(socket.SHUT_WR)
        assert {it["status"] for it in pricing.calls(*[QUOTE] * 20)} == {"OK"}


@pytest.mark.parametrize(("unending", "status"), [("after", "OK"), ("before", "DEADLINE_EXCEEDED")])
def test_a_caller_that_never_ends_its_half_waits_for_itself_alone(
    unending: str, status: str, pricing: Pricing
) -> None:
    """Whose message is there is answered; for one that never comes the deadline ends the wait."""
    waits = {**QUOTE, "unending": unending, "timeout": 30 if status == "OK" else 1.5}
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(pricing.calls, waits)
        assert {it["status"] for it in pricing.calls(*[QUOTE] * 20)} == {"OK"}
        assert waiting.result()[0]["status"] == status


def test_watchers_that_do_not_read_on_keep_nobody_waiting(pricing: Pricing) -> None:
    """A hundred streams on one connection, while prices change: quotes on it are answered."""
    server = pricing.system.versions["blue"]
    assert server.pid is not None
    before = resident(server.pid)
    held = {"method": "hold", "streams": 100, "seconds": 4, **_of_quote()}
    try:
        with ThreadPoolExecutor() as pool:
            holding = pool.submit(pricing.calls, held)
            for price in range(801, 804):
                prices = {"MUG-RED": {"EUR": price}}
                pricing.system.configuration.deploy(settings={"prices": prices})
            assert holding.result()[0] == {"status": "OK", "streams": 100}
    finally:
        pricing.system.configuration.deploy(settings={})
    assert resident(server.pid) - before < 30 * 1024 * 1024


def test_a_reader_whose_window_is_full_stops_its_own_stream_alone(pricing: Pricing) -> None:
    """Twenty connections that take a few bytes and then nothing; they end when they are closed."""
    address = ("127.0.0.1", pricing.system.envoy.port("plain"))
    identity = IDENTITY["x-amzn-lattice-identity"]
    request = (
        "GET /v1/prices?currency=EUR HTTP/1.1\r\nHost: pricing\r\n"
        f"x-amzn-lattice-identity: {identity}\r\n\r\n"
    )
    with ExitStack() as held:
        for _ in range(20):
            slow = held.enter_context(socket.socket())
            slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
            slow.connect(address)
            slow.sendall(request.encode())
            assert slow.recv(16).startswith(b"HTTP/1.1 200")
        assert {it["status"] for it in pricing.calls(*[QUOTE] * 20)} == {"OK"}
    assert pricing.quote()["status"] == "OK"


@pytest.mark.parametrize(
    ("swallowed", "statuses"),
    [
        ("abc", {"OK"}),
        ("-5", {"OK"}),
        ("200", {"UNAVAILABLE"}),
        ("10.5", {"OK", "UNAVAILABLE"}),
        ("1e1", {"OK", "UNAVAILABLE"}),
    ],
)
def test_a_weight_that_envoy_swallows_is_found_and_the_next_write_puts_it_right(
    swallowed: str, statuses: set[str], pricing: Pricing
) -> None:
    """Envoy says OK to all of them. What it cannot read, or is below nothing, gives blue all calls;
    more than a hundred gives green all, which has no server here; another number is a share.
    """
    traffic, envoy = pricing.system.envoy.traffic, pricing.system.envoy
    path = f"/runtime_modify?pricing.green_percent={swallowed}"
    assert call("POST", f"{envoy.admin_url}{path}").status == 200
    with pytest.raises(WeightUnknown):
        traffic.weights()
    assert {it["status"] for it in pricing.calls(*[QUOTE] * 10)} <= statuses
    traffic.shift("green", 0)
    assert traffic.weights() == {"blue": 100, "green": 0}
    assert pricing.quote()["status"] == "OK"


def test_an_envoy_that_was_killed_comes_back_with_its_ports(pricing: Pricing) -> None:
    envoy = pricing.system.envoy
    port = envoy.port("plain")
    envoy.stop(signal.SIGKILL)
    envoy.wait_until_gone()
    assert pricing.calls({**QUOTE, "timeout": 2})[0]["status"] == "UNAVAILABLE"
    pricing.system.start()
    assert envoy.port("plain") == port
    eventually(lambda: pricing.quote()["status"] == "OK")


def test_after_envoys_death_the_version_that_was_promoted_serves_on(pricing: Pricing) -> None:
    system = pricing.system
    blue, green = system.versions["blue"], system.versions["green"]
    green.start("v2")
    eventually(lambda: system.envoy.traffic.healthy()["green"])
    system.envoy.traffic.shift("green", 100)
    blue.stop()
    assert blue.wait_until_gone(60)
    try:
        system.envoy.stop(signal.SIGKILL)
        system.envoy.wait_until_gone()
        system.start()
        assert system.envoy.traffic.weights() == {"blue": 0, "green": 100}
        assert not blue.is_running(), "the version of before is not started again"
        eventually(lambda: pricing.quote()["status"] == "OK")
        blue.start("v3")  # a release that is under way when Envoy dies again
        eventually(lambda: system.envoy.traffic.healthy()["blue"])
        system.envoy.traffic.shift("blue", 10)
        system.envoy.stop(signal.SIGKILL)
        system.envoy.wait_until_gone()
        system.start()
        assert system.envoy.traffic.weights() == {"blue": 0, "green": 100}
    finally:
        if not blue.is_running():
            blue.start("v1")
        eventually(lambda: system.envoy.traffic.healthy()["blue"])
        system.envoy.traffic.shift("blue", 100)
        green.stop()
        green.wait_until_gone()


def test_a_server_that_was_killed_is_unavailable_and_never_a_wrong_price(pricing: Pricing) -> None:
    server = pricing.system.versions["blue"]
    server.stop(signal.SIGKILL)
    server.wait_until_gone()
    assert pricing.quote()["status"] == "UNAVAILABLE"
    problem = pricing.rest("POST", "/v1/quotes", quote_request())
    assert problem.status == 503
    assert problem.headers["Content-Type"] == "application/problem+json"
    health = call("GET", f"http://127.0.0.1:{pricing.system.envoy.port('health')}/healthz")
    assert health.status in {200, 503}


def test_without_the_agent_the_last_prices_stay_in_force(pricing: Pricing) -> None:
    agent = ConfigurationAgent(pricing.deployment.emulator.workspace)
    agent.stop()
    try:
        time.sleep(2.5)  # two polls
        assert pricing.quote()["response"]["total"] == "2380"
    finally:
        agent.start(pricing.deployment.emulator.endpoint)
    try:
        changed = {"prices": {"TEA-SENCHA": {"EUR": 1000}}}
        pricing.system.configuration.deploy(settings=changed)
        eventually(lambda: pricing.quote()["response"]["total"] == "2000")
    finally:
        pricing.system.configuration.deploy(settings={})
    eventually(lambda: pricing.quote()["response"]["total"] == "2380")


def test_a_secret_is_rotated_while_quotes_are_signed_and_each_is_accepted(
    pricing: Pricing,
) -> None:
    deployment = pricing.deployment
    customer = subject(deployment.token())
    lines = [{"sku": "TEA-SENCHA", "quantity": 1}]

    def order(quote: str | None) -> int:
        return call(
            "POST",
            deployment.url("orders", "/v1/orders"),
            token=deployment.token(),
            headers={"Idempotency-Key": os.urandom(8).hex()},
            body={"lines": lines, "currency": "EUR", "ship_to": SHIP_TO, "quote": quote},
        ).status

    before = pricing.quote(customer_id=customer, lines=lines)["response"]["quote"]
    rotation.rotate(
        deployment.outputs,
        deployment.cloud,
        "signing",
        "QuoteSigning",
    )
    at_once = pricing.quote(customer_id=customer, lines=lines)["response"]["quote"]

    def with_the_new_key() -> str | None:
        quote = pricing.quote(customer_id=customer, lines=lines)["response"]["quote"]
        return str(quote) if quote.partition(".")[0] != before.partition(".")[0] else None

    after = eventually(with_the_new_key)
    assert [order(quote) for quote in (before, at_once, after)] == [202, 202, 202]


def test_the_trace_of_a_caller_goes_on_in_the_access_log_and_in_the_server(
    pricing: Pricing,
) -> None:
    trace_id = os.urandom(16).hex()
    traced = {**IDENTITY, "traceparent": f"00-{trace_id}-{os.urandom(8).hex()}-01"}
    assert pricing.quote(traced)["status"] == "OK"
    log = pricing.folder / "calls.log"
    eventually(lambda: trace_id in log.read_text())
    assert pricing.quote()["status"] == "OK"

    def last_line() -> str:
        lines = log.read_text().splitlines()
        return str(json.loads(lines[-1])["traceparent"])

    eventually(lambda: re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-01", last_line()))


def test_a_released_slot_gets_its_share_and_a_dead_one_never_passes_for_healthy(
    pricing: Pricing,
) -> None:
    traffic = pricing.system.envoy.traffic
    green = pricing.system.versions["green"]
    green.start("v2", "internal=0.5")
    try:
        eventually(lambda: traffic.healthy()["green"])
        before = traffic.figures()
        traffic.shift("green", 50)
        seen = [it["status"] for it in pricing.calls(*[QUOTE] * 200)]
        assert 20 <= seen.count("INTERNAL") <= 80
        time.sleep(1.5)  # Envoy's figures are a second old at most
        found = {slot: it.since(before[slot]) for slot, it in traffic.figures().items()}
        assert found["green"].failures == {"INTERNAL": seen.count("INTERNAL")}
        assert found["blue"].failures == {}
        assert found["green"].calls + found["blue"].calls == 200
        assert abs(found["green"].calls - 100) < 40
        latency = found["green"].quantile(0.99)
        assert latency is not None
        assert latency > 0
    finally:
        traffic.shift("green", 0)
        green.stop(signal.SIGKILL)
        green.wait_until_gone()
    eventually(lambda: not traffic.healthy()["green"])


def test_a_tenth_of_the_calls_is_a_tenth(pricing: Pricing) -> None:
    """Of 1,000 calls, within three points; chance alone is further off in one of 600 runs."""
    traffic = pricing.system.envoy.traffic
    green = pricing.system.versions["green"]
    green.start("v2")
    try:
        eventually(lambda: traffic.healthy()["green"])
        traffic.shift("green", 10)
        before = traffic.figures()
        assert {it["status"] for it in pricing.calls(*[QUOTE] * 1000)} == {"OK"}
        found = {slot: it.since(before[slot]).calls for slot, it in traffic.figures().items()}
        assert sum(found.values()) == 1000
        assert 70 <= found["green"] <= 130
    finally:
        traffic.shift("green", 0)
        green.stop(signal.SIGKILL)
        green.wait_until_gone()


def test_a_version_that_drains_loses_no_call(pricing: Pricing) -> None:
    """The way of every release: the other slot takes over, and the old server ends in its time."""
    traffic = pricing.system.envoy.traffic
    green, blue = pricing.system.versions["green"], pricing.system.versions["blue"]
    green.start("v2")
    try:
        eventually(lambda: traffic.healthy()["green"])
        traffic.shift("green", 100)
        blue.stop()
        seen: list[dict[str, Any]] = []
        while blue.is_running():
            seen += pricing.calls(*[QUOTE] * 100)
        assert {it["status"] for it in seen} == {"OK"}
        assert '"message":"stopped"' in blue.log.read_text()
    finally:
        blue.wait_until_gone()
        blue.start("v1")
        eventually(lambda: traffic.healthy()["blue"])
        traffic.shift("green", 0)
        green.stop(signal.SIGKILL)
        green.wait_until_gone()


def test_a_task_that_spot_takes_away_answers_each_call_until_its_callers_have_left(
    pricing: Pricing, tmp_path: Path
) -> None:
    """Both containers get SIGTERM at once, as with Spot's notice, while calls come.

    Callers leave as Lattice does: after three looks at a health that is bad.
    """
    server = pricing.system.versions["green"]
    server.start("taken-away", health_interval=10)  # it drains for longer than callers look
    with _task(tmp_path, server.port("port"), drain_seconds=40) as (envoy, ports):
        health = f"http://127.0.0.1:{ports['health']}/healthz"
        eventually(lambda: call("GET", health).status == 200)
        begun, bad, seen = time.monotonic(), 0, Counter[str]()
        server.stop()
        envoy.terminate()
        while bad < 3:
            seen.update(it["status"] for it in calls(ports["plain"], [QUOTE] * 25))
            bad = bad + 1 if call("GET", health).status == 503 else 0
        assert set(seen) == {"OK"}, seen
        assert seen["OK"] >= 75
        assert envoy.wait(60) == 0
        assert server.wait_until_gone(60)
        assert time.monotonic() - begun < 120, "what Spot leaves a task"
    assert '"message":"stopped"' in server.log.read_text()


def test_envoy_in_a_task_fails_its_health_first_and_serves_on(
    pricing: Pricing, tmp_path: Path
) -> None:
    """As its image starts it, with a server of one slot: SIGTERM ends it after its drain."""
    with _task(tmp_path, pricing.system.envoy.port("blue")) as (child, ports):
        health = f"http://127.0.0.1:{ports['health']}/healthz"
        eventually(lambda: call("GET", health).status == 200)
        child.terminate()
        eventually(lambda: call("GET", health).status == 503, 5)
        assert calls(ports["plain"], [QUOTE])[0]["status"] == "OK"
        assert child.wait(30) == 0


@contextmanager
def _task(
    folder: Path, server: int, drain_seconds: int = 6
) -> Iterator[tuple[subprocess.Popen[bytes], dict[str, int]]]:
    """Envoy as a task has it, before the server at this port."""
    ports = free_ports(folder / "none", ["plain", "health", "admin"])
    task = Sidecar(
        service=SERVICE,
        prefix="pricing",
        listeners=(Listener(ports["plain"], account=ACCOUNT, trusted=("127.0.0.0/8",)),),
        servers=(Server(server),),
        callers=CALLERS,
        address="127.0.0.1",
        health_port=ports["health"],
        admin_port=ports["admin"],
        descriptor=str(proto.generated() / proto.DESCRIPTOR),
        log=str(folder / "calls.log"),
    )
    file = folder / "envoy.json"
    file.write_text(json.dumps(sidecar(task)))
    variables = {
        "PATH": os.environ["PATH"],
        "ENVOY": str(ENVOY),
        "ADMIN_PORT": str(ports["admin"]),
        "DRAIN_SECONDS": str(drain_seconds),
    }
    script = CHECKOUT / "containers" / "envoy" / "run.sh"
    options = ("-c", str(file), "--use-dynamic-base-id", "--concurrency", "1")
    child = subprocess.Popen([str(script), *options], env=variables, start_new_session=True)
    try:
        eventually(lambda: listens(ports["health"]))
        yield child, ports
    finally:
        if child.poll() is None:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()


def test_nothing_of_pricing_outlives_its_end(pricing: Pricing) -> None:
    root = pricing.deployment.emulator.workspace.root
    pricing.system.kill()
    commands = [command for _, _, command in processes.listing() if str(root) in command]
    ours = ("serve_version", "run_envoy", "--service-node")
    assert not [it for it in commands if any(name in it for name in ours)]


def test_reflection_is_for_dev_alone(pricing: Pricing) -> None:
    server = pricing.system.versions["green"]
    server.start("closed", reflection=False)
    try:
        found = calls(pricing.system.envoy.port("green"), [{"method": "reflect"}])[0]
        assert found["status"] in {"UNIMPLEMENTED", "KeyError"}, found
    finally:
        server.stop(signal.SIGKILL)
        server.wait_until_gone()


def _of_quote() -> dict[str, Any]:
    return {"request": quote_request(), "metadata": IDENTITY}


def resident(pid: int) -> int:
    """Bytes of memory that a process holds."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")
