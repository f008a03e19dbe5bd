"""A program that knows the APIs by their documents alone: clients are generated, and used."""

from __future__ import annotations

import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from tests.support.drivers.offline import eventually
from tests.support.drivers.system import ADDRESS, System
from tools.docgen import clients

USED = ("orders", "order-views")


@dataclass(frozen=True)
class Api:
    """One generated package, with a client that a user is signed in with."""

    package: str
    client: Any

    def model(self, name: str) -> Any:
        """A class of the package's models."""
        return getattr(import_module(f"{self.package}.models"), name)

    def call(self, operation: str, *path: str, **given: Any) -> Any:
        """The answer of an operation, by the name that the document gives it."""
        module = import_module(f"{self.package}.api.default.{operation}")
        return module.sync_detailed(*path, client=self.client, **given)


@pytest.fixture(scope="session")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Generated from today's contracts, and importable."""
    folder = tmp_path_factory.mktemp("clients")
    clients.write(folder, USED)
    sys.path.insert(0, str(folder))
    yield folder
    sys.path.remove(str(folder))


@pytest.fixture(scope="session")
def orders(packages: Path, system: System) -> Iterator[Api]:
    with api(system, "orders") as made:
        yield made


@pytest.fixture(scope="session")
def views(packages: Path, system: System) -> Iterator[Api]:
    with api(system, "order-views") as made:
        yield made


@contextmanager
def api(system: System, service: str, token: str | None = None) -> Iterator[Api]:
    package = clients.package_of(service)
    made = import_module(package).AuthenticatedClient(
        base_url=system.outputs["services"][service]["urls"]["Api"],
        token=system.token_of("demo") if token is None else token,
        raise_on_unexpected_status=True,
        httpx_args={"trust_env": False},
    )
    with made:  # or its connections stay open
        yield Api(package, made)


def gift_order(orders: Api, **changes: Any) -> Any:
    """The body of an order of one blue mug, wrapped."""
    body = {
        "lines": [{"sku": "MUG-BLUE", "quantity": 1}],
        "currency": "EUR",
        "ship_to": {"address_id": ADDRESS, "country": "DE", "postcode_area": "10"},
        "gift": {"wrapping": "cloth", "note_code": "with-love"},
    }
    return orders.model("PlaceOrderV2Form").from_dict(body | changes)


def test_a_gift_is_ordered_read_listed_and_cancelled(orders: Api, views: Api) -> None:
    key = str(uuid.uuid4())
    placed = orders.call("place_order_v2", body=gift_order(orders), idempotency_key=key)
    assert (placed.status_code, placed.parsed.total) == (202, 1290)
    again = orders.call("place_order_v2", body=gift_order(orders), idempotency_key=key)
    assert again.parsed == placed.parsed
    order_id = placed.parsed.order_id

    def read() -> Any:
        seen = views.call("read_order_v2", order_id, min_version=1)
        assert seen.status_code == 200
        return seen.parsed

    seen = eventually(read)
    assert (seen.gift.wrapping, seen.gift.note_code) == ("cloth", "with-love")
    page = views.call("list_orders_v2", limit=100).parsed
    assert str(order_id) in {str(it.order_id) for it in page.orders}
    older = views.call("read_order", order_id).parsed
    assert (str(older.order_id), hasattr(older, "gift")) == (str(order_id), False)

    reason = orders.model("CancelOrderForm").from_dict({"reason": "changed_mind"})
    cancelled = orders.call(
        "cancel_order_v2", order_id, body=reason, idempotency_key=str(uuid.uuid4())
    )
    assert cancelled.status_code in (202, 409)  # fulfilment may have been faster
    past = orders.call("read_order_history_v2", order_id).parsed
    assert past.state.gift.wrapping == "cloth"
    assert past.events[0].data["gift"] == {"wrapping": "cloth", "note_code": "with-love"}


def test_a_refusal_is_a_problem_that_the_program_can_read(orders: Api, system: System) -> None:
    unknown = gift_order(orders, lines=[{"sku": "MUG-GREEN", "quantity": 1}])
    refused = orders.call("place_order_v2", body=unknown, idempotency_key=str(uuid.uuid4()))
    assert refused.status_code == 422
    assert (refused.parsed.status, refused.parsed.errors[0].pointer) == (422, "/lines/0/sku")
    assert refused.parsed.type_.endswith("/unknown-sku")
    with api(system, "orders", token="none") as nobody:
        answer = nobody.call("read_order_history", str(uuid.uuid4()))
    assert (answer.status_code, answer.parsed.status) == (401, 401)
