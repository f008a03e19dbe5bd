"""What is offered, and which requests are refused with each wrong field named."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricing_language.documents import FLAGS, LIST_PRICES, SETTINGS, Flags, Settings, VolumeDiscount
from pricing_server.adapters.configured_prices import listed
from pricing_server.domain.errors import Invalid
from pricing_server.domain.prices import Line, PriceList, offer, watched
from shared.runtime.configuration import Refused

PRICES = listed(Settings(), Flags(), revision=1)
SENCHA = Line("TEA-SENCHA", 2)


def test_an_offer_has_the_price_of_each_line_and_their_sum() -> None:
    made = offer(PRICES, "c-1", [SENCHA, Line("MUG-RED", 1)], "EUR")
    assert [it.unit_price for it in made.lines] == [1190, 1290]
    assert made.total == 2 * 1190 + 1290


@pytest.mark.parametrize(
    ("customer", "lines", "currency", "fields"),
    [
        ("", [SENCHA], "EUR", {"customer_id"}),
        ("x" * 129, [SENCHA], "EUR", {"customer_id"}),
        ("c\n1", [SENCHA], "EUR", {"customer_id"}),
        ("c", [], "EUR", {"lines"}),
        ("c", [SENCHA] * 51, "EUR", {"lines"}),
        ("c", [SENCHA, SENCHA], "EUR", {"lines[1].sku"}),
        ("c", [Line("", 1)], "EUR", {"lines[0].sku"}),
        ("c", [Line("TEA-SENCHA", 0)], "EUR", {"lines[0].quantity"}),
        ("c", [Line("TEA-SENCHA", 100)], "EUR", {"lines[0].quantity"}),
        ("c", [Line("TEA-SENCHA", -1)], "eur", {"lines[0].quantity", "currency"}),
    ],
)
def test_each_wrong_field_is_named(
    customer: str, lines: list[Line], currency: str, fields: set[str]
) -> None:
    with pytest.raises(Invalid) as refused:
        offer(PRICES, customer, lines, currency)
    assert {it.field for it in refused.value.fields} == fields


@given(
    basis_points=st.integers(0, 3000),
    sku=st.sampled_from(sorted(LIST_PRICES)),
    quantity=st.integers(1, 99),
    from_quantity=st.integers(2, 99),
)
def test_no_discount_goes_below_the_floor_and_none_is_given_too_soon(
    basis_points: int, sku: str, quantity: int, from_quantity: int
) -> None:
    discount = VolumeDiscount(True, from_quantity, basis_points)
    prices = listed(Settings(), Flags(volume_discount=discount), revision=1)
    (line,) = offer(prices, "c", [Line(sku, quantity)], "EUR").lines
    assert LIST_PRICES[sku]["EUR"] * 0.7 - 1 <= line.unit_price <= LIST_PRICES[sku]["EUR"]
    if quantity < from_quantity:
        assert line.unit_price == LIST_PRICES[sku]["EUR"]


@pytest.mark.parametrize(
    ("currency", "skus", "fields"),
    [
        ("XXX", [], {"currency"}),
        ("EUR", ["NOTHING"], {"skus[0]"}),
        ("EUR", ["MUG-RED"] * 51, {"skus"}),
    ],
)
def test_what_is_not_sold_cannot_be_watched(
    currency: str, skus: list[str], fields: set[str]
) -> None:
    with pytest.raises(Invalid) as refused:
        watched(PRICES, currency, skus)
    assert {it.field for it in refused.value.fields} == fields


@pytest.mark.parametrize(
    ("profile", "document", "pointer"),
    [
        (SETTINGS, b'{"prices": {"NOTHING": {"EUR": 1}}}', "/prices/NOTHING"),
        (SETTINGS, b'{"prices": {"MUG-RED": {"CHF": 1}}}', "/prices/MUG-RED/CHF"),
        (SETTINGS, b'{"prices": {"MUG-RED": {"EUR": 0}}}', "/prices"),
        (SETTINGS, b'{"quote_valid_seconds": 59}', "/quote_valid_seconds"),
        (SETTINGS, b'{"price": {}}', "/price"),
        (FLAGS, b'{"volume-discount": {"basis_points": 3001}}', "/volume-discount/basis_points"),
        (FLAGS, b'{"volume-discount": {"from_quantity": 1}}', "/volume-discount/from_quantity"),
    ],
)
def test_a_wrong_document_never_comes_into_force(
    profile: object, document: bytes, pointer: str
) -> None:
    with pytest.raises(Refused, match=pointer):
        profile.read(document)  # type: ignore[attr-defined]


def test_prices_of_another_revision_are_other_prices() -> None:
    assert replace(PRICES, revision=2) != PRICES
    assert isinstance(PRICES, PriceList)
