"""Partners are told what becomes of their orders, at a receiver that stands on this machine."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.support.containers import with_containers
from tests.support.drivers.offline import Answer, Deployment, call, eventually
from tests.support.drivers.partners_driver import SHIP_TO
from tools.base.partners_key import key_of_partners
from tools.containers import environment
from tools.emulator.partners.receiver import Receiver, listening
from tools.local import tokens

pytestmark = with_containers

PATIENCE = 90.0
"""Seconds: the saga, the bus and the tries that a test makes fail."""
PERSON = {"name": "A Shopper", "email": "shopper@example.com"}


@pytest.fixture(scope="module")
def receiver(deployment: Deployment) -> Iterator[Receiver]:
    folder = deployment.emulator.workspace.receivers_authority.parent
    folder.mkdir(exist_ok=True, mode=0o700)
    environment.run((environment.PYTHON, "-m", "tools.emulator.pricing.certificates", folder))
    with listening(folder) as found:
        yield found


@dataclass(frozen=True)
class Partner:
    """What the service for partners asks the APIs for, for one partner."""

    deployment: Deployment
    token: str
    name: str

    @property
    def endpoint(self) -> str:
        return f"/v1/partner-endpoints/{self.name}"

    def ask(self, service: str, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        url = self.deployment.url(service, path)
        headers = {"x-api-key": key_of_partners(self.deployment.cloud), **headers}
        return call(method, url, token=self.token, body=body, headers=headers)

    def register(self, customer: str) -> None:
        linked = self.ask("webhooks", "PUT", f"{self.endpoint}/customers/{customer}")
        assert linked.status == 204, linked.body
        made = self.ask("customers", "PUT", f"/v1/partner-customers/{customer}", PERSON)
        assert made.status == 201, made.body

    def place(self, customer: str) -> str:
        wish = {
            "customer": customer,
            "lines": [{"sku": "TEA-SENCHA", "quantity": 1}],
            "currency": "EUR",
            "ship_to": SHIP_TO,
        }
        key = {"Idempotency-Key": uuid.uuid4().hex}
        placed = self.ask("orders", "POST", "/v1/partner-orders", wish, **key)
        assert placed.status == 202, placed.body
        order_id: str = placed.json["order_id"]
        return order_id


@pytest.fixture
def partner(deployment: Deployment, receiver: Receiver) -> Partner:
    """A partner that is told at the receiver."""
    token = tokens.of_a_machine(deployment.outputs, deployment.cloud)
    made = Partner(deployment, token, hashlib.sha256(uuid.uuid4().bytes).hexdigest())
    kept = made.ask("webhooks", "PUT", made.endpoint, receiver.endpoint)
    assert kept.status == 201, kept.body
    assert made.ask("webhooks", "PUT", made.endpoint, receiver.endpoint).status == 200
    return made


def test_a_partner_is_told_once_of_all_that_becomes_of_an_order(
    deployment: Deployment, partner: Partner, receiver: Receiver
) -> None:
    customer = f"shopper-{uuid.uuid4()}"
    partner.register(customer)
    receiver.says = [503, 302]  # the first notice is taken at the third try
    order_id = partner.place(customer)
    eventually(lambda: len(receiver.of_order(order_id)) == 2, PATIENCE)
    told = receiver.of_order(order_id)
    assert [(it["type"], it["data"]["version"]) for it in told] == [
        ("order.placed", 1),
        ("order.confirmed", 2),
    ]
    assert receiver.says == []
    assert receiver.refused == []
    ids = [id for id, message in receiver.taken.items() if message in told]
    table = deployment.named("webhooks", "tables", "Deliveries")
    client = deployment.cloud.client("dynamodb")

    def settled() -> bool:
        items = [
            client.get_item(TableName=table, Key={"event_id": {"S": it}})["Item"] for it in ids
        ]
        return {it["status"]["S"] for it in items} == {"delivered"}

    eventually(settled, PATIENCE)


def test_nobody_is_told_of_who_is_forgotten_or_of_other_peoples_orders(
    deployment: Deployment, partner: Partner, receiver: Receiver
) -> None:
    forgotten, other = f"shopper-{uuid.uuid4()}", f"shopper-{uuid.uuid4()}"
    partner.register(forgotten)
    gone = partner.ask("customers", "DELETE", f"/v1/partner-customers/{forgotten}")
    assert gone.status == 204
    link = f"{partner.endpoint}/customers/{forgotten}"
    eventually(lambda: partner.ask("webhooks", "PUT", link).status == 410, PATIENCE)
    made = partner.ask("customers", "PUT", f"/v1/partner-customers/{other}", PERSON)
    assert made.status == 201
    silent = partner.place(other)  # nobody has said whose customer it is
    customer = f"shopper-{uuid.uuid4()}"
    partner.register(customer)
    heard = partner.place(customer)
    eventually(lambda: len(receiver.of_order(heard)) == 2, PATIENCE)
    assert receiver.of_order(silent) == []
    table = deployment.named("webhooks", "tables", "Customers")
    items = deployment.cloud.client("dynamodb").scan(TableName=table)["Items"]
    kept = [it for it in items if "forgotten" in it]
    assert kept
    assert all(set(it) == {"customer_id", "forgotten"} for it in kept)


def test_after_the_endpoint_is_removed_nothing_is_told(
    partner: Partner, receiver: Receiver
) -> None:
    another = Partner(partner.deployment, partner.token, hashlib.sha256(b"another").hexdigest())
    assert another.ask("webhooks", "PUT", another.endpoint, receiver.endpoint).status == 201
    orders = []
    for it in (partner, another):
        customer = f"shopper-{uuid.uuid4()}"
        it.register(customer)
        for _ in range(2):
            if it is partner:
                assert it.ask("webhooks", "DELETE", it.endpoint).status == 204
        orders.append(it.place(customer))
    silent, heard = orders
    eventually(lambda: len(receiver.of_order(heard)) == 2, PATIENCE)
    assert receiver.of_order(silent) == []


@pytest.mark.parametrize(
    ("url", "status"),
    [
        *(("https://127.0.0.1/x", 422), ("http://localhost:1/orders", 422), ("", 400)),
        *(("https://localhost:1/orders", 422), ("https://[::1]/orders", 422)),
        ("https://169.254.169.254/latest/meta-data", 422),
    ],
)
def test_an_address_that_may_not_be_called_or_does_not_answer_is_no_endpoint(
    partner: Partner, receiver: Receiver, url: str, status: int
) -> None:
    body = {"url": url, "secret": receiver.secret}
    refused = partner.ask("webhooks", "PUT", partner.endpoint, body)
    assert refused.status == status, refused.body
    if status == 422:
        assert refused.json["type"].rpartition("/")[2] == "endpoint-refused"
        assert refused.json["errors"][0]["pointer"] == "/url"


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_" + "A" * 40, "secret" * 10])
def test_what_anybody_could_guess_is_no_secret(
    partner: Partner, receiver: Receiver, secret: str
) -> None:
    body = {"url": receiver.url, "secret": secret}
    assert partner.ask("webhooks", "PUT", partner.endpoint, body).status == 400


@pytest.mark.parametrize("name", ["northwind", "A" * 64, "0" * 63])
def test_a_partner_is_named_by_a_digest(partner: Partner, receiver: Receiver, name: str) -> None:
    path = f"/v1/partner-endpoints/{name}"
    assert partner.ask("webhooks", "PUT", path, receiver.endpoint).status == 404
    assert partner.ask("webhooks", "DELETE", path).status == 404
    assert partner.ask("webhooks", "PUT", f"{path}/customers/c-1").status == 404
