"""A partner is told of its customers' orders once in effect, for a day, and of nobody forgotten."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

import msgspec
import pytest

from orders_language.history import OrderHistory
from shared.messaging.envelope import Envelope
from shared.messaging.queue_consumer import Unusable
from tests.support.contracts.event_schemas import envelope, example
from tests.support.fakes.dynamodb_in_memory import DynamoDbInMemory
from webhooks import commands
from webhooks.adapters.dynamodb_customers import DynamoDbCustomers
from webhooks.adapters.dynamodb_deliveries import DynamoDbDeliveries
from webhooks.adapters.dynamodb_endpoints import DynamoDbEndpoints
from webhooks.adapters.orders_history import OrdersHistory
from webhooks.commands import Telling
from webhooks.domain import notices
from webhooks.domain.notices import BadSecret, Notice
from webhooks.environment import ReceiversEnvironment
from webhooks.handlers.hear_events import Hearing
from webhooks.ports import (
    BeingSent,
    Endpoint,
    Forgotten,
    GivenUp,
    NotTaken,
    Paused,
    Refused,
    Unavailable,
)

SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()
URL = "https://hooks.northwind.example/orders"
ENDPOINT = Endpoint(URL, SECRET)
PARTNER = "machine/northwind"
CUSTOMER = "7d4f1c2b-8a6e-4b0d-9c3f-5e2a1d0b9c8f"
AT = datetime(2026, 12, 1, 9, tzinfo=UTC)
NOTICE = Notice("e-1", "order.placed", "o-1", 1, "2026-12-01T09:00:00.000Z")
TABLES = {"endpoints": ["partner"], "customers": ["customer_id"], "deliveries": ["event_id"]}


class Receivers:
    """Implements ``webhooks.ports.Receivers``: takes what comes, unless it is down."""

    def __init__(self) -> None:
        self.down = False
        self.says_back = True
        self.calls: list[tuple[str, Mapping[str, str], bytes]] = []

    def post(self, endpoint: Endpoint, headers: Mapping[str, str], body: bytes) -> bytes:
        self.calls.append((endpoint.url, headers, body))
        if self.down:
            raise NotTaken("status 503")
        said = json.loads(body)["data"].get("challenge", "")
        return str(said).encode() if self.says_back else b"hello"


class World:
    """All that telling needs, at a time that a test moves."""

    def __init__(self) -> None:
        self.now = AT
        self.tables = DynamoDbInMemory(TABLES)
        self.receivers = Receivers()
        self.endpoints = DynamoDbEndpoints(self.tables, "endpoints")
        self.customers = DynamoDbCustomers(self.tables, "customers")
        self.deliveries = DynamoDbDeliveries(
            self.tables, "deliveries", 30, lambda: self.now.timestamp()
        )
        self.telling = Telling(
            self.endpoints, self.customers, self.deliveries, self.receivers, lambda: self.now
        )

    def wait(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def tell(self, notice: Notice = NOTICE) -> str:
        return self.telling.tell(notice, CUSTOMER)


@pytest.fixture
def world() -> World:
    """A partner with an endpoint and a customer."""
    made = World()
    made.endpoints.keep(PARTNER, ENDPOINT)
    made.customers.link(CUSTOMER, PARTNER)
    return made


def test_a_notice_that_comes_again_is_sent_once(world: World) -> None:
    told = [world.tell() for _ in range(3)]
    assert told == [commands.DELIVERED, commands.DELIVERED_BEFORE, commands.DELIVERED_BEFORE]
    assert len(world.receivers.calls) == 1


def test_a_receiver_can_tell_by_standard_webhooks_who_sent_it(world: World) -> None:
    world.tell()
    [(url, headers, body)] = world.receivers.calls
    assert url == URL
    assert json.loads(body) == {
        "type": "order.placed",
        "timestamp": "2026-12-01T09:00:00.000Z",
        "data": {"order_id": "o-1", "version": 1},
    }
    seconds = str(int(AT.timestamp()))
    content = b"e-1." + seconds.encode() + b"." + body
    digest = base64.b64encode(hmac.new(bytes(range(32)), content, hashlib.sha256).digest())
    assert headers == {
        "webhook-id": "e-1",
        "webhook-timestamp": seconds,
        "webhook-signature": f"v1,{digest.decode()}",
    }


def test_the_signature_of_the_specifications_own_example() -> None:
    headers = notices.signed(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        1614265330,
        b'{"test": 2432232314}',
    )
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize(
    "secret",
    [
        *("", "whsec_", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_ä", "whsec_MfKQ9r8GKYqrTwj*"),
        *("whsec_" + base64.b64encode(b"x" * 23).decode(), "whsec_" + "A" * 32),
        "whsec_" + base64.b64encode(bytes(range(65))).decode(),
    ],
)
def test_what_anybody_could_guess_is_no_secret(secret: str) -> None:
    with pytest.raises(BadSecret):
        notices.key_of(secret)


def test_a_receiver_that_is_down_for_a_day_is_asked_now_and_then_and_given_up(
    world: World,
) -> None:
    world.receivers.down = True
    ended = None
    while ended is None:
        try:
            world.tell()
        except (NotTaken, Paused):
            world.wait(60)
        except GivenUp as given_up:
            ended = given_up
    assert timedelta(days=1) < world.now - AT < timedelta(days=1, minutes=16)
    assert 90 < len(world.receivers.calls) < 115, "every quarter of an hour at last"
    assert {headers["webhook-id"] for _, headers, _ in world.receivers.calls} == {"e-1"}
    # An operator sends it once more when the receiver is back.
    world.receivers.down = False
    world.wait(900)
    assert world.tell() == commands.DELIVERED


def test_a_receiver_that_comes_back_gets_what_waited_and_is_paused_shortly_next_time(
    world: World,
) -> None:
    world.receivers.down = True
    for _ in range(5):
        with pytest.raises(NotTaken):
            world.tell()
        with pytest.raises(Paused):
            world.tell()
        world.wait(900)
    world.receivers.down = False
    assert world.tell() == commands.DELIVERED
    world.receivers.down = True
    with pytest.raises(NotTaken):
        world.tell(Notice("e-2", "order.confirmed", "o-1", 2, "2026-12-01T10:00:00.000Z"))
    kept = world.endpoints.of(PARTNER)
    assert kept is not None
    assert kept.paused_until == int(world.now.timestamp()) + 2


def test_one_partners_receiver_keeps_no_other_partner_waiting(world: World) -> None:
    theirs, somebody = Endpoint("https://hooks.tailspin.example/", SECRET), "c-2"
    world.endpoints.keep("machine/tailspin", theirs)
    world.customers.link(somebody, "machine/tailspin")
    world.endpoints.failed(PARTNER, URL, int(AT.timestamp()))
    with pytest.raises(Paused):
        world.tell()
    assert world.telling.tell(NOTICE, somebody) == commands.DELIVERED


def test_a_new_endpoint_is_not_paused_for_the_failures_of_the_one_before(world: World) -> None:
    world.endpoints.failed(PARTNER, URL, int(AT.timestamp()))
    moved = Endpoint("https://new.northwind.example/", SECRET)
    world.endpoints.keep(PARTNER, moved)
    world.endpoints.failed(PARTNER, URL, int(AT.timestamp()))  # a call that was under way
    assert world.endpoints.of(PARTNER) == moved
    world.endpoints.remove(PARTNER)
    world.endpoints.failed(PARTNER, moved.url, int(AT.timestamp()))
    assert world.endpoints.of(PARTNER) is None, "a failure makes no endpoint"


def test_while_another_worker_sends_it_waits_and_after_its_death_it_is_sent(world: World) -> None:
    world.deliveries.claim("e-1", PARTNER)
    with pytest.raises(BeingSent):
        world.tell()
    world.wait(31)
    assert world.tell() == commands.DELIVERED


def test_who_has_no_endpoint_or_is_no_partners_customer_concerns_nobody(world: World) -> None:
    assert world.telling.tell(NOTICE, "somebody") == commands.NOBODYS
    world.endpoints.remove(PARTNER)
    assert world.tell() == commands.NO_ENDPOINT
    assert world.receivers.calls == []
    assert world.tables.items("deliveries") == []


def test_of_who_is_forgotten_nothing_is_told_or_kept(world: World) -> None:
    world.receivers.down = True
    with pytest.raises(NotTaken):
        world.tell()
    hearing(world).hear(forgotten())
    world.wait(900)
    world.receivers.down = False
    assert world.tell() == commands.NOBODYS
    assert world.tables.items("customers") == [
        {"customer_id": {"S": CUSTOMER}, "forgotten": {"BOOL": True}}
    ]
    assert CUSTOMER not in str(world.tables.items("deliveries"))
    with pytest.raises(Forgotten):
        world.customers.link(CUSTOMER, PARTNER)


def test_an_endpoint_is_kept_once_it_says_the_challenge_back(world: World) -> None:
    moved = Endpoint("https://new.northwind.example/", SECRET)

    def keep(endpoint: Endpoint) -> bool:
        return commands.keep_endpoint(
            world.endpoints, world.receivers, PARTNER, endpoint, "abc", world.now
        )

    assert keep(ENDPOINT) is False
    assert world.receivers.calls == [], "the same again is not asked again"
    for down, says_back in ((True, True), (False, False)):
        world.receivers.down, world.receivers.says_back = down, says_back
        with pytest.raises(Refused):
            keep(moved)
        assert world.endpoints.of(PARTNER) == ENDPOINT
    world.receivers.says_back = True
    assert keep(moved) is False
    assert world.endpoints.of(PARTNER) == moved
    _, headers, body = world.receivers.calls[-1]
    assert headers == notices.signed(SECRET, "abc", int(AT.timestamp()), body)
    world.endpoints.remove(PARTNER)
    assert keep(ENDPOINT) is True


def test_a_secret_is_never_shown() -> None:
    assert SECRET not in repr(ENDPOINT)


class Orders:
    """Implements ``webhooks.ports.Orders``."""

    def __init__(self, customer: str | None = CUSTOMER) -> None:
        self.customer = customer

    def customer_of(self, order_id: str) -> str | None:
        return self.customer


def hearing(world: World, customer: str | None = CUSTOMER) -> Hearing:
    return Hearing(world.telling, world.customers, Orders(customer))


def forgotten() -> Envelope:
    return msgspec.structs.replace(
        envelope(example("CustomerForgotten")), data={"customer_id": CUSTOMER}
    )


def event(type: str, **changes: Any) -> Envelope:
    message = envelope(example(type))
    return msgspec.structs.replace(message, occurred_at="2026-12-01T09:00:00.000Z", **changes)


@pytest.mark.parametrize(("type", "told"), list(notices.TOLD.items()))
def test_each_event_of_an_order_is_told_by_its_name_outside(
    type: str, told: str, world: World
) -> None:
    message = event(type)
    if type == "OrderPlaced":
        message.data["customer_id"] = CUSTOMER
    hearing(world).hear(message)
    [(_, headers, body)] = world.receivers.calls
    assert headers["webhook-id"] == message.event_id
    assert json.loads(body) == {
        "type": told,
        "timestamp": message.occurred_at,
        "data": {"order_id": message.aggregate_id, "version": message.version},
    }


@pytest.mark.parametrize(
    ("message", "customer"),
    [
        (event("OrderConfirmed"), None),
        (event("OrderConfirmed"), "nobody at all"),
        (event("OrderConfirmed", version=None), CUSTOMER),
        (event("StockReserved"), CUSTOMER),
        (msgspec.structs.replace(forgotten(), data={}), CUSTOMER),
    ],
    ids=["no order", "no customer", "no version", "not of an order", "nobody is forgotten"],
)
def test_what_says_nothing_to_a_partner_is_parked(
    message: Envelope, customer: str | None, world: World
) -> None:
    with pytest.raises(Unusable):
        hearing(world, customer).hear(message)
    assert world.receivers.calls == []


def test_what_is_given_up_is_parked_with_its_reason(world: World) -> None:
    world.receivers.down = True
    world.wait(86_401)
    with pytest.raises(Unusable, match="for a day"):
        hearing(world).hear(event("OrderConfirmed"))


def test_while_orders_is_silent_nothing_is_said_of_whose_an_order_is() -> None:
    class Broken:
        def invoke(self, **_: Any) -> Any:
            return {"FunctionError": "Unhandled", "Payload": BytesIO(b"{}")}

    with pytest.raises(Unavailable):
        OrdersHistory(OrderHistory(Broken(), "arn")).customer_of("o-1")


def test_on_aws_no_receiver_is_on_the_same_machine() -> None:
    for aws in ("", "https://dynamodb.eu-west-1.amazonaws.com", "http://127.0.0.1.example", "["):
        assert ReceiversEnvironment("/file", aws).authority == ""
    assert ReceiversEnvironment("", "http://127.0.0.1:4566").authority == ""
    assert ReceiversEnvironment("/file", "http://127.0.0.1:4566").authority == "/file"
