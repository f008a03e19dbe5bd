"""POST /v1/orders with a quote: it may improve prices, for whom and what it was made for."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from orders.adapters.signed_quotes import SignedQuotes
from orders.handlers import place_order, place_partner_order, placing
from orders.handlers.requests import PlaceOrderForm
from orders_language.quotes import Quote, QuotedLine, SigningKey, sign
from shared.event_sourcing.recorded import digest
from shared.runtime import clock
from shared.runtime.secrets import SEARCH_PAUSE, Version, VersionedSecret
from tests.support.examples.orders import BODY, CUSTOMER, SOMEBODY_ELSE
from tests.support.fakes.dynamodb_wire import DynamoDbWire
from tests.support.fakes.fake_secrets_manager import ARN, FakeSecretsManager, error
from tests.unit.orders.conftest import api_event

LINES = (QuotedLine("MUG-BLUE", 2, 1190), QuotedLine("TEA-ASSAM", 1, 850))


class Pricing:
    """Who signs quotes, with the secret that orders reads."""

    def __init__(self) -> None:
        self.now = 0.0
        self.service = FakeSecretsManager(self._made_up("a"))
        self.quotes = SignedQuotes(VersionedSecret(self.service, ARN, SigningKey, lambda: self.now))

    def rotate(self, letter: str) -> None:
        """A new signing key takes the place of the one before."""
        self.service.put(self._made_up(letter))

    def offer(self, *, valid_for: float = 600, **terms: Any) -> str:
        """A signed quote for the body that tests order with."""
        expires_at = clock.format_time(datetime.now(UTC) + timedelta(seconds=valid_for))
        offered = {"customer_id": CUSTOMER, "lines": LINES, "currency": "EUR", **terms}
        answer = self.service.get_secret_value(SecretId=ARN)
        key = msgspec.json.decode(answer["SecretString"], type=SigningKey)
        return sign(Quote(expires_at=expires_at, **offered), Version(answer["VersionId"], key))

    @staticmethod
    def _made_up(letter: str) -> str:
        return json.dumps({"key": letter * 48})


@pytest.fixture
def pricing(monkeypatch: pytest.MonkeyPatch) -> Pricing:
    pricing = Pricing()
    monkeypatch.setattr(placing, "_quotes", lambda: pricing.quotes)
    return pricing


def post(quote: str | None, **given: Any) -> dict[str, Any]:
    body = BODY if quote is None else {**BODY, "quote": quote}
    return place_order.handler(api_event(json.dumps(body), **given), None)


def refusal(answer: dict[str, Any]) -> tuple[int, str, str | None]:
    problem = json.loads(answer["body"])
    pointer = problem.get("errors", [{}])[0].get("pointer")
    return answer["statusCode"], problem["type"].rpartition("/")[2], pointer


def test_a_quote_improves_the_prices_that_the_order_is_placed_at(
    event_store: DynamoDbWire, pricing: Pricing
) -> None:
    answer = post(pricing.offer())
    assert (answer["statusCode"], json.loads(answer["body"])["total"]) == (202, 2 * 1190 + 850)
    (item,) = event_store.items.values()
    prices = [line["unit_price"] for line in json.loads(item["data"]["S"])["lines"]]
    assert prices == [1190, 850]
    assert "quote" not in item["data"]["S"]


def test_a_quote_makes_nothing_dearer(event_store: DynamoDbWire, pricing: Pricing) -> None:
    dearer = (QuotedLine("MUG-BLUE", 2, 9990), QuotedLine("TEA-ASSAM", 1, 850))
    answer = post(pricing.offer(lines=dearer))
    assert json.loads(answer["body"])["total"] == 2 * 1290 + 850


@pytest.mark.parametrize(
    "terms",
    [
        {"valid_for": -1},
        {"customer_id": SOMEBODY_ELSE},
        {"currency": "USD"},
        {"lines": LINES[:1]},
        {"lines": LINES[::-1]},
        {"lines": (QuotedLine("MUG-BLUE", 3, 1190), LINES[1])},
    ],
    ids=["expired", "foreign", "currency", "fewer lines", "other order", "quantity"],
)
def test_a_quote_for_something_else_is_refused_and_places_nothing(
    event_store: DynamoDbWire, pricing: Pricing, terms: dict[str, Any]
) -> None:
    assert refusal(post(pricing.offer(**terms))) == (422, "quote-refused", "/quote")
    assert not event_store.items


@pytest.mark.parametrize("forged", ["x", "a.b.c", "é.é.é", "..", "a" * 8192])
def test_a_forged_quote_is_refused_and_places_nothing(
    event_store: DynamoDbWire, pricing: Pricing, forged: str
) -> None:
    assert refusal(post(forged)) == (422, "quote-refused", "/quote")
    assert not event_store.items


@pytest.mark.parametrize("malformed", ["", "a" * 8193, 1, ["x"]])
def test_what_has_not_the_form_of_a_quote_breaks_the_contract(
    event_store: DynamoDbWire, pricing: Pricing, malformed: Any
) -> None:
    assert refusal(post(malformed)) == (400, "invalid-request", "/quote")


def test_an_order_that_was_accepted_keeps_its_answer_when_its_quote_has_expired(
    event_store: DynamoDbWire, pricing: Pricing, monkeypatch: pytest.MonkeyPatch
) -> None:
    quote = pricing.offer(valid_for=60)
    first = post(quote)
    assert first["statusCode"] == 202
    later = clock.format_time(datetime.now(UTC) + timedelta(hours=1))
    monkeypatch.setattr(clock, "now", lambda: later)
    assert post(quote)["body"] == first["body"]
    assert refusal(post(quote, key="another"))[1] == "quote-refused"
    assert len(event_store.items) == 1


def test_quotes_outlive_one_rotation_and_not_two(
    event_store: DynamoDbWire, pricing: Pricing
) -> None:
    quote = pricing.offer()
    assert post(quote, key="k-1")["statusCode"] == 202
    pricing.rotate("b")
    assert post(pricing.offer(), key="k-2")["statusCode"] == 202
    assert post(quote, key="k-3")["statusCode"] == 202
    pricing.rotate("c")
    pricing.now += SEARCH_PAUSE
    assert post(pricing.offer(), key="k-4")["statusCode"] == 202
    assert refusal(post(quote, key="k-5"))[1] == "quote-refused"


def test_forgeries_do_not_hammer_secrets_manager(
    event_store: DynamoDbWire, pricing: Pricing
) -> None:
    post(pricing.offer())
    begun = pricing.service.reads
    for number in range(200):
        assert refusal(post(f"version-{number}.e30.{'0' * 64}"))[0] == 422
    assert pricing.service.reads - begun == 2


def test_keys_that_cannot_be_read_at_all_hold_up_quotes_and_nothing_else(
    event_store: DynamoDbWire, pricing: Pricing
) -> None:
    quote = pricing.offer()
    pricing.service.fault = error("ThrottlingException")
    answer = post(quote)
    assert refusal(answer)[:2] == (503, "quotes-unreadable")
    assert answer["headers"]["Retry-After"]
    assert post(None)["statusCode"] == 202


def test_an_accepted_order_is_answered_again_without_any_key(
    event_store: DynamoDbWire, pricing: Pricing
) -> None:
    quote = pricing.offer()
    first = post(quote)
    pricing.quotes = SignedQuotes(VersionedSecret(pricing.service, ARN, SigningKey))
    pricing.service.fault = error("ThrottlingException")
    assert post(quote)["body"] == first["body"]


def test_an_order_without_a_quote_reads_no_secret(
    event_store: DynamoDbWire, pricing: Pricing
) -> None:
    begun = pricing.service.reads
    assert post(None)["statusCode"] == 202
    assert pricing.service.reads == begun


def test_an_order_without_a_quote_is_the_request_that_it_was_before_there_were_quotes() -> None:
    form = msgspec.json.decode(json.dumps({**BODY, "quote": None}), type=PlaceOrderForm)
    assert msgspec.to_builtins(form) == BODY
    assert digest(msgspec.to_builtins(form)) == digest(BODY)


class OnePartnersCustomer:
    """Customers' function, for which every reference is the customer of the examples."""

    def find(self, partner_id: str, reference: str) -> str:
        return CUSTOMER


@pytest.fixture
def partner(monkeypatch: pytest.MonkeyPatch, pricing: Pricing) -> Pricing:
    monkeypatch.setattr(place_partner_order, "_customers", OnePartnersCustomer)
    return pricing


def post_as_partner(quote: str | None) -> dict[str, Any]:
    body = {**BODY, "customer": "shopper-1", **({} if quote is None else {"quote": quote})}
    return place_partner_order.handler(api_event(json.dumps(body), customer_id="partner"), None)


def test_a_partners_quote_improves_the_prices_of_its_customers_order(
    partner: Pricing, event_store: DynamoDbWire
) -> None:
    answer = post_as_partner(partner.offer())
    assert answer["statusCode"] == 202
    assert json.loads(answer["body"])["total"] == 2 * 1190 + 850
    (item,) = event_store.items.values()
    assert json.loads(item["data"]["S"])["customer_id"] == CUSTOMER


@pytest.mark.usefixtures("event_store")
def test_a_partners_quote_for_somebody_else_is_refused(partner: Pricing) -> None:
    refused = post_as_partner(partner.offer(customer_id=SOMEBODY_ELSE))
    assert refusal(refused)[:2] == (422, "quote-refused")


def test_a_partners_repetition_with_a_newer_quote_is_answered_as_the_first(
    partner: Pricing, event_store: DynamoDbWire
) -> None:
    first = post_as_partner(partner.offer())
    for again in (partner.offer(valid_for=900), partner.offer(valid_for=-1), None):
        assert post_as_partner(again)["body"] == first["body"]
    assert len(event_store.items) == 1
