"""Faults that an operator causes offline: each is real, and ends whatever happens."""

from __future__ import annotations

import http.client
import os
import secrets
import signal
import uuid
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.console_contract import problems
from tests.support.drivers.console_login import App
from tests.support.drivers.offline import Answer, Deployment, call, eventually
from tests.support.drivers.shop import Shop
from tests.support.drivers.tracking_driver import TrackingDriver
from tools.emulator.payment_provider import PaymentProvider
from tools.local import operators
from tools.local.faults import FaultProcess
from tools.local.faults.at_the_log import PoisonRecord
from tools.local.faults.deployed import Deployed

POISON = "poison-record"
SHORT_SECONDS = 1.5


class Faults:
    """The fault process of a deployment, asked as the console's page asks it."""

    def __init__(self, deployment: Deployment, token: str) -> None:
        self.deployment = deployment
        self.token: str | None = token
        self.process = FaultProcess(deployment.emulator.workspace)

    def ask(self, path: str, body: Any = None, **headers: str) -> Answer:
        url = f"{self.deployment.emulator.endpoint}/_faults/v1/{path}"
        method = "GET" if body is None else "POST"
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return call(method, url, token=self.token, body=body, headers=named)

    def cause(self, name: str, choice: str) -> None:
        answer = self.ask(f"faults/{name}", {"choice": choice})
        assert answer.status == 200, answer.body
        assert problems("Faults", answer.json) == []
        assert self.on(answer)[name]["choice"] == choice

    def undo(self, name: str) -> None:
        answer = self.ask(f"faults/{name}/undo", {})
        assert answer.status == 200, answer.body
        assert self.on(answer) == {}

    def on(self, answer: Answer | None = None) -> dict[str, Any]:
        told = (answer or self.ask("faults")).json["faults"]
        return {it["name"]: it["on"] for it in told if it["on"]}


@pytest.fixture(scope="module")
def token(deployment: Deployment) -> str:
    operator = operators.known(deployment.emulator.workspace)
    return App.at(operator.url).access_token(operator)


@pytest.fixture
def faults(deployment: Deployment, token: str) -> Iterator[Faults]:
    """Nothing is on, before and after."""
    faults = Faults(deployment, token)
    faults.process.start()
    yield faults
    faults.token = token
    faults.process.start()
    assert faults.ask("undo", {}).status == 200
    assert faults.on() == {}


def is_silent(deployment: Deployment) -> bool:
    item = deployment.cloud.client("dynamodb").get_item(
        TableName=deployment.named("shipping", "tables", "CarrierDesk"),
        Key={"carrier": {"S": "heron-freight"}, "record": {"S": "behaviour"}},
    )
    return item.get("Item", {}).get("answers") == {"S": "never"}


def is_slow(deployment: Deployment) -> bool:
    url = deployment.named("shipping", "queues", "HeronFreightRequests")
    found = deployment.cloud.client("sqs").get_queue_attributes(
        QueueUrl=url, AttributeNames=["DelaySeconds"]
    )
    return found["Attributes"]["DelaySeconds"] != "0"


def is_stopped(deployment: Deployment) -> bool:
    name = deployment.named("sales", "functions", "ProjectSales")
    client = deployment.cloud.client("lambda")
    [mapping] = client.list_event_source_mappings(FunctionName=name)["EventSourceMappings"]
    return mapping["State"] == "Disabled"


def is_throttled(deployment: Deployment) -> bool:
    """One of five requests passes, so that three tries may get through by luck alone."""
    table = deployment.named("notifications", "tables", "Ledger")
    try:
        for _ in range(5):
            deployment.cloud.client("dynamodb").scan(TableName=table, Limit=1)
    except ClientError as error:
        return error.response["Error"]["Code"] == "ProvisionedThroughputExceededException"
    return False


def is_down(deployment: Deployment) -> bool:
    """What the provider's customers see: the connection is closed without an answer."""
    provider = PaymentProvider(deployment.emulator.workspace, "backup")
    key = provider.issue_key()["key"]
    connection = http.client.HTTPConnection("127.0.0.1", provider.port, timeout=5)
    headers = {"Authorization": f"Bearer {key}", "Idempotency-Key": secrets.token_hex(8)}
    body = b'{"reference": "r", "payer": "p", "amount": 1, "currency": "EUR"}'
    try:
        connection.request("POST", "/v1/authorizations", body, headers)
        return connection.getresponse().status != 201
    except (http.client.RemoteDisconnected, ConnectionError):
        return True
    finally:
        connection.close()


SEEN: dict[str, tuple[str, Callable[[Deployment], bool]]] = {
    "silent-carrier": ("heron-freight", is_silent),
    "slow-carrier": ("heron-freight", is_slow),
    "stopped-consumer": ("sales", is_stopped),
    "throttled-table": ("notifications", is_throttled),
    "provider-down": ("backup", is_down),
}


def test_each_fault_is_real_and_is_undone_when_asked(
    deployment: Deployment, faults: Faults
) -> None:
    for name, (choice, is_on) in SEEN.items():
        assert not is_on(deployment), name
        faults.cause(name, choice)
        eventually(partial(is_on, deployment))
        again = faults.ask(f"faults/{name}", {"choice": choice})
        assert (again.status, again.json["title"]) == (409, "It is on already")
        faults.undo(name)
        assert not is_on(deployment), name
        faults.undo(name)  # once more


def test_a_declined_payment_rejects_an_order_and_a_poison_record_is_parked_and_redriven(
    deployment: Deployment, faults: Faults
) -> None:
    with TrackingDriver(deployment) as courier:
        shop = Shop(deployment, courier)
        faults.cause("declined-payment", "next")
        rejected = shop.place()
        shop.wait_until_over([rejected])
        assert shop.state(rejected)["reason"] == "payment-declined"
        eventually(lambda: {"orders", "fulfilment"} <= services_traced(faults, rejected))
        eventually(
            lambda: faults.on()["declined-payment"]["effect"] == "payments declined since: 1"
        )
        faults.undo("declined-payment")
    poison = PoisonRecord(Deployed(deployment.emulator.workspace))
    for consumer in poison.parked():  # what other tests have left would be redriven with it
        poison.redriven(consumer)
    before = poison.effect()
    faults.cause(POISON, "once")
    eventually(lambda: poison.effect() != before)
    faults.undo(POISON)
    assert poison.effect() in (before, "nobody has parked anything")


def services_traced(faults: Faults, order: str) -> set[str]:
    """Who has spans of the order, as the console's page is told."""
    answer = faults.ask(f"traces/{order}")
    assert (answer.status, problems("Traces", answer.json)) == (200, [])
    return {it["service"] for trace in answer.json["traces"] for it in trace["spans"]}


def test_the_map_of_what_ran_is_told(deployment: Deployment, faults: Faults) -> None:
    Shop(deployment, TrackingDriver(deployment)).place()

    def orders_is_on_it() -> bool:
        answer = faults.ask("service-map")
        assert (answer.status, problems("ServiceMap", answer.json)) == (200, [])
        drawn = {(it["begin"], it["end"], it["way"]) for it in answer.json["arrows"]}
        return {("callers", "orders", "call"), ("orders", "event-log", "log")} <= drawn

    eventually(orders_is_on_it)
    faults.token = None
    assert faults.ask("service-map").status == 401


def test_an_order_that_there_is_not_has_no_spans_and_nobody_is_told_of_any_without_a_token(
    faults: Faults,
) -> None:
    assert faults.ask(f"traces/{uuid.uuid4()}").status == 404
    assert faults.ask("traces/..%2f").status == 400
    faults.token = None
    assert faults.ask(f"traces/{uuid.uuid4()}").status == 401


def test_the_books_light_says_as_of_when(faults: Faults) -> None:
    def books() -> dict[str, Any]:
        found: dict[str, Any] = faults.ask("faults").json["books"]
        return found

    eventually(lambda: books()["as_of"])
    assert books()["state"] in ("agree", "disagree")
    assert books()["problem"] is None


def test_load_is_placed_at_the_rate_until_it_is_stopped(faults: Faults) -> None:
    assert faults.ask("load", {"rate": 4}).json["load"]["rate"] == 4
    eventually(lambda: faults.ask("faults").json["load"]["placed"] >= 3)
    stopped = faults.ask("load", {"rate": 0}).json["load"]
    assert (stopped["rate"], stopped["until"]) == (0, None)


def test_its_time_ends_it_and_so_does_the_next_start_after_a_kill_and_an_orderly_end(
    deployment: Deployment, faults: Faults
) -> None:
    process = faults.process
    process.stop()
    process.start(seconds=SHORT_SECONDS)
    faults.cause("silent-carrier", "heron-freight")
    assert is_silent(deployment)
    eventually(lambda: not is_silent(deployment))
    assert faults.on() == {}

    process.stop()
    process.start()
    faults.cause("slow-carrier", "heron-freight")
    os.kill(process.pid, signal.SIGKILL)
    eventually(lambda: not process.is_running())
    unanswered = faults.ask("faults")
    assert (unanswered.status, unanswered.json["status"]) == (503, 503)
    assert is_slow(deployment)
    process.start()
    eventually(lambda: not is_slow(deployment))

    faults.cause("stopped-consumer", "sales")
    process.stop()
    assert not is_stopped(deployment)
    assert not process.is_running()


def test_only_an_operator_of_the_group_may_ask(deployment: Deployment, faults: Faults) -> None:
    faults.token = None
    assert faults.ask("faults").status == 401
    for scopes in (None, "orders/read"):
        faults.token = deployment.token("demo", scopes)
        assert faults.ask("faults/silent-carrier", {"choice": "heron-freight"}).status == 401
    operator = operators.known(deployment.emulator.workspace)
    looker = operators.Operator(operator.url, "looker", operator.password)
    pool = next(iter(deployment.outputs["services"]["console"]["user_pools"].values()))
    cognito = deployment.cloud.client("cognito-idp")
    cognito.admin_create_user(
        UserPoolId=pool,
        Username="looker",
        TemporaryPassword=looker.password,
        MessageAction="SUPPRESS",
    )
    cognito.admin_set_user_password(
        UserPoolId=pool, Username="looker", Password=looker.password, Permanent=True
    )
    faults.token = App.at(operator.url).access_token(looker)
    answer = faults.ask("undo", {})
    assert (answer.status, answer.headers["Content-Type"]) == (403, "application/problem+json")
    assert answer.headers["Cache-Control"] == "no-store"
    assert not is_silent(deployment)


@pytest.mark.parametrize(
    ("status", "headers"),
    [
        (403, {"Origin": "https://page.example"}),
        (403, {"Origin": "null"}),
        (403, {"Sec_Fetch_Site": "same-site"}),
        (421, {"Host": "page.example"}),
        (415, {"Content_Type": "text/plain"}),
    ],
)
def test_no_page_of_another_origin_reaches_it_by_either_way(
    deployment: Deployment, faults: Faults, status: int, headers: dict[str, str]
) -> None:
    answer = faults.ask("faults/silent-carrier", {"choice": "heron-freight"}, **headers)
    assert answer.status == status
    own = {"Origin": deployment.emulator.endpoint}  # the console's page, by the other way
    for named in ({it.replace("_", "-"): value for it, value in headers.items()}, own):
        url = f"{faults.process.url}/v1/faults/silent-carrier"
        body = {"choice": "heron-freight"}
        direct = call("POST", url, token=faults.token, body=body, headers=named)
        assert direct.status in (status, 403)
        assert "Access-Control-Allow-Origin" not in direct.headers
    assert not is_silent(deployment)


@pytest.mark.parametrize(
    ("status", "path", "body"),
    [
        (400, "faults/silent-carrier", b""),
        (400, "faults/silent-carrier", b"{"),
        (400, "faults/silent-carrier", b"[" * 4000),
        (400, "faults/silent-carrier", b"\xff\xfe"),
        (400, "faults/silent-carrier", b'{"choice": 7}'),
        (400, "faults/silent-carrier", b'{"choice": "nobody"}'),
        (400, "faults/silent-carrier", b'{"choice": "heron-freight", "seconds": 9}'),
        (400, "undo", b"[]"),
        (400, "undo", b'{"name": "x"}'),
        (400, "load", b'{"rate": -1}'),
        (400, "load", b'{"rate": 20.5}'),
        (400, "load", b'{"rate": NaN}'),
        (400, "load", b'{"rate": 1e999}'),
        (404, "faults/nothing", b'{"choice": "x"}'),
        (404, "faults/silent-carrier/more/undo", b"{}"),
        (404, "../v1/undo", b"{}"),
        (413, "faults/silent-carrier", b" " * 5000),
    ],
)
def test_garbage_is_refused_and_causes_nothing(
    deployment: Deployment, faults: Faults, status: int, path: str, body: bytes
) -> None:
    answer = faults.ask(path, body)
    assert answer.status == status, answer.body
    assert answer.json["status"] == status
    assert faults.on() == {}
    assert not is_silent(deployment)
