"""The console as deployed: an operator logs in by code with PKCE, and sees what the bus carries."""

from __future__ import annotations

import secrets
import stat
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.support.console_contract import problems
from tests.support.contracts.openapi_contract import OpenApi
from tests.support.drivers.console_login import App, claims_of
from tests.support.drivers.foreign_tokens import customer
from tests.support.drivers.offline import ENFORCED, Answer, Deployment, call, eventually
from tests.support.drivers.shop import Shop
from tests.support.drivers.tracking_driver import TrackingDriver
from tools.local import operators
from tools.local.operators import Operator

NOBODYS = "5eb1a7e5-0000-4000-8000-000000000001"
PULSE, ORDERS = "v1/pulse", "v1/orders"


@pytest.fixture(scope="module")
def operator(deployment: Deployment) -> Operator:
    """As `make up` has written it down."""
    return operators.known(deployment.emulator.workspace)


@pytest.fixture(scope="module")
def app(operator: Operator) -> App:
    return App.at(operator.url)


@pytest.fixture(scope="module")
def token(app: App, operator: Operator) -> str:
    return app.access_token(operator)


def refused(answer: Answer) -> bool:
    return answer.status == 401 and answer.json["type"].endswith("/unauthorized")


def test_who_may_log_in_is_written_for_its_owner_alone(
    deployment: Deployment, operator: Operator
) -> None:
    file = deployment.emulator.workspace.operator
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert len(operator.password) >= 20
    again = operators.introduce(deployment.outputs, deployment.cloud, deployment.emulator.workspace)
    assert again == operator


def test_an_operator_logs_in_by_code_with_pkce_and_reads_the_pulse(app: App, token: str) -> None:
    claims = claims_of(token)
    assert claims["token_use"] == "access"
    assert set(claims["scope"].split()) == {"console/read", "console/operate"}
    pulse = app.asks(PULSE, token)
    assert pulse.status == 200
    assert pulse.json["environment"] == "dev"
    assert pulse.json["operator"] == {"name": "operator", "may_operate": True}
    assert pulse.headers["Cache-Control"] == "no-store"
    assert pulse.headers["X-Content-Type-Options"] == "nosniff"
    assert pulse.headers["Strict-Transport-Security"]


def test_a_placed_order_is_told_by_the_pulse_and_listed(
    deployment: Deployment, app: App, token: str
) -> None:
    cursor = app.asks(PULSE, token).json["cursor"]
    order_id = Shop(deployment, TrackingDriver(deployment)).place()
    told: dict[str, dict[str, object]] = {}

    def everything_was_told() -> bool:
        nonlocal cursor
        pulse = app.asks(f"{PULSE}?after={cursor}", token).json
        cursor = pulse["cursor"]
        for it in pulse["activity"]:
            assert it["id"] not in told, "told twice"
            told[it["id"]] = it
        ours = [it["type"] for it in told.values() if it["order_id"] == order_id]
        return {"OrderPlaced", "StockReserved", "CommandReplied", "OrderConfirmed"} <= {*ours}

    eventually(everything_was_told)
    placed = next(
        it for it in told.values() if (it["type"], it["order_id"]) == ("OrderPlaced", order_id)
    )
    assert (placed["service"], placed["kind"], placed["version"]) == ("orders", "event", 1)
    assert "customer_id" not in placed

    def is_listed() -> bool:
        rows = {it["order_id"]: it for it in app.asks(ORDERS, token).json["orders"]}
        return bool(rows[order_id]["status"] == "confirmed" and rows[order_id]["version"] == 2)

    eventually(is_listed)


def test_an_orders_past_is_told_by_everybody_who_has_a_part_of_it(
    deployment: Deployment, app: App, token: str
) -> None:
    order_id = Shop(deployment, TrackingDriver(deployment)).place()
    path = f"v1/orders/{order_id}/timeline"

    def everything_is_told() -> bool:
        past = app.asks(path, token)
        assert past.status == 200
        told = {(it["lane"], it["title"]) for it in past.json["entries"]}
        return {
            ("api", "POST /v1/orders"),
            ("store", "OrderPlaced"),
            ("store", "OrderConfirmed"),
            ("log", "OrderPlaced"),
            ("log", "OrderConfirmed"),
            ("archive", "OrderPlaced"),
            ("archive", "OrderConfirmed"),
            ("saga", "ReserveStock"),
            ("saga", "ConfirmOrder"),
            ("views", "order-view"),
            ("views", "bus-publisher"),
            ("notifications", "order-received"),
        } <= told

    eventually(everything_is_told)
    past = app.asks(path, token).json
    assert [it["state"]["status"] for it in past["states"]] == ["placed", "confirmed"]
    saga = app.asks(f"v1/sagas/{order_id}", token).json
    assert ("gather-quotes", "done") in {(it["step"], it["status"]) for it in saga["steps"]}
    (request,) = saga["quotes"]
    assert request["deadline"]
    assert sum(it["chosen"] for it in request["carriers"]) == 1
    named = app.asks(f"v1/sagas?orders={order_id}", token).json["sagas"]
    assert order_id in {it["order_id"] for it in named}
    assert "token" not in str(saga)

    def it_ended_confirmed() -> bool:
        several = app.asks("v1/sagas", token).json
        assert problems("Sagas", several) == []
        return int((several["ended"] or {"counts": {}})["counts"].get("confirmed", 0)) > 0

    eventually(it_ended_confirmed)
    for lane in ("api", "store", "log", "saga", "views", "archive", "notifications"):
        assert past["parts"][lane]["answered"], past["parts"][lane]
    assert not {"customer_id", "address_id"} & {*past["states"][0]["state"]}
    unknown = "v1/orders/5eb1a7e5-0000-4000-8000-000000000001/timeline"
    assert app.asks(unknown, token).status == 404
    assert app.asks("v1/orders/x/timeline", token).status == 400
    assert app.asks("v1/sagas/5eb1a7e5-0000-4000-8000-000000000001", token).status == 404
    assert app.asks("v1/sagas/x", token).status == 400
    assert app.asks("v1/sagas?orders=x", token).status == 400


def test_services_consumers_and_sagas_are_as_they_are_deployed(app: App, token: str) -> None:
    services = {it["name"]: it for it in app.asks("v1/services", token).json["services"]}
    assert services["orders"]["says"] == [
        *("CommandReplied", "OrderCancelled", "OrderConfirmed", "OrderPlaced", "OrderRejected"),
    ]
    assert services["sales"]["reads_log"]

    def everybody_has_read() -> bool:
        found = {it["name"]: it for it in app.asks("v1/consumers", token).json["consumers"]}
        unread = [it for it in found.values() if not (it["checkpoints"] and it["log_looked_at"])]
        assert not unread, unread
        return {it["problem"] for it in found.values()} == {None}

    # The log is looked at in turns, which other tests may have taken.
    eventually(everybody_has_read)
    assert app.asks("v1/consumers/sales/parked", token).json["capped"] is False
    assert app.asks("v1/consumers/nobody/parked", token).status == 404
    assert app.asks("v1/sagas", token).json["counts"]["open"] >= 0
    releases = app.asks("v1/releases", token)
    assert (releases.status, problems("Releases", releases.json)) == (200, [])
    assert [it["service"] for it in releases.json["services"]] == ["pricing"]


def test_what_needs_no_name_is_answered_as_the_document_declares(app: App, token: str) -> None:
    api = OpenApi.of("console")
    asked = [it for it in api.operations.values() if it.method == "GET" and "{" not in it.path]
    assert len(asked) > 10
    for operation in asked:
        answer = app.asks(operation.path.removeprefix("/"), token)
        assert api.faults(operation, answer) == [], operation.path
        assert answer.status == 200, operation.path


def test_what_is_not_there_is_refused_as_the_document_declares(app: App, token: str) -> None:
    api = OpenApi.of("console")
    nobody = {"name": "nobody", "service": "nobody", "profile": "none", "order_id": NOBODYS}
    for operation in api.operations.values():
        if "{" in operation.path:
            body = operation.body["example"] if operation.body else None
            path = operation.path.removeprefix("/").format(**nobody)
            if body is None:
                answer = app.asks(path, token)
            else:
                answer = call("POST", f"{app.url}{path}", token=token, body=body)
            assert api.faults(operation, answer) == [], operation.path
            assert answer.status == 404, (operation.path, answer.body)


def test_an_alarm_that_fires_and_a_queue_that_fills_are_told(
    deployment: Deployment, app: App, token: str
) -> None:
    make: Any = deployment.cloud.client  # boto3 stubs know no CloudWatch here
    cloudwatch = make("cloudwatch")
    [stuck] = [
        it
        for page in cloudwatch.get_paginator("describe_alarms").paginate()
        for it in page["MetricAlarms"]
        if "fulfilment-StuckSagasWait" in it["AlarmName"]
    ]
    before = stuck["StateValue"]
    queue = deployment.named("fulfilment", "queues", "Operators")
    deployment.cloud.client("sqs").send_message(QueueUrl=queue, MessageBody="nobody's")
    cloudwatch.set_alarm_state(AlarmName=stuck["AlarmName"], StateValue="ALARM", StateReason="x")
    try:
        alarms = app.asks("v1/alarms", token)
        assert (alarms.status, problems("Alarms", alarms.json)) == (200, [])
        told = [it for it in alarms.json["alarms"] if it["name"] == "StuckSagasWait"]
        assert [(it["service"], it["what"], it["reason"]) for it in told] == [
            ("fulfilment", "sagas wait for an operator", "x")
        ]
        assert sum(alarms.json["counts"].values()) > 100
        queues = app.asks("v1/queues", token)
        assert (queues.status, problems("Queues", queues.json)) == (200, [])
        depths = {(it["service"], it["name"]): it for it in queues.json["queues"]}
        operators_queue = depths["fulfilment", "Operators"]
        assert operators_queue["waiting"] + operators_queue["in_flight"] >= 1
        assert operators_queue["dead_letters"] == 0
        assert {"Commands"} <= {name for service, name in depths if service == "payments"}
    finally:
        cloudwatch.set_alarm_state(
            AlarmName=stuck["AlarmName"], StateValue=before, StateReason="the test is over"
        )


def test_the_log_is_told_shard_by_shard_and_read_once_in_two_seconds(
    deployment: Deployment, app: App, token: str
) -> None:
    order_id = Shop(deployment, TrackingDriver(deployment)).place()
    [shard] = [it["shard"] for it in app.asks("v1/log", token).json["shards"] if it["open"]]
    told: dict[str, dict[str, Any]] = {}
    path = f"v1/log?shard={shard}"

    def read_on() -> Answer:
        """The next records, once it is this test's turn."""
        for _ in range(10):
            answer = app.asks(path, token)
            if answer.json["read"]:
                break
            time.sleep(answer.json["wait_ms"] / 1000)
        return answer

    def the_order_is_confirmed() -> bool:
        nonlocal path
        answer = read_on().json
        assert problems("Log", answer) == []
        path = f"v1/log?shard={shard}&after={answer['cursor']}"
        assert not told.keys() & {it["sequence"] for it in answer["records"]}, "told twice"
        told.update((it["sequence"], it) for it in answer["records"])
        ours = {it["type"] for it in told.values() if it["order_id"] == order_id}
        return {"OrderPlaced", "StockReserved", "OrderConfirmed"} <= ours

    eventually(the_order_is_confirmed)
    placed = next(
        it for it in told.values() if (it["type"], it["order_id"]) == ("OrderPlaced", order_id)
    )
    assert (placed["service"], placed["version"], placed["problem"]) == ("orders", 1, None)
    assert placed["fields"]["currency"] == "EUR"
    assert "customer_id" not in placed["fields"]

    def read_by_two() -> list[bool]:
        """Which of two pages that ask at once read; nothing if a slow machine kept them apart."""
        time.sleep(read_on().json["wait_ms"] / 1000)
        began = time.monotonic()
        with ThreadPoolExecutor(2) as pages:
            answers = list(pages.map(lambda _: app.asks(path, token).json, range(2)))
        return sorted(it["read"] for it in answers) if time.monotonic() - began < 2 else []

    assert eventually(read_by_two) == [False, True]
    assert app.asks(f"{path}x", token).status == 400


def test_a_code_is_worth_nothing_without_its_verifier(app: App, operator: Operator) -> None:
    verifier = secrets.token_urlsafe(48)
    code = app.code(operator, verifier)
    assert app.redeem(code, secrets.token_urlsafe(48)).status == 400
    fresh = app.code(operator, verifier)
    assert app.redeem(fresh, verifier).status == 200
    assert app.redeem(fresh, verifier).status == 400, "a code is used once"


def test_the_login_sends_nobody_to_another_address(app: App) -> None:
    page = app.page("v" * 43, redirect_uri="https://elsewhere.example/")
    assert page.status == 400


def test_the_app_gets_no_scope_that_it_was_not_given(app: App) -> None:
    page = app.page("v" * 43, scope="openid console/read")
    assert page.status == 302
    assert "invalid_scope" in page.headers["Location"]
    assert urlsplit(page.headers["Location"]).netloc == urlsplit(app.url).netloc


@pytest.mark.parametrize(
    "path", [PULSE, ORDERS, "v1/services", "v1/consumers", "v1/sagas", "v1/log"]
)
def test_nobody_is_answered_without_an_operators_token(
    deployment: Deployment, app: App, token: str, path: str
) -> None:
    forged = f"{token.rpartition('.')[0]}.{'A' * 342}"
    for offered in (None, "", forged, deployment.token(), customer(deployment).id_token()):
        assert refused(app.asks(path, offered)), offered


def test_an_operators_token_without_the_scope_is_refused(
    deployment: Deployment, app: App, operator: Operator
) -> None:
    operating = app.access_token(operator, scope="console/operate")
    assert refused(app.asks(PULSE, operating))
    reading = app.access_token(operator, scope="console/read")
    pulse = app.asks(PULSE, reading)
    assert (pulse.status, pulse.json["operator"]["may_operate"]) == (200, False)
    # And what customers' services serve is not an operator's.
    assert refused(App(deployment.url("order-views") + "/", {}).asks("v1/orders", reading))


@pytest.mark.skipif(not ENFORCED, reason="flows are judged where policies are; see the ledger")
def test_no_password_gets_a_token_past_the_login(
    deployment: Deployment, app: App, operator: Operator
) -> None:
    cognito = deployment.cloud.client("cognito-idp")
    with pytest.raises(cognito.exceptions.ClientError):
        cognito.initiate_auth(
            ClientId=app.config["client_id"],
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": operator.username, "PASSWORD": operator.password},
        )


@pytest.mark.parametrize("after", ["", "x", "A" * 64, "../..", "%00"])
@pytest.mark.parametrize("path", [PULSE, ORDERS])
def test_a_place_that_nobody_gave_out_is_a_problem(
    app: App, token: str, path: str, after: str
) -> None:
    answer = app.asks(f"{path}?after={after}", token)
    assert (answer.status, answer.headers["Content-Type"]) == (400, "application/problem+json")


def test_files_come_before_the_login_and_say_what_a_browser_may_do(app: App) -> None:
    page = app.asks("", None)
    assert page.status == 200
    assert page.headers["Content-Type"].startswith("text/html")
    assert "script-src 'self';" in page.headers["Content-Security-Policy"]
    assert page.headers["Cache-Control"] == "no-store"
    assert app.asks("nothing.js", None).status == 404
    assert app.config["login_url"] in page.headers["Content-Security-Policy"]


def test_what_the_gateway_refuses_is_protected_too(app: App) -> None:
    answer = app.asks(PULSE, None)
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
