"""POST /v1/orders under its configuration: what operators change shows in the answers."""

import json
from typing import Any

import pytest

from orders import configuration
from orders.configuration import FLAGS, SETTINGS
from orders.handlers import place_order
from orders.handlers.validate_configuration import handler as validate
from shared.runtime.configuration import Refused, forget
from tests.support.examples.orders import BODY, CUSTOMER, SOMEBODY_ELSE
from tests.support.fakes.dynamodb_wire import DynamoDbWire
from tests.support.fakes.fake_agent import FakeAgent
from tests.unit.orders.conftest import api_event


@pytest.fixture(autouse=True)
def always_stale(monkeypatch: pytest.MonkeyPatch, agent: FakeAgent) -> None:
    """Each request looks again, so that a test need not wait."""
    monkeypatch.setenv("CONFIGURATION_POLL_SECONDS", "0")
    forget()


def deploy(agent: FakeAgent, profile: str, document: Any) -> None:
    agent.documents[profile] = json.dumps(document).encode()


def post(key: str = "key-1", customer_id: str = CUSTOMER, lines: Any = None) -> dict[str, Any]:
    body = BODY if lines is None else {**BODY, "lines": lines}
    return place_order.handler(api_event(json.dumps(body), key=key, customer_id=customer_id), None)


def kind(answer: dict[str, Any]) -> str:
    return str(json.loads(answer["body"])["type"]).rpartition("/")[2]


def total(answer: dict[str, Any]) -> int:
    return int(json.loads(answer["body"])["total"])


def switch_orders(agent: FakeAgent, enabled: bool) -> None:
    deploy(agent, "flags", {"accept-orders": {"enabled": enabled}})


def test_while_no_orders_are_accepted_a_caller_is_told_when_to_come_again(
    agent: FakeAgent, event_store: DynamoDbWire
) -> None:
    switch_orders(agent, enabled=False)
    deploy(agent, "settings", {"retry_after_seconds": 17})
    answer = post()
    assert (answer["statusCode"], kind(answer)) == (503, "orders-not-accepted")
    assert answer["headers"]["Retry-After"] == "17"
    assert not event_store.items


def test_the_same_process_accepts_orders_again(agent: FakeAgent, event_store: DynamoDbWire) -> None:
    statuses: list[int] = []
    for enabled in (True, False, True):
        switch_orders(agent, enabled=enabled)
        statuses.append(post(key=f"key-{len(statuses)}")["statusCode"])
    assert statuses == [202, 503, 202]


def test_a_repetition_of_an_accepted_order_still_gets_its_answer(
    agent: FakeAgent, event_store: DynamoDbWire
) -> None:
    first = post()
    switch_orders(agent, enabled=False)
    deploy(agent, "settings", {"max_lines": 1})
    again = post()
    assert (again["statusCode"], again["body"]) == (202, first["body"])
    assert post(key="key-2")["statusCode"] == 503


def test_a_used_key_with_another_body_is_refused_as_ever(
    agent: FakeAgent, event_store: DynamoDbWire
) -> None:
    post()
    switch_orders(agent, enabled=False)
    assert kind(post(lines=[{"sku": "MUG-RED", "quantity": 9}])) == "idempotency-key-reused"


def test_an_order_of_too_many_lines_is_refused_by_number(
    agent: FakeAgent, event_store: DynamoDbWire
) -> None:
    deploy(agent, "settings", {"max_lines": 2})
    line = {"sku": "MUG-RED", "quantity": 1}
    assert post(key="key-2", lines=[line] * 2)["statusCode"] == 202
    answer = post(key="key-3", lines=[line] * 3)
    assert (answer["statusCode"], kind(answer)) == (422, "too-many-lines")
    assert json.loads(answer["body"])["errors"] == [{"pointer": "/lines", "detail": "at most 2"}]


def test_a_discount_goes_to_its_share_of_the_customers_and_into_the_event(
    agent: FakeAgent, event_store: DynamoDbWire
) -> None:
    usual = total(post())
    # CUSTOMER is in the share of 60 % and SOMEBODY_ELSE is not, for ever.
    flag = {"enabled": True, "percent_of_customers": 60, "basis_points": 3000}
    deploy(agent, "flags", {"introductory-discount": flag})
    assert total(post(key="key-2")) < usual
    assert total(post(key="key-2", customer_id=SOMEBODY_ELSE)) == usual
    deploy(agent, "flags", {"introductory-discount": {**flag, "percent_of_customers": 100}})
    assert total(post(key="key-3", customer_id=SOMEBODY_ELSE)) < usual
    deploy(agent, "flags", {"introductory-discount": {**flag, "enabled": False}})
    assert total(post(key="key-4")) == usual
    assert total(post(key="key-2")) < usual, "a placed order keeps its price"


def test_a_flag_that_is_off_comes_without_its_attributes() -> None:
    flags = FLAGS.read(
        b'{"accept-orders": {"enabled": true}, "introductory-discount": {"enabled": false}}'
    )
    assert not flags.introductory_discount.enabled


def test_a_discount_beyond_the_floor_is_refused() -> None:
    document = {"introductory-discount": {"enabled": True, "basis_points": 3001}}
    with pytest.raises(Refused, match="/introductory-discount/basis_points: no discount beyond"):
        FLAGS.read(json.dumps(document).encode())


@pytest.mark.parametrize(
    "document",
    [{"max_lines": 0}, {"max_lines": 51}, {"retry_after_seconds": 0}, {"max_line": 5}],
    ids=str,
)
def test_settings_that_orders_cannot_follow_are_refused(document: Any) -> None:
    with pytest.raises(Refused):
        SETTINGS.read(json.dumps(document).encode())


def test_the_validator_of_orders_knows_both_profiles() -> None:
    assert {it.name for it in configuration.PROFILES} == {"settings", "flags"}
    with pytest.raises(Refused, match="settings: /max_lines"):
        validate({"content": "eyJtYXhfbGluZXMiOiA5OX0="}, None)
