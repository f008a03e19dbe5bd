"""What goes wrong before and behind partners: keys, limits, forged headers, others that are silent.

The gateway is a real Envoy, the service a real process; whom they call are stand-ins.
"""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml

from tests.support.containers import with_containers
from tests.support.drivers.offline import Answer, call, eventually
from tests.support.drivers.partners_driver import (
    KEYS,
    PLAN_KEY,
    Others,
    Partners,
    know,
    order,
    other_pricing,
    running,
)
from tests.support.drivers.pricing_driver import calls
from tools.emulator.loopback_guard import HOST, GuardedHandler, GuardedServer
from tools.emulator.ports import free_port

pytestmark = with_containers
NEWER = "quote-of-a-newer-pricing"
WANTED = {"lines": [{"sku": "TEA-SENCHA", "quantity": 2}], "currency": "EUR"}
PAUSE = 3.5
"""After which an open circuit lets a call through again."""


@pytest.fixture(scope="module")
def partners(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Partners]:
    with running(tmp_path_factory.mktemp("partners"), Others()) as found:
        yield found


@pytest.fixture(autouse=True)
def _as_at_first(partners: Partners) -> Iterator[None]:
    yield
    others = partners.others
    others.orders_say, others.slow_seconds = None, 0.0
    others.refused_tokens.clear()
    time.sleep(1.1)  # the limit of a second is full again


def kind(answer: Answer) -> str:
    return str(answer.json.get("type", "")).rpartition("/")[2]


def test_an_order_goes_through_though_pricing_never_says_a_word(partners: Partners) -> None:
    placed = partners.place(reference="po-1")
    assert placed.status == 202, placed.body
    assert placed.json["reference"] == "po-1"
    assert placed.headers["Location"].endswith("customer=shopper-4711&min_version=1")
    *_, (_, path, headers, body) = partners.others.asked
    assert path == "/v1/partner-orders"
    assert "apikey" not in headers, "a key leaves the gateway"
    assert headers["x-api-key"] == PLAN_KEY
    assert "shopper-4711" not in json.dumps(body), "others learn a partner's own names"
    assert "quote" not in body


@pytest.mark.parametrize("key", [None, "", "wrong", KEYS["northwind"] + "x", "a" * 4000])
def test_without_a_key_of_ours_nothing_reaches_the_service(
    partners: Partners, key: str | None
) -> None:
    asked = len(partners.others.asked)
    headers = {} if key is None else {"apikey": key}
    refused = call(
        "POST", f"{partners.gateway.url}/v1/partner-orders", body=order(), headers=headers
    )
    assert refused.status == 401
    assert refused.headers["Content-Type"] == "application/problem+json"
    assert len(partners.others.asked) == asked


def test_a_key_in_the_address_is_none(partners: Partners) -> None:
    path = f"/v1/partner-orders?apikey={KEYS['northwind']}"
    assert partners.call("POST", path, order(), key=None).status == 401


def test_a_forged_consumer_is_dropped(partners: Partners) -> None:
    """Whoever says to be another partner orders as itself, or not at all."""
    forged = {
        "X-Consumer-Username": "tailspin",
        "X-Consumer-Custom-Id": "partner-tailspin",
        "traceparent": "00-" + "a" * 32 + "-" + "b" * 16 + "-01",
    }
    honest = partners.place(reference="po-forged")
    again = partners.call("POST", "/v1/partner-orders", order(reference="po-forged"), **forged)
    assert again.status == 202
    assert again.json["order_id"] == honest.json["order_id"]
    *_, (_, _, headers, _) = partners.others.asked
    assert "a" * 32 not in headers["traceparent"], "a caller's trace is not ours"
    nobody = partners.call("POST", "/v1/partner-orders", order(), key=None, **forged)
    assert nobody.status == 401


def test_two_partners_with_the_same_references_have_two_orders(partners: Partners) -> None:
    one = partners.place(reference="po-same")
    other = partners.place(reference="po-same", key=KEYS["tailspin"])
    assert (one.status, other.status) == (202, 202)
    assert one.json["order_id"] != other.json["order_id"]
    mine, theirs = (body["customer"] for *_, body in partners.others.asked[-2:])
    assert mine != theirs


def test_who_comes_past_the_gateway_is_refused(partners: Partners) -> None:
    refused = call("POST", f"{partners.service.url}/v1/partner-orders", body=order())
    assert (refused.status, kind(refused)) == (401, "no-consumer")


def test_a_key_is_rotated_in_use_and_the_old_one_then_refused(partners: Partners) -> None:
    """A second credential, both hold, the first one goes: no request of its owner is refused."""
    manifests, others = partners.gateway.manifests, partners.others
    before, outcomes = manifests.read_text("utf-8"), Counter[int]()
    documents = [it for it in yaml.safe_load_all(before) if it]
    second = "northwind-key-2"
    for it in list(documents):
        if it["kind"] == "KongConsumer" and it["metadata"]["name"] == "northwind":
            it["credentials"] = ["northwind-key", second]
        if it["kind"] == "ExternalSecret" and it["metadata"]["name"] == "northwind-key":
            made = json.loads(json.dumps(it))
            made["metadata"]["name"] = made["spec"]["target"]["name"] = second
            made["spec"]["data"][0]["remoteRef"]["property"] = "northwind_2"
            documents.append(made)
    connection = http.client.HTTPConnection(HOST, partners.gateway.port("edge"), timeout=5)

    def status(key: str) -> int:
        """On one connection that stays open: a key that is gone is gone there, too."""
        connection.request("GET", "/v1/partner-orders?customer=a", headers={"apikey": key})
        answer = connection.getresponse()
        answer.read()
        outcomes[answer.status] += 1
        time.sleep(0.21)  # below the limit of a second
        return answer.status

    try:
        manifests.write_text(yaml.safe_dump_all(documents), "utf-8")
        others.keys["northwind_2"] = "the-next-key"
        eventually(lambda: status("the-next-key") == 200)
        assert status(KEYS["northwind"]) == 200, "both hold"
        del others.keys["northwind"]
        eventually(lambda: status(KEYS["northwind"]) == 401)
        assert [status("the-next-key") for _ in range(3)] == [200] * 3
        assert not outcomes.keys() - {200, 401}
    finally:
        connection.close()
        others.keys.update(KEYS)
        manifests.write_text(before, "utf-8")
        eventually(lambda: partners.call("GET", "/v1/partner-orders?customer=a").status == 200)


def test_a_manifest_that_cannot_be_translated_changes_nothing(partners: Partners) -> None:
    manifests = partners.gateway.manifests
    before = manifests.read_text("utf-8")
    try:
        manifests.write_text(before.replace("limit_by: consumer", "limit_by: path"), "utf-8")
        log: Path = partners.gateway.log
        eventually(lambda: "is limited by path" in log.read_text(errors="replace"))
        assert partners.place().status == 202
    finally:
        manifests.write_text(before, "utf-8")


def test_one_consumer_at_its_limit_leaves_the_other_alone(partners: Partners) -> None:
    with ThreadPoolExecutor(12) as pool:
        path = "/v1/partner-orders?customer=a"
        many = list(pool.map(lambda _: partners.call("GET", path), range(24)))
        other = partners.call("GET", path, key=KEYS["tailspin"])
    counted = Counter(it.status for it in many)
    assert counted[200] >= 5, counted
    assert counted[429] >= 1, counted
    assert other.status == 200
    refused = next(it for it in many if it.status == 429)
    assert refused.headers["Retry-After"] == "1"
    assert refused.headers["Content-Type"] == "application/problem+json"
    time.sleep(1.1)  # the limit of a second is full again
    assert partners.call("GET", path).status == 200


@pytest.mark.parametrize("is_chunked", [False, True])
def test_a_body_over_the_consumers_limit_is_refused_however_it_comes(
    partners: Partners, is_chunked: bool
) -> None:
    """256 KB for one, 1024 KB for the other; the service itself takes no event that large."""
    body = b'{"customer": "' + b"x" * (300 * 1024) + b'"}'

    def status(key: str) -> tuple[int, str]:
        connection = http.client.HTTPConnection(HOST, partners.gateway.port("edge"), timeout=5)
        parts = iter([body]) if is_chunked else body
        headers = {"apikey": key, "Content-Type": "application/json"}
        connection.request("POST", "/v1/partner-orders", parts, headers, encode_chunked=is_chunked)
        answer = connection.getresponse()
        found = answer.status, answer.read().decode()
        connection.close()
        return found

    asked = len(partners.others.asked)
    code, text = status(KEYS["northwind"])
    assert (code, "correlation_id" in text) == (413, False), "the gateway refuses it"
    code, text = status(KEYS["tailspin"])
    assert (code, "correlation_id" in text) == (413, True), "the service does"
    assert len(partners.others.asked) == asked


@pytest.mark.parametrize("said", [503, 429, 500])
def test_orders_that_cannot_take_it_are_asked_again_by_the_partner_only(
    partners: Partners, said: int
) -> None:
    partners.others.orders_say = said
    wanted = f"po-{said}"
    refused = partners.place(reference=wanted)
    assert (refused.status, kind(refused)) == (503, "try-again")
    assert refused.headers["Retry-After"] == "7"
    partners.others.orders_say = None
    placed = partners.place(reference=wanted)
    assert placed.status == 202


def test_orders_that_do_not_answer_are_left_alone_for_a_while(partners: Partners) -> None:
    """A budget for each call, then an open circuit; one call later tries again."""
    others, key = partners.others, KEYS["tailspin"]
    others.slow_seconds = 4.0
    begun = time.monotonic()
    with ThreadPoolExecutor(5) as pool:
        slow = list(pool.map(lambda _: partners.place(key=key), range(5)))
    assert {it.status for it in slow} == {503}
    assert time.monotonic() - begun < 4.9, "less than the gateway waits"
    asked, begun = len(others.asked), time.monotonic()
    refused = partners.place(key=key)
    assert refused.status == 503
    assert time.monotonic() - begun < 0.5
    assert len(others.asked) == asked, "nobody is asked"
    others.slow_seconds = 0.0
    time.sleep(PAUSE)  # the circuit lets nobody through before
    assert partners.place(key=key).status == 202


def test_the_same_reference_a_hundred_times_at_once_is_one_order(partners: Partners) -> None:
    others = partners.others
    before = len(others.orders)
    wanted = order(reference="po-hundred")
    url = f"{partners.service.url}/v1/partner-orders"
    consumer = {"X-Consumer-Custom-Id": "partner-tailspin"}  # as the gateway would, without limits

    def place(_: int) -> str:
        """As a refusal says: again, as it was."""
        while (answer := call("POST", url, body=wanted, headers=consumer)).status == 503:
            time.sleep(float(answer.headers["Retry-After"]))
        assert answer.status == 202, answer.body
        return str(answer.json["order_id"])

    with ThreadPoolExecutor(100) as pool:
        assert len(set(pool.map(place, range(100)))) == 1
    assert len(others.orders) == before + 1


def test_a_key_that_was_exchanged_counts_from_the_next_call(partners: Partners) -> None:
    url = json.loads(partners.service.machine_client.read_text())["token_url"]
    url = url.removesuffix("/oauth2/token")
    try:
        know(partners.service, url, api_key="the-next-one")
        assert partners.place(key=KEYS["tailspin"]).status == 202
        assert partners.others.asked[-1][2]["x-api-key"] == "the-next-one"
    finally:
        know(partners.service, url, api_key=PLAN_KEY)


def test_a_token_is_fetched_once_for_all_who_wait(partners: Partners) -> None:
    others = partners.others
    assert partners.place(key=KEYS["tailspin"]).status == 202
    others.refused_tokens.add(f"token-{others.counts['tokens']}")
    fetched = others.counts["tokens"]
    with ThreadPoolExecutor(20) as pool:
        many = list(pool.map(lambda _: partners.place(key=KEYS["tailspin"]), range(20)))
    assert {it.status for it in many} == {202}
    assert others.counts["tokens"] == fetched + 1


@pytest.mark.parametrize(
    ("changed", "pointer"),
    [
        ({"reference": "a b"}, "/reference"),
        ({"reference": None}, "/reference"),
        ({"reference": "x" * 65}, "/reference"),
        ({"customer": "../me"}, "/customer"),
        ({"lines": []}, "/lines"),
        ({"lines": [{"sku": "A", "quantity": 0}]}, "/lines/0/quantity"),
        ({"lines": [{"sku": "A", "quantity": "2"}]}, "/lines/0/quantity"),
        ({"currency": "euros"}, "/currency"),
        ({"ship_to": {**order()["ship_to"], "street": "Elm Street 1"}}, "/ship_to"),
        ({"surprise": 1}, ""),
    ],
)
def test_what_breaks_the_contract_is_named_and_goes_no_further(
    partners: Partners, changed: dict[str, object], pointer: str
) -> None:
    asked = len(partners.others.asked)
    refused = partners.place(key=KEYS["tailspin"], **changed)
    assert (refused.status, kind(refused)) == (400, "invalid-request")
    assert refused.json["errors"][0]["pointer"] == pointer
    assert len(partners.others.asked) == asked


def test_a_person_passes_through_and_leaves_nothing_here(partners: Partners) -> None:
    path, person = "/v1/partner-customers/shopper-9", {"name": "Ada Quince", "email": "a@q.example"}
    kept = partners.call("PUT", path, person)
    assert (kept.status, kept.json) == (201, {"customer": "shopper-9"})
    assert partners.others.asked[-1][3] == person
    forgotten = partners.call("DELETE", path)
    assert forgotten.status == 204
    for file in partners.service.folder.iterdir():
        text = file.read_text(errors="replace")
        assert "Quince" not in text, file
        assert "q.example" not in text, file
        if file.name not in ("routes.json", "manifests.yaml"):
            assert KEYS["northwind"] not in text, file


def test_what_is_not_there_and_what_is_not_allowed_says_so(partners: Partners) -> None:
    assert partners.call("GET", "/v1/nothing").status == 404
    assert partners.call("GET", "/readyz").status == 404, "health is no matter of partners'"
    refused = partners.call("PATCH", "/v1/partner-orders", {})
    assert (refused.status, kind(refused)) == (405, "method-not-allowed")


def test_pods_are_healthy_by_grpc_and_quotes_are_for_partners_alone(partners: Partners) -> None:
    """Pricing says no word here: what is proved is who is asked for whom, and what is told."""
    port = partners.service.port("grpc")
    wanted = {"customer_id": "shopper-1", "lines": [{"sku": "A", "quantity": 1}], "currency": "EUR"}
    asked = {"method": "Quote", "request": wanted}
    consumer = {"x-consumer-custom-id": "partner-tailspin"}
    nobody, wrong, silent = calls(
        port,
        [
            asked,
            {**asked, "request": {**wanted, "customer_id": "a b"}, "metadata": consumer},
            {**asked, "metadata": consumer},
        ],
    )
    assert nobody["status"] == "UNAUTHENTICATED"
    assert wrong["status"] == "INVALID_ARGUMENT"
    assert silent["status"] == "UNAVAILABLE"


def test_quotes_by_grpc_come_through_the_gateway_by_key_alone(partners: Partners) -> None:
    port = partners.gateway.port("edge")
    asked = {"method": "Quote", "request": {**WANTED, "customer_id": "a b"}}
    key = {"apikey": KEYS["tailspin"]}
    forged = {"x-consumer-custom-id": "partner-tailspin"}
    other = {"method": "WatchPrices", "request": {"currency": "EUR"}, "metadata": key}
    nobody, wrong, pretender, known, watched = calls(
        port,
        [
            asked,
            {**asked, "metadata": {"apikey": "none of ours"}},
            {**asked, "metadata": forged},
            {**asked, "metadata": {**key, "x-consumer-custom-id": "partner-northwind"}},
            other,
        ],
    )
    assert [it["status"] for it in (nobody, wrong, pretender)] == ["UNAUTHENTICATED"] * 3
    assert known["status"] == "INVALID_ARGUMENT", "the service itself has answered"
    assert watched["status"] == "UNIMPLEMENTED", "no route leads there"
    time.sleep(1.1)  # the limit of a second is full again
    limited = calls(
        port, [{**asked, "metadata": {"apikey": KEYS["northwind"]}} for _ in range(200)]
    )
    statuses = [it["status"] for it in limited]
    assert statuses[0] == "INVALID_ARGUMENT"
    assert "UNAVAILABLE" in statuses, "gRPC's word for a limit, as proxies say it"


def test_pricings_port_is_closed_and_then_a_pricing_of_another_contract_is_there(
    tmp_path: Path,
) -> None:
    """An order goes through each time; what the service can read of a newer answer counts."""
    with socket.socket() as unused:
        unused.bind((HOST, 0))
        port = unused.getsockname()[1]
    others = Others()
    with running(tmp_path, others, PRICING_HOST=f"{HOST}:{port}") as found:

        def quoted() -> str | None:
            """What the next order brings along to orders."""
            placed = found.place(key=KEYS["tailspin"])
            assert placed.status == 202, placed.body
            *_, (_, _, _, body) = others.asked
            quote: str | None = body.get("quote")
            return quote

        assert [quoted() for _ in range(3)] == [None] * 3
        for how, expected in (("garbage", None), ("newer", NEWER), ("other", None)):
            with other_pricing(tmp_path / "pricing", port, how):
                if expected is not None:
                    eventually(lambda: quoted() == NEWER)
                assert [quoted() for _ in range(3)] == [expected] * 3


FEW = json.dumps({"items": [{"sku": "CUP", "availability": "few"}]}).encode()


def test_an_inventory_that_answers_wrongly_or_not_at_all_leaves_it_unknown(tmp_path: Path) -> None:
    port = free_port()
    with running(tmp_path, Others(), AVAILABILITY_HOST=f"{HOST}:{port}") as found:

        def said() -> str:
            """Past the gateway, whose limits are no matter here."""
            url = f"{found.service.url}/v1/partner-availability?skus=CUP"
            answer = call("GET", url, headers={"x-consumer-custom-id": "northwind"})
            assert answer.status == 200, answer.body
            return str(answer.json["items"][0]["availability"])

        assert said() == "unknown", "nobody listens"
        with inventory(tmp_path / "pricing", port) as answers:
            for wrong in ((403, FEW), (200, b"garbage"), (302, FEW), (200, b" " * 70_000 + FEW)):
                answers[:] = [wrong]
                eventually(lambda: said() == "unknown")
                answers[:] = [(200, FEW)]
                eventually(lambda: said() == "few")
        for _ in range(6):
            assert said() == "unknown"
        assert "circuit opened" in found.service.log.read_text("utf-8")
        with inventory(tmp_path / "pricing", port):
            eventually(lambda: said() == "few")


@contextmanager
def inventory(certificates: Path, port: int) -> Iterator[list[tuple[int, bytes]]]:
    """One that wants a certificate, and gives the first of these answers."""
    answers = [(200, FEW)]

    class Handler(GuardedHandler):
        timeout = 10

        def do_GET(self) -> None:
            status, content = answers[0]
            self.send_response(status)
            self.send_header("Location", f"https://{HOST}:{port}/elsewhere")
            self.send_header("Content-Length", str(len(content)))
            self.send_header("Connection", "close")  # so that its end is one
            self.end_headers()
            self.wfile.write(content)

    server = GuardedServer(port, Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates / "envoy.pem", certificates / "envoy.key")
    context.load_verify_locations(certificates / "authority.pem")
    context.verify_mode = ssl.CERT_REQUIRED
    server.socket = context.wrap_socket(
        server.socket, server_side=True, do_handshake_on_connect=False
    )
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield answers
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_who_drains_serves_on_and_ends(tmp_path: Path) -> None:
    with running(tmp_path, Others(), HEALTH_INTERVAL_SECONDS="0.5") as found:
        found.others.slow_seconds = 0.8
        with ThreadPoolExecutor() as pool:
            under_way = pool.submit(found.place, key=KEYS["tailspin"])
            eventually(lambda: found.others.asked)  # the order is under way
            found.service.stop()
            eventually(lambda: call("GET", f"{found.service.url}/readyz").status == 503)
            assert call("GET", f"{found.service.url}/livez").status == 200
            assert under_way.result().status == 202
        assert found.service.wait_until_gone(10)
        gone = found.place()
        assert gone.status == 503, "the gateway says that nobody is there"
