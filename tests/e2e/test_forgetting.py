"""A person can be erased though the log cannot change: no trace is anywhere after forgetting."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from rich.console import Console

from contracts.product import PRODUCT
from tests.support.drivers.bus_listener import BusListener
from tests.support.drivers.everything import Everything
from tests.support.drivers.offline import Deployment, call, eventually, stopped
from tests.support.drivers.planted_secrets import PLANTS, Plant
from tools.emulator.emulator import Emulator
from tools.local.bring_up import bring_up

NAME = "Philomena Quarrington"
EMAIL = "philomena@quarrington.example"
STREET = "Marmaduke Crescent 91"
PERSONAL = (NAME, "Quarrington", EMAIL, STREET, "Marmaduke")
ME = "/v1/customers/me"
OF_AN_ORDER_THAT_GOES_ON = ("placed", "confirmed", "rejected")
"""How far its saga is by then, the machine decides."""
PATIENCE = 60.0
"""Seconds until the archive has an event, on a machine that is busy with other things."""


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """An emulator of its own: the scan reads all that is in it."""
    with Emulator(tmp_path_factory.mktemp("forgetting")) as emulator:
        yield Deployment(emulator, bring_up(emulator, Console(quiet=True)), emulator.cloud)


@pytest.fixture(scope="module")
def everything(system: Deployment) -> Everything:
    return Everything(system.cloud)


class Philomena:
    """Registers, orders, cancels, gets things wrong, and wants to be forgotten."""

    def __init__(self, system: Deployment) -> None:
        self._system = system
        self._token = system.token("customer-91")
        self.id = ""

    def asks(self, method: str, service: str, path: str, body: Any = None) -> Any:
        answer = call(
            method,
            self._system.url(service, path),
            token=self._token,
            body=body,
            headers={"Idempotency-Key": str(uuid.uuid4())},
        )
        return answer.status, json.loads(answer.body) if answer.body else None

    def registers(self) -> str:
        """Returns the id of her address."""
        status, profile = self.asks("PUT", "customers", ME, {"name": NAME, "email": EMAIL})
        assert status == 201
        self.id = profile["customer_id"]
        home = {"street": STREET, "city": "Bath", "postcode": "BA1 2LR", "country": "GB"}
        status, profile = self.asks("POST", "customers", f"{ME}/addresses", home)
        assert status == 201
        address_id: str = profile["addresses"][0]["address_id"]
        status, _ = self.asks(
            "PUT", "customers", f"{ME}/addresses/{address_id}", {**home, "extra": f"c/o {NAME}"}
        )
        assert status == 200
        return address_id

    def gets_things_wrong(self) -> None:
        for body in ({"name": NAME, "email": NAME}, {NAME: EMAIL}, NAME, f"{STREET}{{".encode()):
            assert self.asks("PUT", "customers", ME, body)[0] == 400
        for body in ({"street": STREET}, {"reason": STREET}, {"lines": STREET, "name": NAME}):
            assert self.asks("POST", "customers", f"{ME}/addresses", body)[0] == 400
            assert self.asks("POST", "orders", "/v1/orders", body)[0] == 400
        somewhere = {"street": STREET, "city": "Bath", "postcode": "BA1", "country": "ZZ"}
        assert self.asks("POST", "customers", f"{ME}/addresses", somewhere)[0] == 422
        assert self.asks("PUT", "customers", f"{ME}/addresses/Marmaduke", somewhere)[0] == 404
        assert self.asks("GET", "orders", f"/v1/orders/{uuid.uuid4()}/history?at=Marmaduke")[0] in (
            400,
            404,
        )

    def orders(self, address_id: str) -> str:
        status, order = self.asks(
            "POST",
            "orders",
            "/v1/orders",
            {
                "lines": [{"sku": "MUG-BLUE", "quantity": 2}],
                "currency": "GBP",
                "ship_to": {"address_id": address_id, "country": "GB", "postcode_area": "BA1"},
            },
        )
        assert status == 202
        order_id: str = order["order_id"]
        return order_id

    def cancels(self, order_id: str) -> None:
        status, _ = self.asks(
            "POST", "orders", f"/v1/orders/{order_id}/cancellation", {"reason": "changed_mind"}
        )
        assert status == 202

    def sees(self, order_id: str, *statuses: str) -> None:
        def shown() -> bool:
            _, order = self.asks("GET", "order-views", f"/v1/orders/{order_id}")
            return bool(order.get("status") in statuses)

        eventually(shown, PATIENCE)


def test_nothing_about_a_person_is_left_when_it_is_forgotten(
    system: Deployment, everything: Everything
) -> None:
    profiles = f"table {system.named('customers', 'tables', 'Profiles')}"
    log = f"stream {system.named('event-log', 'streams', 'EventStream')}"
    archive = f"bucket {system.named('event-log', 'buckets', 'Archive')}"

    def found(text: str) -> set[str]:
        return everything.places_with(text, among=["stream", "bucket"])

    bus = BusListener(
        system.cloud, system.named("event-log", "buses", "Bus"), f"{PRODUCT}.customers"
    )
    philomena = Philomena(system)
    address_id = philomena.registers()
    philomena.gets_things_wrong()
    order_ids = []
    with stopped(system, "fulfilment", "StartSaga"):  # no saga is faster than she is
        for _ in range(2):
            order_ids.append(philomena.orders(address_id))
            philomena.cancels(order_ids[-1])
            philomena.sees(order_ids[-1], "cancelled")
    order_ids.append(philomena.orders(address_id))
    philomena.sees(order_ids[2], *OF_AN_ORDER_THAT_GOES_ON)
    # Her id is in the log, the archive and the functions' logs: so a search does see those.
    kept_for_ever = {log, archive}
    eventually(lambda: kept_for_ever <= found(philomena.id), PATIENCE)
    eventually(lambda: all(archive in found(order_id) for order_id in order_ids), PATIENCE)
    assert everything.places_with(philomena.id, among=["log group"])

    assert everything.places_with(*PERSONAL) == {profiles}

    assert philomena.asks("DELETE", "customers", ME)[0] == 204
    assert philomena.asks("DELETE", "customers", ME)[0] == 204
    assert philomena.asks("GET", "customers", ME)[0] == 410
    assert philomena.asks("PUT", "customers", ME, {"name": NAME, "email": EMAIL})[0] == 410
    eventually(
        lambda: (
            [integration_event.data for integration_event in bus.heard()]
            == [{"customer_id": philomena.id}]
        ),
        PATIENCE,
    )

    assert everything.places_with(*PERSONAL) == set()
    # What the archive must keep is still there, under an id that leads to nobody any more.
    assert kept_for_ever <= found(philomena.id)
    philomena.sees(order_ids[2], *OF_AN_ORDER_THAT_GOES_ON)


@pytest.mark.parametrize("plant", PLANTS)
def test_a_planted_name_is_found_wherever_it_is(
    system: Deployment, everything: Everything, plant: Plant
) -> None:
    planted = f"Tarquin Mountebank {uuid.uuid4()}"
    place = plant(system.cloud, f"planted-{uuid.uuid4()}", planted)
    assert everything.places_with(planted) == {place}
    assert everything.places_with(planted) == {place}, "the first search took something away"
