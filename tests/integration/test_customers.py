"""Customers as deployed: the tables keep the contract, the API answers, the event goes out."""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from contracts.product import PRODUCT
from customers.adapters.dynamodb_profiles import DynamoDbProfiles
from tests.support.contracts.profiles_contract import ProfilesContract
from tests.support.drivers.bus_listener import BusListener
from tests.support.drivers.offline import Answer, Deployment, call, eventually
from tools.base.assembly import Assembly
from tools.base.endpoint import ACCOUNT, REGION, Cloud

ADA = {"name": "Ada Quillfeather", "email": "ada@quillfeather.example"}
HOME = {"street": "Wisteria Row 7", "city": "Bristol", "postcode": "BS1 4DJ", "country": "GB"}
ME = "/v1/customers/me"


class Person:
    """Somebody with a sign-in, who calls the API."""

    def __init__(self, deployment: Deployment) -> None:
        self._token = deployment.token(f"person-{uuid.uuid4()}")
        self._url = deployment.url("customers", ME)
        claims = self._token.split(".")[1]
        claims += "=" * (-len(claims) % 4)
        self.id: str = json.loads(base64.urlsafe_b64decode(claims))["sub"]

    def asks(self, method: str, path: str = "", body: Any = None, **headers: str) -> Answer:
        return call(
            method,
            self._url + path,
            token=self._token,
            body=body,
            headers={name.replace("_", "-"): value for name, value in headers.items()},
        )


@pytest.fixture
def ada(deployment: Deployment) -> Person:
    """Somebody who has just registered."""
    person = Person(deployment)
    assert person.asks("PUT", body=ADA).status == 201
    return person


@pytest.fixture(scope="module")
def bus(deployment: Deployment) -> BusListener:
    """Hears the integration events of customers."""
    name = deployment.named("event-log", "buses", "Bus")
    return BusListener(deployment.cloud, name, f"{PRODUCT}.customers")


class TestDynamoDbProfiles(ProfilesContract):
    @pytest.fixture
    def profiles(self, deployment: Deployment) -> DynamoDbProfiles:
        return DynamoDbProfiles(
            deployment.cloud.client("dynamodb"),
            deployment.named("customers", "tables", "Profiles"),
            deployment.named("customers", "tables", "Tombstones"),
        )


def item(deployment: Deployment, table: str, customer_id: str) -> dict[str, Any] | None:
    answer = deployment.cloud.client("dynamodb").get_item(
        TableName=deployment.named("customers", "tables", table),
        Key={"customer_id": {"S": customer_id}},
        ConsistentRead=True,
    )
    return answer.get("Item")


def test_nobody_is_served_without_a_token(deployment: Deployment) -> None:
    for method in ("GET", "PUT", "DELETE"):
        assert call(method, deployment.url("customers", ME)).status == 401


def test_a_customer_reads_what_it_registered(ada: Person) -> None:
    answer = ada.asks("GET")
    assert (answer.status, answer.headers["ETag"]) == (200, '"1"')
    assert answer.json["customer_id"] == ada.id
    assert {**answer.json, **ADA, "addresses": []} == answer.json


def test_customers_see_themselves_only(deployment: Deployment, ada: Person) -> None:
    stranger = Person(deployment)
    assert ada.asks("POST", "/addresses", HOME).status == 201
    assert stranger.asks("GET").status == 404
    its_id = ada.asks("GET").json["addresses"][0]["address_id"]
    assert stranger.asks("PUT", body=ADA).status == 201
    assert stranger.asks("PUT", f"/addresses/{its_id}", HOME).status == 404


def test_an_address_is_added_once_and_corrected_in_its_place(ada: Person) -> None:
    added = ada.asks("POST", "/addresses", HOME)
    assert added.status == 201
    assert ada.asks("POST", "/addresses", HOME).headers["Location"] == added.headers["Location"]
    path = added.headers["Location"].removeprefix(ME)
    corrected = ada.asks("PUT", path, {**HOME, "extra": "Flat 2"}, If_Match='"2"')
    assert corrected.status == 200
    its_id = path.rsplit("/", 1)[1]
    assert corrected.json["addresses"] == [{"address_id": its_id, **HOME, "extra": "Flat 2"}]
    assert ada.asks("PUT", path, HOME, If_Match='"2"').status == 412


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("PUT", "", b"Ada Quillfeather", 400),
        ("PUT", "", {"name": "Ada Quillfeather"}, 400),
        ("PUT", "", {**ADA, "name": "x" * 300_000}, 413),
        ("POST", "/addresses", {**HOME, "country": "ZZ"}, 422),
        ("PUT", "/addresses/not-an-id", HOME, 404),
        ("GET", "/orders", None, 404),
    ],
)
def test_a_refusal_is_a_problem_document(
    ada: Person, method: str, path: str, body: Any, status: int
) -> None:
    answer = ada.asks(method, path, body)
    assert (answer.status, answer.headers["Content-Type"]) == (status, "application/problem+json")
    assert {"type", "title", "status", "detail", "correlation_id"} <= answer.json.keys()


def test_no_address_that_was_acknowledged_is_lost(deployment: Deployment, ada: Person) -> None:
    def add(number: int) -> tuple[str, int]:
        street = f"Row {number}"
        return street, ada.asks("POST", "/addresses", {**HOME, "street": street}).status

    with ThreadPoolExecutor(6) as threads:
        answers = list(threads.map(add, range(12)))
    assert {status for _, status in answers} <= {201, 409}
    kept = {address["street"] for address in ada.asks("GET").json["addresses"]}
    assert kept == {street for street, status in answers if status == 201}


def test_who_is_forgotten_is_gone_and_a_tombstone_is_left(
    deployment: Deployment, ada: Person
) -> None:
    assert ada.asks("DELETE").status == 204
    first = item(deployment, "Tombstones", ada.id)
    assert ada.asks("DELETE").status == 204
    assert item(deployment, "Profiles", ada.id) is None
    assert first is not None
    assert item(deployment, "Tombstones", ada.id) == first
    for method, body in (("GET", None), ("PUT", ADA)):
        assert ada.asks(method, "", body).status == 410
    assert item(deployment, "Profiles", ada.id) is None


def test_nothing_that_is_under_way_outlives_the_forgetting(
    deployment: Deployment, ada: Person
) -> None:
    def rename(number: int) -> int:
        return ada.asks("PUT", body={**ADA, "name": f"Ada {number}"}).status

    with ThreadPoolExecutor(5) as threads:
        renaming = threads.map(rename, range(24))
        forgetting = threads.submit(ada.asks, "DELETE")
        assert forgetting.result().status == 204
        assert set(renaming) <= {200, 409, 410}
    assert item(deployment, "Profiles", ada.id) is None
    assert ada.asks("GET").status == 410


def test_the_world_is_told_once_who_is_forgotten(
    deployment: Deployment, bus: BusListener, ada: Person
) -> None:
    journey = str(uuid.uuid4())
    assert ada.asks("DELETE", X_Correlation_Id=journey).status == 204
    assert ada.asks("DELETE").status == 204
    after = Person(deployment)
    assert after.asks("DELETE").status == 204

    def told() -> bool:
        return after.id in {integration_event.aggregate_id for integration_event in bus.heard()}

    eventually(told)
    # The bus may bring it more than once, always under the same id.
    (integration_event,) = {
        it.event_id: it for it in bus.heard() if it.aggregate_id == ada.id
    }.values()
    assert (integration_event.type, integration_event.data, integration_event.version) == (
        "CustomerForgotten",
        {"customer_id": ada.id},
        None,
    )
    assert integration_event.correlation_id == journey


def test_profiles_have_no_stream(deployment: Deployment) -> None:
    dynamodb = deployment.cloud.client("dynamodb")

    def stream_of(table: str) -> Any:
        name = deployment.named("customers", "tables", table)
        return dynamodb.describe_table(TableName=name)["Table"].get("StreamSpecification")

    assert not (stream_of("Profiles") or {}).get("StreamEnabled")
    assert stream_of("Tombstones")["StreamEnabled"]


def test_backups_of_profiles_are_short_and_those_of_tombstones_are_not(
    deployment: Deployment,
) -> None:
    (stack,) = [
        stack
        for stack in Assembly(deployment.emulator.workspace.offline_assembly).stacks
        if stack.name == f"{PRODUCT}-dev-customers"
    ]
    days = {
        logical_id.rstrip("0123456789ABCDEF"): replica["PointInTimeRecoverySpecification"].get(
            "RecoveryPeriodInDays", 35
        )
        for logical_id, resource in stack.template["Resources"].items()
        if resource["Type"] == "AWS::DynamoDB::GlobalTable"
        for replica in resource["Properties"]["Replicas"]
    }
    assert days == {"Profiles": 7, "Tombstones": 35}


@pytest.fixture(scope="module")
def may(deployment: Deployment, cloud: Cloud) -> Callable[[str, str, str], bool]:
    """``may(function, action, table)``: whether the function's role allows it on that table."""

    def allowed(function: str, action: str, table: str) -> bool:
        name = deployment.named("customers", "tables", table)
        answer = cloud.client("iam").simulate_principal_policy(
            PolicySourceArn=f"arn:aws:iam::{ACCOUNT}:role/{PRODUCT}-dev-{REGION}-customers-{function}",
            ActionNames=[f"dynamodb:{action}"],
            ResourceArns=[f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{name}"],
        )
        return answer["EvaluationResults"][0]["EvalDecision"] == "allowed"

    return allowed


@pytest.mark.parametrize(
    ("function", "on_profiles", "on_tombstones"),
    [
        ("RegisterCustomer", {"GetItem", "PutItem"}, {"GetItem", "ConditionCheckItem"}),
        ("AddAddress", {"GetItem", "PutItem"}, {"GetItem", "ConditionCheckItem"}),
        ("ReplaceAddress", {"GetItem", "PutItem"}, {"GetItem", "ConditionCheckItem"}),
        ("ReadCustomer", {"GetItem"}, {"GetItem"}),
        ("ForgetCustomer", {"DeleteItem"}, {"PutItem"}),
        ("AnnounceForgotten", set(), set()),
    ],
)
def test_each_function_may_do_its_own_work_only(
    may: Callable[[str, str, str], bool],
    function: str,
    on_profiles: set[str],
    on_tombstones: set[str],
) -> None:
    actions = {"GetItem", "PutItem", "DeleteItem", "UpdateItem", "ConditionCheckItem"}
    actions |= {"Query", "Scan", "BatchGetItem", "BatchWriteItem"}
    assert {it for it in actions if may(function, it, "Profiles")} == on_profiles
    assert {it for it in actions if may(function, it, "Tombstones")} == on_tombstones
